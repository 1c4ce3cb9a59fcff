/**
 * zlib streams in one piece (RFC 1950), the frame form of deflate.
 *
 *     CMF 78 │ FLG │ raw deflate │ Adler-32 of the data, big-endian
 *
 *     CMF: method 8, window of 32 KiB. FLG: 7-6 how hard it was tried │ 5 dictionary │ 4-0 chosen
 *     so that CMF·256 + FLG is a multiple of 31
 */

import { adler32 } from "../checksum/mod.ts";
import { type Codec, requireApart } from "../codec.ts";
import { CodecId, CODECS, resolveLevel } from "../codec_table.ts";
import { corrupt, tooSmall, unavailable } from "../failure.ts";
import { FRAME_LENGTH_UNKNOWN, FRAME_NEEDS_MORE } from "../frame_length.ts";
import { type Provider, requireSize } from "../provider.ts";
import { deflateRaw, storedBytes } from "./stored.ts";

const COMPRESS = "compress a zlib stream";
const DECOMPRESS = "decompress a zlib stream";

const HEADER_BYTES = 2;
const TRAILER_BYTES = 4;
const CMF = 0x78;
const FLG_DICTIONARY = 0x20;

function requireHeader(src: Uint8Array): void {
  const method = src[0]!;
  const flags = src[1]!;
  if ((method & 0x0f) !== 8 || method > CMF || (method * 256 + flags) % 31 !== 0) {
    throw corrupt("read a zlib stream", "its header is not zlib's");
  }
  if ((flags & FLG_DICTIONARY) !== 0) {
    throw unavailable("read a zlib stream", "it needs a dictionary, and none can be given");
  }
}

/** FRAME_NEEDS_MORE or FRAME_LENGTH_UNKNOWN: a zlib stream does not tell. Throws CHI-6002. */
export function zlibFrameLength(src: Uint8Array): number {
  if (src.length < HEADER_BYTES) return FRAME_NEEDS_MORE;
  requireHeader(src);
  return FRAME_LENGTH_UNKNOWN;
}

/** The frame form of deflate, on any provider of raw deflate. */
export class ZlibFrame implements Codec {
  readonly codec = CodecId.deflate;
  readonly #provide: () => Provider;

  /** `provide` gives the provider, or throws once the set is closed. */
  constructor(provide: () => Provider) {
    this.#provide = provide;
  }

  get provider(): Provider["name"] {
    return this.#provide().name;
  }

  bound(rawBytes: number): number {
    return HEADER_BYTES + storedBytes(rawBytes) + TRAILER_BYTES;
  }

  compress(src: Uint8Array, dst: Uint8Array, level = 0): number {
    requireApart(COMPRESS, src, dst);
    requireSize(COMPRESS, this.#provide(), src.length);
    const usedLevel = resolveLevel(CODECS.deflate, level);
    const body = dst.subarray(HEADER_BYTES, Math.max(HEADER_BYTES, dst.length - TRAILER_BYTES));
    const bodyBytes = deflateRaw(this.#provide(), src, body, usedLevel);
    if (bodyBytes === 0) throw tooSmall(COMPRESS, this.bound(src.length), dst.length);

    dst[0] = CMF;
    const effort = usedLevel < 2 ? 0 : usedLevel < 6 ? 1 : usedLevel === 6 ? 2 : 3;
    dst[1] = effort << 6;
    dst[1] += 31 - (CMF * 256 + (effort << 6)) % 31;
    const end = HEADER_BYTES + bodyBytes;
    new DataView(dst.buffer, dst.byteOffset).setUint32(end, adler32(src), false);
    return end + TRAILER_BYTES;
  }

  decompress(src: Uint8Array, dst: Uint8Array): number {
    requireApart(DECOMPRESS, src, dst);
    const bodyEnd = src.length - TRAILER_BYTES;
    if (bodyEnd < HEADER_BYTES) throw corrupt(DECOMPRESS, "it is cut short");
    requireHeader(src);
    const written = this.#provide().decompress(src.subarray(HEADER_BYTES, bodyEnd), dst);
    const checksum = new DataView(src.buffer, src.byteOffset).getUint32(bodyEnd, false);
    if (adler32(dst.subarray(0, written)) !== checksum) {
      throw corrupt(DECOMPRESS, "its checksum is wrong");
    }
    return written;
  }
}
