/**
 * zstd streams by the runtime's `node:zlib`, where FFI is denied.
 *
 * The runtime's decoder accepts data that is cut short and stops after the first frame, so a walker
 * tells where each frame ends: every frame gets a decoder of its own and exactly its own bytes,
 * and skippable frames get none.
 */

import type * as Zlib from "node:zlib";

import type { DecodeProgress, DecoderEngine } from "../frame_decoder.ts";
import { writeU32 } from "../little_endian.ts";
import { NodeStream, PIECE_BYTES_MAX } from "../node_stream.ts";
import { requireDeclared, ZSTD_MAGIC, ZstdFrameWalker } from "./frame_layout.ts";
import { zstdError } from "./node_zlib.ts";

const MAGIC_BYTES = 4;
const CHUNK_BYTES = 128 << 10;

/** The engine behind a decoder of zstd streams without FFI. */
export class NodeZstdDecoder implements DecoderEngine {
  readonly provider = "node:zlib";
  readonly synchronous = false;
  readonly #zlib: typeof Zlib;
  #walker = new ZstdFrameWalker();
  #stream: NodeStream | null = null;
  #frameBytes = 0;
  #frameRawBytes = 0;
  #frames = 0;

  constructor(zlib: typeof Zlib) {
    this.#zlib = zlib;
  }

  async push(src: Uint8Array, dst: Uint8Array): Promise<DecodeProgress> {
    let read = 0;
    let written = 0;
    while (true) {
      read += this.#take(src.subarray(read));
      written += await this.#pull(dst.subarray(written));
      if (this.#walker.ended && !await this.#endFrame()) break;
      if (written === dst.length || read === src.length) break;
    }
    return { read, written, done: this.finish() };
  }

  finish(): boolean {
    return this.#frames > 0 && this.#frameBytes === 0;
  }

  /** Walks over the next piece of the frame and hands it to the frame's stream. */
  #take(src: Uint8Array): number {
    if (this.#walker.ended || this.#stream?.busy) return 0;
    const piece = src.subarray(0, PIECE_BYTES_MAX - MAGIC_BYTES);
    const count = this.#walker.walk(piece);
    const before = this.#frameBytes;
    this.#frameBytes += count;
    if (this.#walker.skippable || this.#frameBytes < MAGIC_BYTES) return count;
    if (this.#stream === null) this.#openStream(piece.subarray(MAGIC_BYTES - before, count));
    else this.#stream.offer(piece.subarray(0, count));
    return count;
  }

  /** The magic number may have come in pieces; what it is was seen, so it is written anew. */
  #openStream(afterMagic: Uint8Array): void {
    const first = new Uint8Array(MAGIC_BYTES + afterMagic.length);
    writeU32(first, 0, ZSTD_MAGIC);
    first.set(afterMagic, MAGIC_BYTES);
    this.#stream = new NodeStream(this.#zlib.createZstdDecompress({ chunkSize: CHUNK_BYTES }));
    this.#stream.offer(first);
  }

  async #pull(dst: Uint8Array): Promise<number> {
    if (this.#stream === null) return 0;
    try {
      const written = await this.#stream.pull(dst);
      this.#frameRawBytes += written;
      return written;
    } catch (error) {
      throw zstdError(error);
    }
  }

  /** Closes the frame; returns whether all of its output was pulled. */
  async #endFrame(): Promise<boolean> {
    if (this.#stream !== null) {
      const whole = await this.#stream.finish().catch((error) => {
        throw zstdError(error);
      });
      if (!whole) return false;
      this.#stream[Symbol.dispose]();
      this.#stream = null;
    }
    requireDeclared(this.#walker.header, this.#frameRawBytes);
    this.#walker = new ZstdFrameWalker();
    this.#frameBytes = 0;
    this.#frameRawBytes = 0;
    this.#frames++;
    return true;
  }

  [Symbol.dispose](): void {
    this.#stream?.[Symbol.dispose]();
    this.#stream = null;
  }
}
