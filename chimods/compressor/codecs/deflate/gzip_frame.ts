/**
 * gzip members in one piece: what the gzip program reads and writes.
 *
 *      0 magic 1f 8b │ method 08 │ flags │ mtime u32 │ speed u8 │ system u8
 *     10 extra length u16 │ "CH" │ 04 00 │ member size u32      (ours; flag 04)
 *     20 raw deflate │ CRC-32 of the data u32 │ its size u32
 *
 * The subfield "CH" holds the size in bytes of the whole member, first byte to last, so that a
 * file of many members can be taken apart without decoding it; RFC 1952 has other programs pass
 * over it. Members without it are read as well, but their end is found by decoding only.
 */

import type { Crc32 } from "../checksum/mod.ts";
import { type Codec, requireApart } from "../codec.ts";
import { CodecId, CODECS, resolveLevel } from "../codec_table.ts";
import { corrupt, holdsMore, holdsOther, isKind, overLimit, tooSmall } from "../failure.ts";
import { FRAME_LENGTH_UNKNOWN, FRAME_NEEDS_MORE } from "../frame_length.ts";
import { readU32, writeU32 } from "../little_endian.ts";
import { type Provider, requireSize } from "../provider.ts";
import { deflateRaw, storedBytes } from "./stored.ts";

const COMPRESS = "compress a gzip member";
const DECOMPRESS = "decompress a gzip member";

const FIXED_HEADER_BYTES = 10;
const OUR_HEADER_BYTES = 20;
const TRAILER_BYTES = 8;
const METHOD_DEFLATE = 8;
const SYSTEM_UNKNOWN = 255;
const SUBFIELD_BYTES = 8;
const SUBFIELD_ID = [0x43, 0x48] as const;

const Flag = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

/** First two bytes of a member, little-endian. */
export const GZIP_MAGIC = 0x8b1f;

function requireMagic(src: Uint8Array): void {
  const magic = [0x1f, 0x8b, METHOD_DEFLATE];
  if (magic.some((byte, index) => index < src.length && src[index] !== byte)) {
    throw corrupt("read a gzip member", "its magic number is not gzip's");
  }
}

/** Size of the member's header, or FRAME_NEEDS_MORE. Throws CHI-6002. */
function headerBytesOf(src: Uint8Array): number {
  requireMagic(src);
  if (src.length < FIXED_HEADER_BYTES) return FRAME_NEEDS_MORE;
  const flags = src[3]!;
  if ((flags & Flag.reserved) !== 0) {
    throw corrupt("read a gzip member", "its header is of an unknown version");
  }
  let at = FIXED_HEADER_BYTES;
  if ((flags & Flag.extra) !== 0) {
    if (at + 2 > src.length) return FRAME_NEEDS_MORE;
    at += 2 + (src[at]! | (src[at + 1]! << 8));
  }
  for (const text of [Flag.name, Flag.comment]) {
    if ((flags & text) === 0) continue;
    const end = src.indexOf(0, at);
    if (end < 0) return FRAME_NEEDS_MORE;
    at = end + 1;
  }
  if ((flags & Flag.headerCrc) !== 0) at += 2;
  return at <= src.length ? at : FRAME_NEEDS_MORE;
}

/**
 * Length of the member at the start of `src` by our subfield, FRAME_NEEDS_MORE, or
 * FRAME_LENGTH_UNKNOWN for a member of another program. Throws CHI-6002.
 */
export function gzipFrameLength(src: Uint8Array): number {
  requireMagic(src);
  if (src.length < FIXED_HEADER_BYTES) return FRAME_NEEDS_MORE;
  if ((src[3]! & Flag.extra) === 0) return FRAME_LENGTH_UNKNOWN;
  if (src.length < FIXED_HEADER_BYTES + 2) return FRAME_NEEDS_MORE;
  const end = FIXED_HEADER_BYTES + 2 + (src[10]! | (src[11]! << 8));
  if (src.length < end) return FRAME_NEEDS_MORE;
  for (let at = FIXED_HEADER_BYTES + 2; at + 4 <= end;) {
    const dataBytes = src[at + 2]! | (src[at + 3]! << 8);
    if (src[at] === SUBFIELD_ID[0] && src[at + 1] === SUBFIELD_ID[1] && dataBytes === 4) {
      if (at + SUBFIELD_BYTES > end) break;
      const length = readU32(src, at + 4);
      if (length < end + TRAILER_BYTES) {
        throw corrupt("read a gzip member", `its size field says ${length} bytes`);
      }
      return length <= src.length ? length : FRAME_NEEDS_MORE;
    }
    at += 4 + dataBytes;
  }
  return FRAME_LENGTH_UNKNOWN;
}

/** Raw size that a whole member declares in its last bytes. */
export function gzipRawBytes(member: Uint8Array): number {
  return readU32(member, member.length - 4);
}

/** The frame form of gzip, on any provider of raw deflate. */
export class GzipFrame implements Codec {
  readonly codec = CodecId.gzip;
  readonly #provide: () => Provider;
  readonly #crc32: Crc32;

  /** `provide` gives the provider, or throws once the set is closed. */
  constructor(provide: () => Provider, crc32: Crc32) {
    this.#provide = provide;
    this.#crc32 = crc32;
  }

  get provider(): Provider["name"] {
    return this.#provide().name;
  }

  bound(rawBytes: number): number {
    return OUR_HEADER_BYTES + storedBytes(rawBytes) + TRAILER_BYTES;
  }

  compress(src: Uint8Array, dst: Uint8Array, level = 0): number {
    requireApart(COMPRESS, src, dst);
    requireSize(COMPRESS, this.#provide(), src.length);
    const usedLevel = resolveLevel(CODECS.gzip, level);
    const body = dst.subarray(
      OUR_HEADER_BYTES,
      Math.max(OUR_HEADER_BYTES, dst.length - TRAILER_BYTES),
    );
    const bodyBytes = deflateRaw(this.#provide(), src, body, usedLevel);
    if (bodyBytes === 0) throw tooSmall(COMPRESS, this.bound(src.length), dst.length);

    const end = OUR_HEADER_BYTES + bodyBytes;
    writeHeader(dst, usedLevel, end + TRAILER_BYTES);
    writeU32(dst, end, this.#crc32(src));
    writeU32(dst, end + 4, src.length);
    return end + TRAILER_BYTES;
  }

  decompress(src: Uint8Array, dst: Uint8Array): number {
    requireApart(DECOMPRESS, src, dst);
    const headerBytes = headerBytesOf(src);
    const bodyEnd = src.length - TRAILER_BYTES;
    if (headerBytes === FRAME_NEEDS_MORE || headerBytes > bodyEnd) {
      throw corrupt(DECOMPRESS, "it is cut short");
    }
    const checksum = readU32(src, bodyEnd);
    const rawBytes = readU32(src, bodyEnd + 4);
    if (rawBytes > dst.length) {
      throw overLimit(DECOMPRESS, `it declares ${rawBytes} bytes, above ${dst.length}`);
    }
    const output = dst.subarray(0, rawBytes);
    const written = this.#inflate(src.subarray(headerBytes, bodyEnd), output);
    if (written !== rawBytes) throw holdsOther(DECOMPRESS, written, rawBytes);
    if (this.#crc32(output) !== checksum) throw corrupt(DECOMPRESS, "its checksum is wrong");
    return written;
  }

  /** `output` is as long as the member declares; a member with more in it is damaged. */
  #inflate(body: Uint8Array, output: Uint8Array): number {
    const provider = this.#provide();
    try {
      return provider.decompress(body, output);
    } catch (error) {
      if (output.length > provider.rawBytesMax || !isKind(error, "codecLimit")) throw error;
      throw holdsMore(DECOMPRESS, output.length, error);
    }
  }
}

function writeHeader(dst: Uint8Array, level: number, memberBytes: number): void {
  dst[0] = GZIP_MAGIC & 0xff;
  dst[1] = GZIP_MAGIC >>> 8;
  dst[2] = METHOD_DEFLATE;
  dst[3] = Flag.extra;
  writeU32(dst, 4, 0);
  dst[8] = level === CODECS.gzip.levelMax ? 2 : level === CODECS.gzip.levelMin ? 4 : 0;
  dst[9] = SYSTEM_UNKNOWN;
  dst[10] = SUBFIELD_BYTES;
  dst[11] = 0;
  dst[12] = SUBFIELD_ID[0];
  dst[13] = SUBFIELD_ID[1];
  dst[14] = 4;
  dst[15] = 0;
  writeU32(dst, 16, memberBytes);
}
