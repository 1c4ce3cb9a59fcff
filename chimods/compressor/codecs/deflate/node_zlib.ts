/** Raw deflate by the runtime's `node:zlib`. */

import type * as Zlib from "node:zlib";

import { corrupt, failed, overLimit, reasonOf } from "../failure.ts";
import type { Provider } from "../provider.ts";

/** What `inflateRawSync` gives when it is asked for `info`, which its types do not tell. */
interface InflateInfo {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

const CHUNK_BYTES_MIN = 64;

/** Largest Buffer that the runtime makes in one piece with ease. */
const INPUT_BYTES_MAX = 1 << 30;

const DECOMPRESS = "decompress with node:zlib";

function isTooLarge(error: unknown): boolean {
  return (error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE";
}

/** The provider `node:zlib` of the deflate family. */
export class NodeDeflate implements Provider {
  readonly name = "node:zlib";
  readonly rawBytesMax = INPUT_BYTES_MAX;
  readonly #zlib: typeof Zlib;

  private constructor(zlib: typeof Zlib) {
    this.#zlib = zlib;
  }

  static async open(): Promise<NodeDeflate> {
    return new NodeDeflate(await import("node:zlib"));
  }

  compress(src: Uint8Array, dst: Uint8Array, level: number): number {
    const capacity = Math.max(dst.length, CHUNK_BYTES_MIN);
    try {
      // One chunk as large as the destination: the output is not pieced together.
      const options = { level, chunkSize: capacity, maxOutputLength: capacity };
      const output = this.#zlib.deflateRawSync(src, options);
      if (output.length > dst.length) return 0;
      dst.set(output);
      return output.length;
    } catch (error) {
      if (isTooLarge(error)) return 0;
      throw failed("compress with node:zlib", reasonOf(error), error);
    }
  }

  decompress(src: Uint8Array, dst: Uint8Array): number {
    const { buffer, engine } = this.#inflate(src, Math.max(dst.length, CHUNK_BYTES_MIN));
    if (buffer.length > dst.length) {
      throw overLimit(DECOMPRESS, "the data holds more bytes than the destination");
    }
    if (engine.bytesWritten !== src.length) {
      throw corrupt(DECOMPRESS, `the data ends ${src.length - engine.bytesWritten} bytes early`);
    }
    dst.set(buffer);
    return buffer.length;
  }

  #inflate(src: Uint8Array, capacity: number): InflateInfo {
    try {
      const options = { info: true, chunkSize: capacity, maxOutputLength: capacity };
      return this.#zlib.inflateRawSync(src, options) as unknown as InflateInfo;
    } catch (error) {
      if (isTooLarge(error)) {
        throw overLimit(DECOMPRESS, "the data holds more bytes than the destination");
      }
      throw corrupt(DECOMPRESS, reasonOf(error), error);
    }
  }

  [Symbol.dispose](): void {
    // The runtime keeps nothing between calls.
  }
}
