/**
 * lz4 blocks by the npm package lz4-wasm, where no system library can be called.
 *
 * The package prefixes each block with its raw length and refuses one that decodes to any other.
 * Blocks of frames have no such prefix, so the block is measured first, which also proves that
 * every length and offset stays inside. It knows no history either; a block with history is
 * handed over as one whose first literals are the history:
 *
 *     given:        token │ literal length │ literals … rest
 *     handed over:  raw length u32 │ token' │ length' │ history │ literals … rest
 *
 * The package copies in and out of its own memory, which grows to what it was asked for.
 */

import { corrupt, failed, overLimit, reasonOf } from "../failure.ts";
import { writeU32 } from "../little_endian.ts";
import { Scratch } from "../scratch.ts";
import { rawBytesOfBlock } from "./block_scan.ts";
import type { Lz4Provider } from "./lz4_provider.ts";

interface Lz4WasmPackage {
  compress(input: Uint8Array): Uint8Array;
  decompress(input: Uint8Array): Uint8Array;
}

const PREFIX_BYTES = 4;
const NIBBLE_MAX = 15;

/** Beyond it the package's memory takes gigabytes. */
const INPUT_BYTES_MAX = 256 << 20;

const NO_HISTORY = new Uint8Array(0);

/** The provider `lz4-wasm`. */
export class Lz4Wasm implements Lz4Provider {
  readonly name = "lz4-wasm";
  readonly rawBytesMax = INPUT_BYTES_MAX;
  readonly #package: Lz4WasmPackage;
  readonly #copy = new Scratch();
  readonly #input = new Scratch();

  private constructor(loaded: Lz4WasmPackage) {
    this.#package = loaded;
  }

  static async open(): Promise<Lz4Wasm> {
    // The package names no entry point for Deno; its wasm module is imported by file.
    return new Lz4Wasm(await import("lz4-wasm/lz4_wasm.js"));
  }

  compress(src: Uint8Array, dst: Uint8Array, _level: number): number {
    const output = this.#call("compress", () => this.#package.compress(src));
    const written = output.length - PREFIX_BYTES;
    if (written > dst.length) return 0;
    dst.set(output.subarray(PREFIX_BYTES));
    return written;
  }

  decompress(src: Uint8Array, dst: Uint8Array): number {
    return this.decompressAfter(src, dst, NO_HISTORY);
  }

  decompressAfter(src: Uint8Array, dst: Uint8Array, history: Uint8Array): number {
    // A private copy: what is measured must be what is decoded.
    const block = this.#copy.copyOf(src);
    const rawBytes = rawBytesOfBlock(block, history.length);
    const what = "decompress an lz4 block";
    if (rawBytes > dst.length) {
      throw overLimit(what, `it holds ${rawBytes} bytes, the destination ${dst.length}`);
    }
    if (rawBytes > INPUT_BYTES_MAX) {
      throw overLimit(what, `lz4-wasm takes at most ${INPUT_BYTES_MAX} bytes at a time`);
    }
    const input = this.#inputFor(block, rawBytes, history);
    const output = this.#call("decompress", () => this.#package.decompress(input));
    if (output.length !== history.length + rawBytes) {
      throw corrupt(what, `lz4-wasm decoded ${output.length} bytes of ${rawBytes}`);
    }
    dst.set(output.subarray(history.length));
    return rawBytes;
  }

  #inputFor(block: Uint8Array, rawBytes: number, history: Uint8Array): Uint8Array {
    const lengthBytesMax = 2 + Math.ceil((history.length + block.length) / 255);
    const input = this.#input.take(
      PREFIX_BYTES + lengthBytesMax + history.length + block.length,
    );
    writeU32(input, 0, history.length + rawBytes);
    if (history.length === 0) {
      input.set(block, PREFIX_BYTES);
      return input.subarray(0, PREFIX_BYTES + block.length);
    }

    const token = block[0]!;
    let literals = token >>> 4;
    let from = 1;
    if (literals === NIBBLE_MAX) {
      let more = 255;
      while (more === 255) literals += more = block[from++]!;
    }
    literals += history.length;

    let to = PREFIX_BYTES;
    input[to++] = (Math.min(literals, NIBBLE_MAX) << 4) | (token & NIBBLE_MAX);
    for (let rest = literals - NIBBLE_MAX; rest >= 0; rest -= 255) {
      input[to++] = Math.min(rest, 255);
    }
    input.set(history, to);
    to += history.length;
    input.set(block.subarray(from), to);
    return input.subarray(0, to + block.length - from);
  }

  #call(verb: "compress" | "decompress", call: () => Uint8Array): Uint8Array {
    try {
      return call();
    } catch (error) {
      const what = `${verb} an lz4 block`;
      // The package throws its decoder's refusals as strings; anything else is its own failure.
      if (typeof error === "string") throw corrupt(what, error, error);
      throw failed(what, `lz4-wasm: ${reasonOf(error)}`, error);
    }
  }

  [Symbol.dispose](): void {
    this.#copy.clear();
    this.#input.clear();
  }
}
