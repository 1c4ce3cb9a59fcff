/**
 * The header of an lz4 frame, and what can be measured of one.
 *
 *     magic 04 22 4d 18 │ FLG │ BD │ content size u64? │ dictionary u32? │ HC
 *     block size u32 │ block │ block checksum u32?      … repeated
 *     end mark 0 u32 │ content checksum u32?
 *
 *     FLG: 7-6 version 01 │ 5 blocks independent │ 4 block checksums │ 3 content size
 *          2 content checksum │ 1 reserved │ 0 dictionary
 *     BD:  7 reserved │ 6-4 largest block: 4 64 KiB, 5 256 KiB, 6 1 MiB, 7 4 MiB │ 3-0 reserved
 *     HC:  second byte of the XXH32 of everything from FLG to before HC
 *     block size: bit 31 set means stored as it is
 *
 * Checksums are XXH32 with seed 0. Format: lz4_Frame_format.md 1.6 of the lz4 project.
 */

import { xxh32 } from "../checksum/mod.ts";
import { corrupt, unavailable } from "../failure.ts";
import {
  FRAME_NEEDS_MORE,
  isSkippableMagic,
  RAW_SIZE_UNKNOWN,
  SKIPPABLE_HEADER_BYTES,
} from "../frame_length.ts";
import { readU32, readU64, writeU32 } from "../little_endian.ts";

export const LZ4_MAGIC = 0x184d2204;

/** Bit of a block's size word: the block is stored as it is. */
export const STORED_BIT = 0x80000000;

/** Bytes of the header that {@linkcode writeLz4Header} writes. */
export const LZ4_HEADER_BYTES = 15;

const WHAT = "read an lz4 frame";
const FLG_VERSION = 0x40;
const FLG_INDEPENDENT = 0x20;
const FLG_BLOCK_CHECKSUM = 0x10;
const FLG_CONTENT_SIZE = 0x08;
const FLG_CONTENT_CHECKSUM = 0x04;
const FLG_RESERVED = 0x02;
const FLG_DICTIONARY = 0x01;

/** What a frame says of itself. */
export interface Lz4FrameHeader {
  readonly headerBytes: number;
  readonly linkedBlocks: boolean;
  readonly blockBytesMax: number;
  readonly blockChecksums: boolean;
  readonly contentChecksum: boolean;
  /** Raw size, or RAW_SIZE_UNKNOWN. */
  readonly contentBytes: number;
}

/** Size of the header of which at least the first 5 bytes are given. */
export function lz4HeaderBytes(src: Uint8Array): number {
  const flags = src[4]!;
  return 7 + ((flags & FLG_CONTENT_SIZE) !== 0 ? 8 : 0) + ((flags & FLG_DICTIONARY) !== 0 ? 4 : 0);
}

/** Reads a whole header. Throws CHI-6002 when it is damaged. */
export function parseLz4Header(src: Uint8Array): Lz4FrameHeader {
  if (readU32(src, 0) !== LZ4_MAGIC) throw corrupt(WHAT, "its magic number is not lz4's");
  const flags = src[4]!;
  const sizes = src[5]!;
  const headerBytes = lz4HeaderBytes(src);
  const check = (xxh32(src.subarray(4, headerBytes - 1)) >>> 8) & 0xff;
  if (check !== src[headerBytes - 1]!) throw corrupt(WHAT, "the header's checksum is wrong");
  if ((flags & 0xc0) !== FLG_VERSION || (flags & FLG_RESERVED) !== 0 || (sizes & 0x8f) !== 0) {
    throw corrupt(WHAT, "its header is of an unknown version");
  }
  const sizeCode = sizes >>> 4;
  if (sizeCode < 4) throw corrupt(WHAT, `its block size code is ${sizeCode}`);
  if ((flags & FLG_DICTIONARY) !== 0) {
    throw unavailable(WHAT, "it needs a dictionary, and none can be given");
  }
  return {
    headerBytes,
    linkedBlocks: (flags & FLG_INDEPENDENT) === 0,
    blockBytesMax: 1 << (8 + 2 * sizeCode),
    blockChecksums: (flags & FLG_BLOCK_CHECKSUM) !== 0,
    contentChecksum: (flags & FLG_CONTENT_CHECKSUM) !== 0,
    contentBytes: (flags & FLG_CONTENT_SIZE) !== 0 ? readU64(src, 6) : RAW_SIZE_UNKNOWN,
  };
}

/** Writes the header of a frame with independent blocks, content size and content checksum. */
export function writeLz4Header(dst: Uint8Array, contentBytes: number, blockBytesMax: number): void {
  writeU32(dst, 0, LZ4_MAGIC);
  dst[4] = FLG_VERSION | FLG_INDEPENDENT | FLG_CONTENT_SIZE | FLG_CONTENT_CHECKSUM;
  dst[5] = ((31 - Math.clz32(blockBytesMax) - 8) / 2) << 4;
  writeU32(dst, 6, contentBytes);
  writeU32(dst, 10, Math.floor(contentBytes / 2 ** 32));
  dst[14] = xxh32(dst.subarray(4, 14)) >>> 8;
}

/** Length of the frame at the start of `src`, or FRAME_NEEDS_MORE. Throws CHI-6002. */
export function lz4FrameLength(src: Uint8Array): number {
  if (src.length < 4) return FRAME_NEEDS_MORE;
  if (isSkippableMagic(readU32(src, 0))) {
    if (src.length < SKIPPABLE_HEADER_BYTES) return FRAME_NEEDS_MORE;
    const length = SKIPPABLE_HEADER_BYTES + readU32(src, 4);
    return length <= src.length ? length : FRAME_NEEDS_MORE;
  }
  if (readU32(src, 0) !== LZ4_MAGIC) throw corrupt(WHAT, "its magic number is not lz4's");
  if (src.length < 5 || src.length < lz4HeaderBytes(src)) return FRAME_NEEDS_MORE;
  const header = parseLz4Header(src);
  const checkBytes = header.blockChecksums ? 4 : 0;
  let at = header.headerBytes;
  while (at + 4 <= src.length) {
    const word = readU32(src, at);
    at += 4;
    if (word === 0) {
      if (header.contentChecksum) at += 4;
      return at <= src.length ? at : FRAME_NEEDS_MORE;
    }
    at += blockStoredBytes(word, header) + checkBytes;
  }
  return FRAME_NEEDS_MORE;
}

/** Bytes that the block of this size word takes. Throws CHI-6002 above the frame's largest. */
export function blockStoredBytes(word: number, header: Lz4FrameHeader): number {
  const storedBytes = (word & ~STORED_BIT) >>> 0;
  if (storedBytes > header.blockBytesMax) {
    throw corrupt(WHAT, `a block claims ${storedBytes} bytes of at most ${header.blockBytesMax}`);
  }
  return storedBytes;
}

/** Raw size that a whole frame declares, or RAW_SIZE_UNKNOWN. Throws CHI-6002. */
export function lz4RawBytes(frame: Uint8Array): number {
  return isSkippableMagic(readU32(frame, 0)) ? 0 : parseLz4Header(frame).contentBytes;
}
