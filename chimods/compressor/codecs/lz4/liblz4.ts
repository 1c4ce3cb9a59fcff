/**
 * lz4 blocks by the system's liblz4.
 *
 * The library writes straight into the caller's memory. Only its bounds-checked functions are
 * bound: a source that changes under them yields an error or other bytes, never a stray access.
 */

import { pinnedBytes } from "chimaera/platform";
import { corrupt, overLimit } from "../failure.ts";
import { requireLibrary } from "../library.ts";
import { rawBytesOfBlock } from "./block_scan.ts";
import type { Lz4Provider } from "./lz4_provider.ts";

const SYMBOLS = {
  LZ4_compress_fast: { parameters: ["buffer", "buffer", "i32", "i32", "i32"], result: "i32" },
  LZ4_compress_HC_extStateHC: {
    parameters: ["buffer", "buffer", "buffer", "i32", "i32", "i32"],
    result: "i32",
  },
  LZ4_sizeofStateHC: { parameters: [], result: "i32" },
  LZ4_decompress_safe_usingDict: {
    parameters: ["buffer", "buffer", "i32", "i32", "buffer", "i32"],
    result: "i32",
  },
} as const;

/** LZ4_MAX_INPUT_SIZE of the library's header. */
const INPUT_BYTES_MAX = 0x7e000000;

/** Levels from here on use the slower, denser search, as in the lz4 program. */
const DENSE_LEVEL_MIN = 3;

const NO_HISTORY = new Uint8Array(0);

/** The provider `liblz4`. */
export class LibLz4 implements Lz4Provider {
  readonly name = "liblz4";
  readonly rawBytesMax = INPUT_BYTES_MAX;
  readonly #library = requireLibrary("liblz4.so.1", SYMBOLS);
  #denseState: Uint8Array<ArrayBuffer> | null = null;

  compress(src: Uint8Array, dst: Uint8Array, level: number): number {
    const lz4 = this.#library.symbols;
    // One byte less than the library's own bound keeps it on the path that checks each write,
    // which a source that changes meanwhile cannot push past the end. It is no slower.
    const unchecked = src.length + Math.floor(src.length / 255) + 16;
    const capacity = Math.min(dst.length, unchecked - 1);
    if (level < DENSE_LEVEL_MIN) {
      return lz4.LZ4_compress_fast(src, dst, src.length, capacity, 1);
    }
    this.#denseState ??= pinnedBytes(lz4.LZ4_sizeofStateHC());
    return lz4.LZ4_compress_HC_extStateHC(
      this.#denseState,
      src,
      dst,
      src.length,
      capacity,
      level,
    );
  }

  decompress(src: Uint8Array, dst: Uint8Array): number {
    return this.decompressAfter(src, dst, NO_HISTORY);
  }

  decompressAfter(src: Uint8Array, dst: Uint8Array, history: Uint8Array): number {
    const capacity = Math.min(dst.length, 0x7fffffff);
    const written = this.#library.symbols.LZ4_decompress_safe_usingDict(
      src,
      dst,
      src.length,
      capacity,
      history,
      history.length,
    );
    if (written >= 0) return written;
    // The library does not say whether the block is damaged or the destination too small.
    const rawBytes = rawBytesOfBlock(src, history.length);
    const what = "decompress an lz4 block";
    if (rawBytes > capacity) {
      throw overLimit(what, `it holds ${rawBytes} bytes, the destination ${capacity}`);
    }
    throw corrupt(what, `liblz4 stopped at byte ${-written}`);
  }

  [Symbol.dispose](): void {
    this.#library[Symbol.dispose]();
    this.#denseState = null;
  }
}
