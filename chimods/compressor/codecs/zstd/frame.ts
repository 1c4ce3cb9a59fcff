/**
 * zstd frames in one piece: what the zstd program reads and writes.
 *
 * Written: content size and content checksum. Read: every frame without a dictionary, and
 * skippable frames, which hold nothing. The layout is drawn in `frame_layout.ts`.
 */

import { type Codec, requireApart } from "../codec.ts";
import { CodecId, CODECS, resolveLevel } from "../codec_table.ts";
import { corrupt, holdsMore, holdsOther, isKind, overLimit, tooSmall } from "../failure.ts";
import { RAW_SIZE_UNKNOWN } from "../frame_length.ts";
import { requireSize } from "../provider.ts";
import { type ZstdFrameHeader, ZstdFrameWalker } from "./frame_layout.ts";
import { WINDOW_BYTES_MAX, zstdBound, type ZstdProvider } from "./zstd_provider.ts";

const COMPRESS = "compress a zstd frame";
const DECOMPRESS = "decompress a zstd frame";

/** The frame form of zstd, on any provider. */
export class ZstdFrame implements Codec {
  readonly codec = CodecId.zstd;
  readonly #provide: () => ZstdProvider;

  /** `provide` gives the provider, or throws once the set is closed. */
  constructor(provide: () => ZstdProvider) {
    this.#provide = provide;
  }

  get provider(): ZstdProvider["name"] {
    return this.#provide().name;
  }

  bound(rawBytes: number): number {
    return zstdBound(rawBytes);
  }

  compress(src: Uint8Array, dst: Uint8Array, level = 0): number {
    requireApart(COMPRESS, src, dst);
    requireSize(COMPRESS, this.#provide(), src.length);
    const usedLevel = resolveLevel(CODECS.zstd, level);
    const written = this.#provide().compressFrame(src, dst, usedLevel);
    if (written === 0) throw tooSmall(COMPRESS, this.bound(src.length), dst.length);
    return written;
  }

  decompress(src: Uint8Array, dst: Uint8Array): number {
    requireApart(DECOMPRESS, src, dst);
    const walker = new ZstdFrameWalker();
    const length = walker.walk(src);
    if (!walker.ended) throw corrupt(DECOMPRESS, "it is cut short");
    if (length !== src.length) {
      throw corrupt(DECOMPRESS, `it ends ${src.length - length} bytes early`);
    }
    if (walker.header === null) return 0;

    const { contentBytes } = walker.header;
    if (contentBytes > dst.length) {
      throw overLimit(DECOMPRESS, `it declares ${contentBytes} bytes, above ${dst.length}`);
    }
    if (contentBytes === RAW_SIZE_UNKNOWN) return this.#provide().decompress(src, dst);
    return this.#decompressDeclared(src, dst.subarray(0, contentBytes), walker.header);
  }

  /** A frame that does not fit what it declares is damaged, unless the provider cannot take it. */
  #decompressDeclared(src: Uint8Array, dst: Uint8Array, header: ZstdFrameHeader): number {
    const provider = this.#provide();
    const { contentBytes, windowBytes } = header;
    let written: number;
    try {
      written = provider.decompress(src, dst);
    } catch (error) {
      const able = windowBytes <= WINDOW_BYTES_MAX && contentBytes <= provider.rawBytesMax;
      if (!able || !isKind(error, "codecLimit")) throw error;
      throw holdsMore(DECOMPRESS, contentBytes, error);
    }
    if (written !== contentBytes) throw holdsOther(DECOMPRESS, written, contentBytes);
    return written;
  }
}
