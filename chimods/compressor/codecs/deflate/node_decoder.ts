/** gzip and zlib streams by the runtime's `node:zlib`, where FFI is denied. */

import type * as Zlib from "node:zlib";

import { corrupt, reasonOf } from "../failure.ts";
import type { DecodeProgress, DecoderEngine } from "../frame_decoder.ts";
import { NodeStream } from "../node_stream.ts";
import { paddingBytes } from "./padding.ts";

const CHUNK_BYTES = 64 << 10;

function damaged(why: string, cause?: unknown): Error {
  return corrupt("decompress with node:zlib", why, cause);
}

/**
 * The engine behind a decoder without FFI. The runtime says that data was cut short only when its
 * stream is closed, so `done` is never known before `finish`.
 */
export class NodeInflateDecoder implements DecoderEngine {
  readonly provider = "node:zlib";
  readonly synchronous = false;
  readonly #stream: NodeStream;
  readonly #members: boolean;

  constructor(zlib: typeof Zlib, format: "gzip" | "zlib") {
    const options = { chunkSize: CHUNK_BYTES };
    this.#members = format === "gzip";
    this.#stream = new NodeStream(
      this.#members ? zlib.createGunzip(options) : zlib.createInflate(options),
    );
  }

  async push(src: Uint8Array, dst: Uint8Array): Promise<DecodeProgress> {
    let read = 0;
    let written = 0;
    while (true) {
      const rest = src.subarray(read);
      if (this.#stream.ended) this.#requirePadding(rest);
      read += this.#stream.ended ? rest.length : this.#stream.offer(rest);
      written += await this.#pull(dst.subarray(written));
      if (written === dst.length || read === src.length) break;
    }
    return { read, written, done: false };
  }

  async #pull(dst: Uint8Array): Promise<number> {
    const written = await this.#stream.pull(dst).catch((error) => {
      throw damaged(reasonOf(error), error);
    });
    if (this.#stream.ended) this.#requirePadding(this.#stream.unread);
    return written;
  }

  /** Throws CHI-6002 unless what follows the end that the stream declared is padding. */
  #requirePadding(rest: Uint8Array): void {
    if (paddingBytes(rest, this.#members) < rest.length) {
      throw damaged("bytes follow the end that are no gzip member");
    }
  }

  async finish(): Promise<boolean> {
    const whole = await this.#stream.finish().catch((error) => {
      throw damaged(reasonOf(error), error);
    });
    if (whole) this.#requirePadding(this.#stream.unread);
    return whole;
  }

  [Symbol.dispose](): void {
    this.#stream[Symbol.dispose]();
  }
}
