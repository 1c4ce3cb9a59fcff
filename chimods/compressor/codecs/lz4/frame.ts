/**
 * lz4 frames in one piece: what the lz4 program reads and writes.
 *
 * Written: independent blocks of at most 4 MiB, content size, content checksum. Read: every frame
 * of the format's current version, linked blocks included, and skippable frames, which hold
 * nothing. The layout is drawn in `frame_header.ts`.
 */

import { xxh32 } from "../checksum/mod.ts";
import { type Codec, requireApart } from "../codec.ts";
import { CodecId, CODECS, resolveLevel } from "../codec_table.ts";
import { corrupt, holdsMore, holdsOther, isKind, overLimit, tooSmall } from "../failure.ts";
import { FRAME_NEEDS_MORE, isSkippableMagic } from "../frame_length.ts";
import { readU32, writeU32 } from "../little_endian.ts";
import {
  blockStoredBytes,
  LZ4_HEADER_BYTES,
  type Lz4FrameHeader,
  lz4FrameLength,
  parseLz4Header,
  STORED_BIT,
  writeLz4Header,
} from "./frame_header.ts";
import { HISTORY_BYTES_MAX, type Lz4Provider } from "./lz4_provider.ts";

const COMPRESS = "compress an lz4 frame";
const DECOMPRESS = "decompress an lz4 frame";

/** Block sizes that a frame can declare. */
const BLOCK_BYTES = [64 << 10, 256 << 10, 1 << 20, 4 << 20] as const;

/** End mark and content checksum. */
const TRAILER_BYTES = 8;

function blockBytesFor(rawBytes: number): number {
  return BLOCK_BYTES.find((blockBytes) => rawBytes <= blockBytes) ?? BLOCK_BYTES[3];
}

/**
 * Decompresses one block of a frame. A block that holds more than its frame allows is damage; one
 * that holds more than `dst` is the caller's limit.
 */
export function decompressFrameBlock(
  provider: Lz4Provider,
  block: Uint8Array,
  dst: Uint8Array,
  history: Uint8Array,
  blockBytesMax: number,
): number {
  try {
    return provider.decompressAfter(block, dst, history);
  } catch (error) {
    if (dst.length < blockBytesMax || !isKind(error, "codecLimit")) throw error;
    throw corrupt(DECOMPRESS, "a block holds more than the frame allows", error);
  }
}

/** The frame form of lz4, on any provider. */
export class Lz4Frame implements Codec {
  readonly codec = CodecId.lz4;
  readonly #provide: () => Lz4Provider;

  /** `provide` gives the provider, or throws once the set is closed. */
  constructor(provide: () => Lz4Provider) {
    this.#provide = provide;
  }

  get provider(): Lz4Provider["name"] {
    return this.#provide().name;
  }

  bound(rawBytes: number): number {
    const blocks = Math.ceil(rawBytes / blockBytesFor(rawBytes));
    return LZ4_HEADER_BYTES + rawBytes + 4 * blocks + TRAILER_BYTES;
  }

  compress(src: Uint8Array, dst: Uint8Array, level = 0): number {
    requireApart(COMPRESS, src, dst);
    const usedLevel = resolveLevel(CODECS.lz4, level);
    const blockBytesMax = blockBytesFor(src.length);
    if (dst.length < LZ4_HEADER_BYTES + TRAILER_BYTES) this.#refuse(src, dst);
    writeLz4Header(dst, src.length, blockBytesMax);

    let at = LZ4_HEADER_BYTES;
    for (let from = 0; from < src.length; from += blockBytesMax) {
      const block = src.subarray(from, from + blockBytesMax);
      const room = dst.length - TRAILER_BYTES - at - 4;
      if (room < 0) this.#refuse(src, dst);
      // A block that does not shrink is stored, so there is no use in room for more.
      const output = dst.subarray(at + 4, at + 4 + Math.min(room, block.length - 1));
      const written = this.#provide().compress(block, output, usedLevel);
      if (written > 0) {
        writeU32(dst, at, written);
        at += 4 + written;
      } else {
        if (room < block.length) this.#refuse(src, dst);
        writeU32(dst, at, block.length | STORED_BIT);
        dst.set(block, at + 4);
        at += 4 + block.length;
      }
    }
    writeU32(dst, at, 0);
    writeU32(dst, at + 4, xxh32(src));
    return at + TRAILER_BYTES;
  }

  #refuse(src: Uint8Array, dst: Uint8Array): never {
    throw tooSmall(COMPRESS, this.bound(src.length), dst.length);
  }

  decompress(src: Uint8Array, dst: Uint8Array): number {
    requireApart(DECOMPRESS, src, dst);
    const length = lz4FrameLength(src);
    if (length === FRAME_NEEDS_MORE) throw corrupt(DECOMPRESS, "it is cut short");
    if (length !== src.length) {
      throw corrupt(DECOMPRESS, `it ends ${src.length - length} bytes early`);
    }
    if (isSkippableMagic(readU32(src, 0))) return 0;

    const header = parseLz4Header(src);
    if (header.contentBytes > dst.length) {
      throw overLimit(DECOMPRESS, `it declares ${header.contentBytes} bytes, above ${dst.length}`);
    }
    if (header.contentBytes < 0) return this.#decodeBlocks(src, dst, header);
    try {
      return this.#decodeBlocks(src, dst.subarray(0, header.contentBytes), header);
    } catch (error) {
      if (!isKind(error, "codecLimit")) throw error;
      throw holdsMore(DECOMPRESS, header.contentBytes, error);
    }
  }

  /** The source may have changed since it was measured, so each length is checked again. */
  #decodeBlocks(src: Uint8Array, dst: Uint8Array, header: Lz4FrameHeader): number {
    const checkBytes = header.blockChecksums ? 4 : 0;
    let from = header.headerBytes;
    let to = 0;
    while (true) {
      if (from + 4 > src.length) throw corrupt(DECOMPRESS, "it is cut short");
      const word = readU32(src, from);
      from += 4;
      if (word === 0) break;
      const storedBytes = blockStoredBytes(word, header);
      if (from + storedBytes + checkBytes > src.length) {
        throw corrupt(DECOMPRESS, "it is cut short");
      }
      const block = src.subarray(from, from + storedBytes);
      from += storedBytes;
      if (header.blockChecksums) {
        if (xxh32(block) !== readU32(src, from)) {
          throw corrupt(DECOMPRESS, "a block's checksum is wrong");
        }
        from += 4;
      }
      to += this.#decodeBlock(block, word >= STORED_BIT, dst, to, header);
    }
    if (header.contentBytes >= 0 && header.contentBytes !== to) {
      throw holdsOther(DECOMPRESS, to, header.contentBytes);
    }
    if (header.contentChecksum) {
      if (from + 4 > src.length) throw corrupt(DECOMPRESS, "it is cut short");
      if (xxh32(dst.subarray(0, to)) !== readU32(src, from)) {
        throw corrupt(DECOMPRESS, "its content checksum is wrong");
      }
    }
    return to;
  }

  #decodeBlock(
    block: Uint8Array,
    stored: boolean,
    dst: Uint8Array,
    to: number,
    header: Lz4FrameHeader,
  ): number {
    const output = dst.subarray(to, to + header.blockBytesMax);
    if (!stored) {
      const historyBytes = header.linkedBlocks ? Math.min(to, HISTORY_BYTES_MAX) : 0;
      const history = dst.subarray(to - historyBytes, to);
      return decompressFrameBlock(this.#provide(), block, output, history, header.blockBytesMax);
    }
    if (block.length > output.length) {
      throw overLimit(DECOMPRESS, `it holds more than the ${dst.length} bytes of the destination`);
    }
    output.set(block);
    return block.length;
  }
}
