/**
 * The header of a block, our own form, which pools store.
 *
 *      0  magic  43 48 4d 42 "CHMB"
 *      4  version u8 = 1
 *      5  codec u8             0 lz4 · 1 zstd · 2 gzip · 3 deflate · 255 none
 *      6  filter u8            0 none · 1 byte shuffle
 *      7  type size u8         bytes of an element for the filter, else 0
 *      8  raw length u32
 *     12  stored length u32
 *     16  CRC-32 of the raw bytes u32; 0 for codec none, whose stored bytes they are
 *     20  CRC-32 of bytes 0…19 and of the stored bytes u32
 *     24  stored bytes
 *
 * Numbers are little-endian. Stored bytes: lz4 an lz4 block, zstd a zstd frame, gzip and deflate
 * raw deflate, none the raw bytes. The second checksum finds damage before anything is decoded,
 * even where it would decode to the same; the first one proves what came out.
 */

import { CodecId } from "./codec_table.ts";
import type { TypeSize } from "./codec.ts";
import { corrupt } from "./failure.ts";
import { readU32, writeU32 } from "./little_endian.ts";

export const BLOCK_HEADER_BYTES = 24;

/** Largest raw or stored length that the header can hold. */
export const BLOCK_BYTES_MAX = 0xffffffff;

/** Bytes of the header that the second checksum covers. */
export const BLOCK_CHECKED_BYTES = 20;

const MAGIC = 0x424d4843;
const VERSION = 1;
const FILTER_SHUFFLE = 1;
const TYPE_SIZES: readonly number[] = [2, 4, 8];
const CODEC_IDS: readonly number[] = Object.values(CodecId);
const WHAT = "read a block";

/** What a block says of itself. */
export interface BlockHeader {
  readonly codec: CodecId;
  /** Element size of the byte-shuffle filter, 0 for none. */
  readonly typeSize: TypeSize;
  readonly rawBytes: number;
  readonly storedBytes: number;
  readonly rawChecksum: number;
  readonly checksum: number;
}

/**
 * Reads the header at the start of `src`, of which the caller may trust nothing yet but that its
 * lengths are consistent: the stored bytes lie within `src`.
 *
 * @example
 * ```ts ignore
 * const { rawBytes } = readBlockHeader(stored);
 * if (rawBytes > room) throw new Error("too large");
 * ```
 * @throws CHI-6002 when `src` does not begin with a whole block of this version.
 */
export function readBlockHeader(src: Uint8Array): BlockHeader {
  if (src.length < BLOCK_HEADER_BYTES) throw corrupt(WHAT, "it is shorter than its header");
  if (readU32(src, 0) !== MAGIC) throw corrupt(WHAT, "its magic number is not ours");
  if (src[4] !== VERSION) throw corrupt(WHAT, `its version is ${src[4]}, not ${VERSION}`);
  const codec = src[5]!;
  const filter = src[6]!;
  const typeSize = src[7]!;
  const rawBytes = readU32(src, 8);
  const storedBytes = readU32(src, 12);
  if (!CODEC_IDS.includes(codec)) throw corrupt(WHAT, `it names codec ${codec}`);
  const shuffled = filter === FILTER_SHUFFLE && TYPE_SIZES.includes(typeSize);
  if (!shuffled && (filter !== 0 || typeSize !== 0)) {
    throw corrupt(WHAT, `it names filter ${filter} with elements of ${typeSize} bytes`);
  }
  if (storedBytes > src.length - BLOCK_HEADER_BYTES) throw corrupt(WHAT, "it is cut short");
  return {
    codec: codec as CodecId,
    typeSize: typeSize as TypeSize,
    rawBytes,
    storedBytes,
    rawChecksum: readU32(src, 16),
    checksum: readU32(src, 20),
  };
}

/** Writes all of the header but the second checksum. */
export function writeBlockHeader(dst: Uint8Array, header: Omit<BlockHeader, "checksum">): void {
  writeU32(dst, 0, MAGIC);
  dst[4] = VERSION;
  dst[5] = header.codec;
  dst[6] = header.typeSize === 0 ? 0 : FILTER_SHUFFLE;
  dst[7] = header.typeSize;
  writeU32(dst, 8, header.rawBytes);
  writeU32(dst, 12, header.storedBytes);
  writeU32(dst, 16, header.rawChecksum);
}

/** Writes the second checksum. */
export function sealBlockHeader(dst: Uint8Array, checksum: number): void {
  writeU32(dst, BLOCK_CHECKED_BYTES, checksum);
}
