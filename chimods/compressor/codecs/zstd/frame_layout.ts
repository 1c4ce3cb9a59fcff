/**
 * The layout of a zstd frame, and a walker that finds its end without decoding.
 *
 *     magic 28 b5 2f fd │ FHD │ window u8? │ dictionary 0,1,2,4 │ content size 0,1,2,4,8
 *     block header u24 │ block … repeated up to the last block │ content checksum u32?
 *
 *     FHD: 7-6 size of the content size field │ 5 single segment: no window field │ 3 reserved
 *          2 content checksum │ 1-0 size of the dictionary field
 *     block header: 0 last │ 2-1 type: 0 raw, 1 one byte repeated, 2 compressed │ 23-3 size
 *
 * The content checksum is the low half of XXH64 with seed 0. Format: RFC 8878.
 */

import { corrupt, holdsOther } from "../failure.ts";
import {
  FRAME_NEEDS_MORE,
  isSkippableMagic,
  RAW_SIZE_UNKNOWN,
  SKIPPABLE_HEADER_BYTES,
} from "../frame_length.ts";
import { readU32, readU64 } from "../little_endian.ts";

export const ZSTD_MAGIC = 0xfd2fb528;

/** Longest header that the format allows. */
export const ZSTD_HEADER_BYTES_MAX = 18;

/** Bit of the FHD byte, at offset 4: the frame ends with a checksum of its content. */
export const ZSTD_CHECKSUM_FLAG = 0x04;

export const ZSTD_CHECKSUM_BYTES = 4;

const WHAT = "read a zstd frame";
const MAGIC_BYTES = 4;
const BLOCK_HEADER_BYTES = 3;
const BLOCK_BYTES_MAX = 128 << 10;
const BLOCK_REPEATED = 1;
const BLOCK_RESERVED = 3;

/** What a frame says of itself. */
export interface ZstdFrameHeader {
  readonly headerBytes: number;
  /** Bytes that a decoder must keep at hand. */
  readonly windowBytes: number;
  /** Raw size, or RAW_SIZE_UNKNOWN. */
  readonly contentBytes: number;
  readonly contentChecksum: boolean;
}

function fieldBytes(descriptor: number): { dictionary: number; content: number; window: number } {
  const singleSegment = (descriptor & 0x20) !== 0;
  const contentCode = descriptor >>> 6;
  return {
    window: singleSegment ? 0 : 1,
    dictionary: [0, 1, 2, 4][descriptor & 3]!,
    content: contentCode === 0 ? (singleSegment ? 1 : 0) : 1 << contentCode,
  };
}

/** Size of the header of which at least the first 5 bytes are given. */
export function zstdHeaderBytes(src: Uint8Array): number {
  const { window, dictionary, content } = fieldBytes(src[4]!);
  return MAGIC_BYTES + 1 + window + dictionary + content;
}

function readContentBytes(src: Uint8Array, at: number, sizeBytes: number): number {
  switch (sizeBytes) {
    case 0:
      return RAW_SIZE_UNKNOWN;
    case 1:
      return src[at]!;
    case 2:
      return (src[at]! | (src[at + 1]! << 8)) + 256;
    case 4:
      return readU32(src, at);
    default:
      return readU64(src, at);
  }
}

/** Reads a whole header. Throws CHI-6002 when it is damaged. */
export function parseZstdHeader(src: Uint8Array): ZstdFrameHeader {
  if (readU32(src, 0) !== ZSTD_MAGIC) throw corrupt(WHAT, "its magic number is not zstd's");
  const descriptor = src[4]!;
  if ((descriptor & 0x08) !== 0) throw corrupt(WHAT, "its header is of an unknown version");
  const { window, dictionary, content } = fieldBytes(descriptor);
  const contentAt = MAGIC_BYTES + 1 + window + dictionary;
  const contentBytes = readContentBytes(src, contentAt, content);
  let windowBytes = contentBytes;
  if (window === 1) {
    const base = 2 ** (10 + (src[5]! >>> 3));
    windowBytes = base + base / 8 * (src[5]! & 7);
  }
  return {
    headerBytes: contentAt + content,
    windowBytes,
    contentBytes,
    contentChecksum: (descriptor & ZSTD_CHECKSUM_FLAG) !== 0,
  };
}

/** Throws CHI-6002 when a frame held other than it declares. A skippable frame has no header. */
export function requireDeclared(header: ZstdFrameHeader | null, rawBytes: number): void {
  if (header === null || header.contentBytes === RAW_SIZE_UNKNOWN) return;
  if (rawBytes !== header.contentBytes) throw holdsOther(WHAT, rawBytes, header.contentBytes);
}

/** Walks over one frame, given in pieces of any size. */
export class ZstdFrameWalker {
  readonly #held = new Uint8Array(ZSTD_HEADER_BYTES_MAX);
  #heldBytes = 0;
  #neededBytes = MAGIC_BYTES;
  #skipBytes = 0;
  #header: ZstdFrameHeader | null = null;
  #skippable = false;
  #lastBlock = false;
  #ended = false;

  /** The frame's header, once all of it was seen; none of a skippable frame. */
  get header(): ZstdFrameHeader | null {
    return this.#header;
  }

  /** Whether the frame holds user data for decoders to pass over; known after its magic number. */
  get skippable(): boolean {
    return this.#skippable;
  }

  /** Whether the frame's last byte was seen. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Walks on; returns how many bytes of `src` belong to the frame. Throws CHI-6002. */
  walk(src: Uint8Array): number {
    let at = 0;
    while (!this.#ended) {
      const skipped = Math.min(this.#skipBytes, src.length - at);
      this.#skipBytes -= skipped;
      at += skipped;
      if (this.#skipBytes > 0) break;
      if (this.#lastBlock) {
        this.#ended = true;
        break;
      }
      const count = Math.min(this.#neededBytes - this.#heldBytes, src.length - at);
      for (let index = 0; index < count; index++) {
        this.#held[this.#heldBytes++] = src[at++]!;
      }
      if (this.#heldBytes < this.#neededBytes) break;
      if (this.#header === null) this.#readHeader();
      else this.#readBlockHeader(this.#header);
    }
    return at;
  }

  /** The header's own first bytes tell how long it is, so it is asked for in steps. */
  #readHeader(): void {
    const magic = readU32(this.#held, 0);
    if (isSkippableMagic(magic)) {
      this.#skippable = true;
      if (this.#heldBytes < SKIPPABLE_HEADER_BYTES) {
        this.#neededBytes = SKIPPABLE_HEADER_BYTES;
        return;
      }
      this.#skipBytes = readU32(this.#held, MAGIC_BYTES);
      this.#lastBlock = true;
      return;
    }
    if (magic !== ZSTD_MAGIC) throw corrupt(WHAT, "its magic number is not zstd's");
    if (this.#heldBytes === MAGIC_BYTES) {
      this.#neededBytes = MAGIC_BYTES + 1;
      return;
    }
    const headerBytes = zstdHeaderBytes(this.#held);
    if (this.#heldBytes < headerBytes) {
      this.#neededBytes = headerBytes;
      return;
    }
    this.#header = parseZstdHeader(this.#held);
    this.#heldBytes = 0;
    this.#neededBytes = BLOCK_HEADER_BYTES;
  }

  #readBlockHeader(header: ZstdFrameHeader): void {
    const word = this.#held[0]! | (this.#held[1]! << 8) | (this.#held[2]! << 16);
    const type = (word >>> 1) & 3;
    const sizeBytes = word >>> 3;
    if (type === BLOCK_RESERVED || sizeBytes > BLOCK_BYTES_MAX) {
      throw corrupt(WHAT, "a block header is damaged");
    }
    this.#heldBytes = 0;
    this.#skipBytes = type === BLOCK_REPEATED ? 1 : sizeBytes;
    if ((word & 1) === 1) {
      this.#lastBlock = true;
      if (header.contentChecksum) this.#skipBytes += ZSTD_CHECKSUM_BYTES;
    }
  }
}

/** Length of the frame at the start of `src`, or FRAME_NEEDS_MORE. Throws CHI-6002. */
export function zstdFrameLength(src: Uint8Array): number {
  const walker = new ZstdFrameWalker();
  const length = walker.walk(src);
  return walker.ended ? length : FRAME_NEEDS_MORE;
}

/** Raw size that a whole frame declares, or RAW_SIZE_UNKNOWN. Throws CHI-6002. */
export function zstdRawBytes(frame: Uint8Array): number {
  return isSkippableMagic(readU32(frame, 0)) ? 0 : parseZstdHeader(frame).contentBytes;
}
