/**
 * Questions about frames that need no provider: of which codec, how long, how large.
 *
 * Thread rules: none; plain functions of their arguments.
 */

import { codecById, CodecId } from "./codec_table.ts";
import { GZIP_MAGIC, gzipFrameLength, gzipRawBytes, zlibFrameLength } from "./deflate/mod.ts";
import { corrupt, unknownCodec } from "./failure.ts";
import {
  FRAME_NEEDS_MORE,
  isSkippableMagic,
  RAW_SIZE_UNKNOWN,
  SKIPPABLE_HEADER_BYTES,
} from "./frame_length.ts";
import { readU32 } from "./little_endian.ts";
import { LZ4_MAGIC, lz4FrameLength, lz4RawBytes } from "./lz4/mod.ts";
import { ZSTD_MAGIC, zstdFrameLength, zstdRawBytes } from "./zstd/mod.ts";

/**
 * Length in bytes of the frame at the start of `src`.
 *
 * lz4 and zstd frames of any program are measured, and gzip members of ours. For the rest the
 * answer is FRAME_LENGTH_UNKNOWN, and a streaming decoder finds their end.
 *
 * @returns The length, FRAME_NEEDS_MORE while `src` does not hold all of the frame, or
 * FRAME_LENGTH_UNKNOWN.
 * @throws CHI-6002 when no frame of the codec begins there. CHI-6001 for a codec without frames.
 *
 * @example
 * ```ts ignore
 * for (let rest = file; rest.length > 0;) {
 *   const length = frameLength(CodecId.zstd, rest);
 *   if (length === FRAME_NEEDS_MORE) throw new Error("cut short");
 *   pieces.push(rest.subarray(0, length));
 *   rest = rest.subarray(length);
 * }
 * ```
 */
export function frameLength(codec: CodecId, src: Uint8Array): number {
  switch (codec) {
    case CodecId.lz4:
      return lz4FrameLength(src);
    case CodecId.zstd:
      return zstdFrameLength(src);
    case CodecId.gzip:
      return gzipFrameLength(src);
    case CodecId.deflate:
      return zlibFrameLength(src);
    default:
      throw unknownCodec(`frame form of ${codecById(codec).name}`);
  }
}

/**
 * Raw size in bytes that a frame declares. Whoever wrote the frame chose it: cap it before
 * memory is allocated. Decoding checks it.
 *
 * @param frame One whole frame, as {@linkcode frameLength} measured it.
 * @returns The size, or RAW_SIZE_UNKNOWN.
 */
export function frameRawBytes(codec: CodecId, frame: Uint8Array): number {
  const length = frameLength(codec, frame);
  if (length === FRAME_NEEDS_MORE) throw corrupt("measure a frame", "it is cut short");
  switch (codec) {
    case CodecId.lz4:
      return lz4RawBytes(frame);
    case CodecId.zstd:
      return zstdRawBytes(frame);
    case CodecId.gzip:
      return length > 0 ? gzipRawBytes(frame.subarray(0, length)) : RAW_SIZE_UNKNOWN;
    default:
      return RAW_SIZE_UNKNOWN;
  }
}

/**
 * Length in bytes of the skippable frame that `src` begins with, from its first 8 bytes, or 0 when
 * it begins with something else. lz4 and zstd share these frames; they hold nothing to decompress,
 * and may be longer than memory.
 */
export function skippableLength(src: Uint8Array): number {
  if (src.length < SKIPPABLE_HEADER_BYTES || !isSkippableMagic(readU32(src, 0))) return 0;
  return SKIPPABLE_HEADER_BYTES + readU32(src, 4);
}

/**
 * The codec whose magic number `src` begins with, from its first 4 bytes. Skippable frames are
 * shared by lz4 and zstd and zlib has no magic number: both give `undefined`.
 */
export function identifyFrame(src: Uint8Array): CodecId | undefined {
  if (src.length < 4) return undefined;
  const magic = readU32(src, 0);
  if (magic === LZ4_MAGIC) return CodecId.lz4;
  if (magic === ZSTD_MAGIC) return CodecId.zstd;
  if ((magic & 0xffff) === GZIP_MAGIC) return CodecId.gzip;
  return undefined;
}
