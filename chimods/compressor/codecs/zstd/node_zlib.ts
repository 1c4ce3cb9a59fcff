/**
 * zstd by the runtime's `node:zlib`.
 *
 * Two defects of it are met here. It accepts input that is cut short without a word: every frame
 * is walked to its end first, and lengths are compared. It appends an empty frame when the output
 * is larger than its chunk: the chunk is made large enough for any output.
 */

import type * as Zlib from "node:zlib";

import { corrupt, failed, overLimit, reasonOf, windowOverLimit } from "../failure.ts";
import { FRAME_NEEDS_MORE } from "../frame_length.ts";
import { parseZstdHeader, ZSTD_HEADER_BYTES_MAX, zstdFrameLength } from "./frame_layout.ts";
import { WINDOW_BYTES_MAX, zstdBound, type ZstdProvider } from "./zstd_provider.ts";

const CHUNK_BYTES_MIN = 64;

/** Largest Buffer that the runtime makes in one piece with ease. */
const INPUT_BYTES_MAX = 1 << 30;

const COMPRESS = "compress with node:zlib";
const DECOMPRESS = "decompress a zstd frame";

/** The provider `node:zlib` of zstd. */
export class NodeZstd implements ZstdProvider {
  readonly name = "node:zlib";
  readonly rawBytesMax = INPUT_BYTES_MAX;
  readonly #zlib: typeof Zlib;

  private constructor(zlib: typeof Zlib) {
    this.#zlib = zlib;
  }

  static async open(): Promise<NodeZstd> {
    return new NodeZstd(await import("node:zlib"));
  }

  compress(src: Uint8Array, dst: Uint8Array, level: number): number {
    return this.#compress(src, dst, level, 0);
  }

  compressFrame(src: Uint8Array, dst: Uint8Array, level: number): number {
    return this.#compress(src, dst, level, 1);
  }

  #compress(src: Uint8Array, dst: Uint8Array, level: number, checksum: 0 | 1): number {
    const { constants, zstdCompressSync } = this.#zlib;
    let output: Uint8Array;
    try {
      output = zstdCompressSync(src, {
        chunkSize: zstdBound(src.length) + CHUNK_BYTES_MIN,
        pledgedSrcSize: src.length,
        params: {
          [constants.ZSTD_c_compressionLevel]: level,
          [constants.ZSTD_c_checksumFlag]: checksum,
        },
      });
    } catch (error) {
      throw failed(COMPRESS, reasonOf(error), error);
    }
    if (zstdFrameLength(output) !== output.length) {
      throw failed(COMPRESS, "it wrote something besides one whole frame");
    }
    if (output.length > dst.length) return 0;
    dst.set(output);
    return output.length;
  }

  decompress(src: Uint8Array, dst: Uint8Array): number {
    const length = zstdFrameLength(src);
    if (length === FRAME_NEEDS_MORE) throw corrupt(DECOMPRESS, "it is cut short");
    const header = parseZstdHeader(src.slice(0, Math.min(src.length, ZSTD_HEADER_BYTES_MAX)));
    if (header.contentBytes > dst.length) {
      throw overLimit(DECOMPRESS, `it declares ${header.contentBytes} bytes, above ${dst.length}`);
    }
    const output = this.#decompress(src, Math.max(header.contentBytes, 0), dst.length);
    if (output.length > dst.length) {
      throw overLimit(DECOMPRESS, "it holds more bytes than the destination");
    }
    if (header.contentBytes >= 0 && output.length !== header.contentBytes) {
      throw corrupt(
        DECOMPRESS,
        `it holds ${output.length} bytes and declares ${header.contentBytes}`,
      );
    }
    dst.set(output);
    return output.length;
  }

  [Symbol.dispose](): void {
    // The runtime keeps nothing between calls.
  }

  #decompress(src: Uint8Array, contentBytes: number, limitBytes: number): Uint8Array {
    try {
      return this.#zlib.zstdDecompressSync(src, {
        chunkSize: Math.max(contentBytes, 64 << 10),
        maxOutputLength: Math.max(limitBytes, 1),
      });
    } catch (error) {
      throw zstdError(error);
    }
  }
}

/** Turns what `node:zlib` throws into our error. */
export function zstdError(error: unknown): Error {
  if ((error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") {
    return overLimit(DECOMPRESS, "it holds more bytes than the destination");
  }
  const why = reasonOf(error);
  if (why.includes("too much memory")) {
    return windowOverLimit(DECOMPRESS, WINDOW_BYTES_MAX);
  }
  return corrupt(DECOMPRESS, why, error);
}
