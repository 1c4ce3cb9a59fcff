/**
 * Raw deflate by the system's libdeflate, the fastest of its providers.
 *
 * The library looks at its input more than once while it compresses, and promises nothing for the
 * case that two looks differ. Shared memory may change between them: it is copied first, which
 * costs a few hundredths of the compression.
 */

import { type NativePointer, pinnedBytes } from "chimaera/platform";
import { corrupt, failed, overLimit } from "../failure.ts";
import { requireLibrary } from "../library.ts";
import type { Provider } from "../provider.ts";
import { Scratch } from "../scratch.ts";

const SYMBOLS = {
  libdeflate_alloc_compressor: { parameters: ["i32"], result: "pointer" },
  libdeflate_free_compressor: { parameters: ["pointer"], result: "void" },
  libdeflate_deflate_compress: {
    parameters: ["pointer", "buffer", "usize", "buffer", "usize"],
    result: "usize",
  },
  libdeflate_alloc_decompressor: { parameters: [], result: "pointer" },
  libdeflate_free_decompressor: { parameters: ["pointer"], result: "void" },
  libdeflate_deflate_decompress_ex: {
    parameters: ["pointer", "buffer", "usize", "buffer", "usize", "buffer", "buffer"],
    result: "i32",
  },
} as const;

/** libdeflate_result of libdeflate.h. */
const Result = { success: 0, insufficientSpace: 3 } as const;

const DECOMPRESS = "decompress with libdeflate";

/** The provider `libdeflate`. */
export class LibDeflate implements Provider {
  readonly name = "libdeflate";
  readonly rawBytesMax = Number.MAX_SAFE_INTEGER;
  readonly #library = requireLibrary("libdeflate.so.0", SYMBOLS);
  /** A compressor is made for one level. */
  readonly #compressors = new Map<number, NativePointer>();
  readonly #copy = new Scratch();
  readonly #counts = pinnedBytes(16);
  readonly #countWords = new BigUint64Array(this.#counts.buffer);
  #decompressor: NativePointer = null;

  compress(src: Uint8Array, dst: Uint8Array, level: number): number {
    const input = src.buffer instanceof SharedArrayBuffer ? this.#copy.copyOf(src) : src;
    const written = this.#library.symbols.libdeflate_deflate_compress(
      this.#compressorFor(level),
      input,
      BigInt(input.length),
      dst,
      BigInt(dst.length),
    );
    return Number(written);
  }

  #compressorFor(level: number): NativePointer {
    let compressor = this.#compressors.get(level);
    if (compressor === undefined) {
      compressor = this.#library.symbols.libdeflate_alloc_compressor(level);
      if (compressor === null) throw failed("open libdeflate", "it could not allocate");
      this.#compressors.set(level, compressor);
    }
    return compressor;
  }

  decompress(src: Uint8Array, dst: Uint8Array): number {
    const library = this.#library.symbols;
    this.#decompressor ??= library.libdeflate_alloc_decompressor();
    if (this.#decompressor === null) throw failed("open libdeflate", "it could not allocate");
    const result = library.libdeflate_deflate_decompress_ex(
      this.#decompressor,
      src,
      BigInt(src.length),
      dst,
      BigInt(dst.length),
      this.#counts.subarray(0, 8),
      this.#counts.subarray(8),
    );
    if (result === Result.insufficientSpace) {
      throw overLimit(DECOMPRESS, "the data holds more bytes than the destination");
    }
    if (result !== Result.success) throw corrupt(DECOMPRESS, "the data is damaged or cut short");
    const read = Number(this.#countWords[0]);
    if (read !== src.length) {
      throw corrupt(DECOMPRESS, `the data ends ${src.length - read} bytes early`);
    }
    return Number(this.#countWords[1]);
  }

  [Symbol.dispose](): void {
    const library = this.#library.symbols;
    for (const compressor of this.#compressors.values()) {
      library.libdeflate_free_compressor(compressor);
    }
    this.#compressors.clear();
    if (this.#decompressor !== null) library.libdeflate_free_decompressor(this.#decompressor);
    this.#decompressor = null;
    this.#copy.clear();
    this.#library[Symbol.dispose]();
  }
}
