/**
 * Raw deflate by the npm package fflate, the slowest and last resort.
 *
 * Met here: it checks no checksum (the forms around it do), and it drops what does not fit in an
 * output buffer without a word, so it is given one byte more than may be filled. It cannot say
 * how much of its input it read; bytes between the data and its checksum go unseen.
 */

import { corrupt, failed, overLimit, reasonOf } from "../failure.ts";
import type { Provider } from "../provider.ts";
import { Scratch } from "../scratch.ts";

interface FflatePackage {
  deflateSync(data: Uint8Array, options: { level: Level }): Uint8Array;
  inflateSync(data: Uint8Array, options: { out: Uint8Array }): Uint8Array;
}

type Level = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** Its own arrays are several times the input. */
const INPUT_BYTES_MAX = 256 << 20;

const DECOMPRESS = "decompress with fflate";

function tooLarge(): Error {
  return overLimit(DECOMPRESS, "the data holds more bytes than the destination");
}

/** The provider `fflate`. */
export class Fflate implements Provider {
  readonly name = "fflate";
  readonly rawBytesMax = INPUT_BYTES_MAX;
  readonly #package: FflatePackage;
  readonly #output = new Scratch();

  private constructor(loaded: FflatePackage) {
    this.#package = loaded;
  }

  static async open(): Promise<Fflate> {
    return new Fflate(await import("fflate"));
  }

  compress(src: Uint8Array, dst: Uint8Array, level: number): number {
    try {
      const output = this.#package.deflateSync(src, { level: level as Level });
      if (output.length > dst.length) return 0;
      dst.set(output);
      return output.length;
    } catch (error) {
      throw failed("compress with fflate", reasonOf(error), error);
    }
  }

  decompress(src: Uint8Array, dst: Uint8Array): number {
    const output = this.#inflate(src, this.#output.take(dst.length + 1));
    if (output.length > dst.length) throw tooLarge();
    dst.set(output);
    return output.length;
  }

  #inflate(src: Uint8Array, out: Uint8Array): Uint8Array {
    try {
      return this.#package.inflateSync(src, { out });
    } catch (error) {
      // A stored block that does not fit fails in the array's own bounds check.
      if (error instanceof RangeError) throw tooLarge();
      throw corrupt(DECOMPRESS, reasonOf(error), error);
    }
  }

  [Symbol.dispose](): void {
    this.#output.clear();
  }
}
