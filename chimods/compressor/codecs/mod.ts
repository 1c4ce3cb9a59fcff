/**
 * Codecs: lz4, zstd, gzip and deflate, each by whatever implementation the machine has, in two
 * forms: our block, which finds any damage, and the codec's standard frame, which other programs
 * read.
 *
 * @example
 * ```ts ignore
 * import { CodecId, openCodecs } from "./codecs/mod.ts";
 *
 * using codecs = await openCodecs();
 * const zstd = codecs.frame(CodecId.zstd);
 * const packed = new Uint8Array(zstd.bound(data.length));
 * const packedBytes = zstd.compress(data, packed);
 * ```
 */

export { BLOCK_HEADER_BYTES, type BlockHeader, readBlockHeader } from "./block_header.ts";
export type { BlockCodec, Codec, TypeSize } from "./codec.ts";
export { type CodecOptions, type CodecReport, CodecSet, openCodecs } from "./codec_set.ts";
export {
  codecById,
  codecByName,
  CodecId,
  type CodecInfo,
  type CodecName,
  CODECS,
} from "./codec_table.ts";
export type { DecodeProgress, FrameDecoder } from "./frame_decoder.ts";
export { FRAME_LENGTH_UNKNOWN, FRAME_NEEDS_MORE, RAW_SIZE_UNKNOWN } from "./frame_length.ts";
export { frameLength, frameRawBytes, identifyFrame, skippableLength } from "./frames.ts";
export type { SkippedProvider } from "./open_provider.ts";
export { PROVIDER_ORDER, type ProviderName } from "./provider.ts";
export { shuffle, unshuffle } from "./shuffle.ts";
