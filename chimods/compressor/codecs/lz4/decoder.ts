/**
 * lz4 frames piece by piece, on any provider of lz4 blocks.
 *
 * The decoder steps through the parts of a frame. Small parts are gathered; a block is decoded
 * where it lies when the source holds all of it, else it is gathered first. It is decoded behind
 * the 64 KiB that its matches may reach, and delivered from there:
 *
 *     output:  [ history ≤ 64 KiB ][ block ≤ 4 MiB ]
 *                        kept ◀────── slides after delivery
 */

import { Xxh32, xxh32 } from "../checksum/mod.ts";
import { corrupt } from "../failure.ts";
import type { DecodeProgress, DecoderEngine } from "../frame_decoder.ts";
import { isSkippableMagic, SKIPPABLE_HEADER_BYTES } from "../frame_length.ts";
import { readU32 } from "../little_endian.ts";
import { decompressFrameBlock } from "./frame.ts";
import {
  blockStoredBytes,
  LZ4_MAGIC,
  type Lz4FrameHeader,
  lz4HeaderBytes,
  parseLz4Header,
  STORED_BIT,
} from "./frame_header.ts";
import { HISTORY_BYTES_MAX, type Lz4Provider } from "./lz4_provider.ts";

const WHAT = "decompress an lz4 stream";

/** The part of the stream that comes next. */
const Part = { header: 0, blockSize: 1, block: 2, contentChecksum: 3, skipped: 4 } as const;
type Part = typeof Part[keyof typeof Part];

const MAGIC_BYTES = 4;
const WORD_BYTES = 4;
const GATHERED_BYTES_MIN = 64;

/** The engine behind a decoder of lz4 streams. */
export class Lz4Decoder implements DecoderEngine {
  readonly synchronous = true;
  readonly #provider: Lz4Provider;
  readonly #contentHash = new Xxh32();
  #frames = 0;
  #part: Part = Part.header;
  /** Bytes of the part that must be at hand for the next step. */
  #neededBytes = MAGIC_BYTES;
  #gathered: Uint8Array = new Uint8Array(GATHERED_BYTES_MIN);
  #gatheredBytes = 0;
  #skipBytes = 0;

  #header: Lz4FrameHeader | null = null;
  #blockWord = 0;
  #contentBytes = 0;
  #output: Uint8Array = new Uint8Array(0);
  #historyBytes = 0;
  #blockBytes = 0;
  #deliveredBytes = 0;

  constructor(provider: Lz4Provider) {
    this.#provider = provider;
  }

  get provider(): Lz4Provider["name"] {
    return this.#provider.name;
  }

  push(src: Uint8Array, dst: Uint8Array): DecodeProgress {
    let read = 0;
    let written = 0;
    while (true) {
      written += this.#deliver(dst.subarray(written));
      if (this.#deliveredBytes < this.#blockBytes) break;
      const rest = src.subarray(read);
      const taken = this.#part === Part.skipped ? this.#skip(rest) : this.#take(rest);
      read += taken;
      if (taken === 0) break;
    }
    return { read, written, done: this.finish() };
  }

  finish(): boolean {
    return this.#frames > 0 && this.#part === Part.header && this.#gatheredBytes === 0 &&
      this.#deliveredBytes === this.#blockBytes;
  }

  #deliver(dst: Uint8Array): number {
    const count = Math.min(this.#blockBytes - this.#deliveredBytes, dst.length);
    if (count === 0) return 0;
    const from = HISTORY_BYTES_MAX + this.#deliveredBytes;
    dst.set(this.#output.subarray(from, from + count));
    this.#deliveredBytes += count;
    return count;
  }

  #skip(src: Uint8Array): number {
    const count = Math.min(this.#skipBytes, src.length);
    this.#skipBytes -= count;
    if (this.#skipBytes === 0) this.#endFrame();
    return count;
  }

  /** Takes what the part needs, or all there is, and steps on once the part is complete. */
  #take(src: Uint8Array): number {
    if (this.#part === Part.block && this.#gatheredBytes === 0 && src.length >= this.#neededBytes) {
      const blockBytes = this.#neededBytes;
      this.#decodeBlock(src.subarray(0, blockBytes));
      return blockBytes;
    }
    const count = Math.min(this.#neededBytes - this.#gatheredBytes, src.length);
    this.#gathered.set(src.subarray(0, count), this.#gatheredBytes);
    this.#gatheredBytes += count;
    if (this.#gatheredBytes === this.#neededBytes) this.#step();
    return count;
  }

  #step(): void {
    const bytes = this.#gathered.subarray(0, this.#gatheredBytes);
    switch (this.#part) {
      case Part.header:
        return this.#readHeader(bytes);
      case Part.blockSize:
        return this.#readBlockSize(readU32(bytes, 0));
      case Part.block:
        return this.#decodeBlock(bytes);
      case Part.contentChecksum:
        if (readU32(bytes, 0) !== this.#contentHash.digest()) {
          throw corrupt(WHAT, "a content checksum is wrong");
        }
        return this.#endFrame();
    }
  }

  #enter(part: Part, neededBytes: number): void {
    this.#part = part;
    this.#neededBytes = neededBytes;
    this.#gatheredBytes = 0;
  }

  #endFrame(): void {
    this.#frames++;
    this.#enter(Part.header, MAGIC_BYTES);
  }

  /** The header's own first bytes tell how long it is, so it is asked for in three steps. */
  #readHeader(bytes: Uint8Array): void {
    const magic = readU32(bytes, 0);
    if (isSkippableMagic(magic)) {
      if (bytes.length < SKIPPABLE_HEADER_BYTES) {
        this.#neededBytes = SKIPPABLE_HEADER_BYTES;
        return;
      }
      this.#enter(Part.skipped, 0);
      this.#skipBytes = readU32(bytes, MAGIC_BYTES);
      if (this.#skipBytes === 0) this.#endFrame();
      return;
    }
    if (magic !== LZ4_MAGIC) throw corrupt(WHAT, "no lz4 frame begins where one should");
    if (bytes.length === MAGIC_BYTES) {
      this.#neededBytes = MAGIC_BYTES + 1;
      return;
    }
    const headerBytes = lz4HeaderBytes(bytes);
    if (bytes.length < headerBytes) {
      this.#neededBytes = headerBytes;
      return;
    }
    this.#beginFrame(parseLz4Header(bytes));
  }

  #beginFrame(header: Lz4FrameHeader): void {
    this.#header = header;
    this.#contentHash.reset();
    this.#contentBytes = 0;
    this.#historyBytes = 0;
    this.#blockBytes = 0;
    this.#deliveredBytes = 0;
    const blockBytesMax = header.blockBytesMax;
    if (this.#output.length < HISTORY_BYTES_MAX + blockBytesMax) {
      this.#output = new Uint8Array(HISTORY_BYTES_MAX + blockBytesMax);
      this.#gathered = new Uint8Array(blockBytesMax + WORD_BYTES);
    }
    this.#enter(Part.blockSize, WORD_BYTES);
  }

  #frame(): Lz4FrameHeader {
    if (this.#header === null) throw corrupt(WHAT, "a block stands before its frame");
    return this.#header;
  }

  #readBlockSize(word: number): void {
    const header = this.#frame();
    if (word !== 0) {
      this.#blockWord = word;
      const checkBytes = header.blockChecksums ? WORD_BYTES : 0;
      this.#enter(Part.block, blockStoredBytes(word, header) + checkBytes);
      if (this.#neededBytes === 0) this.#decodeBlock(this.#gathered.subarray(0, 0));
      return;
    }
    if (header.contentBytes >= 0 && header.contentBytes !== this.#contentBytes) {
      throw corrupt(
        WHAT,
        `a frame holds ${this.#contentBytes} bytes and declares ${header.contentBytes}`,
      );
    }
    if (header.contentChecksum) this.#enter(Part.contentChecksum, WORD_BYTES);
    else this.#endFrame();
  }

  #decodeBlock(bytes: Uint8Array): void {
    const header = this.#frame();
    let block = bytes;
    if (header.blockChecksums) {
      block = bytes.subarray(0, bytes.length - WORD_BYTES);
      if (xxh32(block) !== readU32(bytes, block.length)) {
        throw corrupt(WHAT, "a block's checksum is wrong");
      }
    }
    this.#keepHistory(header);
    const end = HISTORY_BYTES_MAX + header.blockBytesMax;
    const output = this.#output.subarray(HISTORY_BYTES_MAX, end);
    if (this.#blockWord >= STORED_BIT) {
      output.set(block);
      this.#blockBytes = block.length;
    } else {
      const history = this.#output.subarray(
        HISTORY_BYTES_MAX - this.#historyBytes,
        HISTORY_BYTES_MAX,
      );
      this.#blockBytes = decompressFrameBlock(
        this.#provider,
        block,
        output,
        history,
        header.blockBytesMax,
      );
    }
    this.#deliveredBytes = 0;
    this.#contentBytes += this.#blockBytes;
    if (header.contentChecksum) {
      this.#contentHash.update(output.subarray(0, this.#blockBytes));
    }
    this.#enter(Part.blockSize, WORD_BYTES);
  }

  /** Moves the end of the delivered block to before where the next one goes. */
  #keepHistory(header: Lz4FrameHeader): void {
    if (!header.linkedBlocks) return;
    const end = HISTORY_BYTES_MAX + this.#blockBytes;
    const kept = Math.min(HISTORY_BYTES_MAX, this.#historyBytes + this.#blockBytes);
    this.#output.copyWithin(HISTORY_BYTES_MAX - kept, end - kept, end);
    this.#historyBytes = kept;
  }

  [Symbol.dispose](): void {
    this.#output = new Uint8Array(0);
    this.#gathered = new Uint8Array(0);
  }
}
