/**
 * Tasks of the compressor module.
 *
 * Data is passed by pointer: a handler reads `src` and writes `dst` where the caller's blocks lie.
 */

import { defineCreateTask, defineTask, IN, OUT } from "chimaera";
import { Method } from "./compressor_methods.ts";

/** The library's name. Generated. */
export const libName = "chimaera_compressor";

/** In which form compressed data stands. */
export const Form = {
  /** Our header, whose checksum finds any damage, and the data; what pools store. */
  block: 0,
  /** The codec's standard format and nothing of ours; what other programs read. */
  frame: 1,
} as const;
export type Form = typeof Form[keyof typeof Form];

/** In a task's `codec`: the one that the pool was created with. */
export const CODEC_OF_POOL = -1;

/** Longest JSON that ListCodecs carries back. */
const CODECS_BYTES_MAX = 4096;
const PROVIDER_BYTES_MAX = 32;

// CHI_BEGIN(Create)
/** Parameters of a compressor pool. */
export class CreateTask extends defineCreateTask(libName, {
  /** 0 lz4 (default) · 1 zstd · 2 gzip · 3 deflate · 255 none; permanent numbers. */
  compressId: IN.i32(0),
  /** Level within the codec's range; 0 is its default. */
  level: IN.i32(0),
  /** Lanes; 0 makes one per worker and at least 2. */
  lanes: IN.u32(0),
}) {}
// CHI_END(Create)

// CHI_BEGIN(Compress)
/** Compresses `src` into `dst`, which may be the same block; sizes in bytes. */
export class CompressTask extends defineTask(Method.kCompress, {
  src: IN.bulk("srcSize"),
  srcSize: IN.u64(),
  dst: OUT.bulk("dstSize", "dstCapacity"),
  dstCapacity: IN.u64(),
  dstSize: OUT.u64(),
  form: IN.u32(Form.block),
  codec: IN.i32(CODEC_OF_POOL),
  /** 0: the pool's level, or the codec's default when it is not the pool's codec. */
  level: IN.i32(0),
  /** Element size of the byte-shuffle filter, block form only; 0 for none. */
  typeSize: IN.u32(0),
}) {}
// CHI_END(Compress)

// CHI_BEGIN(Decompress)
/** Decompresses all of `src`, one block or one frame, into `dst`, which may be the same block. */
export class DecompressTask extends defineTask(Method.kDecompress, {
  src: IN.bulk("srcSize"),
  srcSize: IN.u64(),
  dst: OUT.bulk("dstSize", "dstCapacity"),
  dstCapacity: IN.u64(),
  dstSize: OUT.u64(),
  form: IN.u32(Form.block),
  /** Of a frame; a block names its own. */
  codec: IN.i32(CODEC_OF_POOL),
}) {}
// CHI_END(Decompress)

// CHI_BEGIN(OpenStream)
/** Begins to decompress a stream of frames that is passed in pieces. */
export class OpenStreamTask extends defineTask(Method.kOpenStream, {
  codec: IN.i32(CODEC_OF_POOL),
  /** Names the stream, and so the lane that holds its decoder. */
  id: OUT.u64(),
  /** The implementation that decodes it. */
  provider: OUT.string(PROVIDER_BYTES_MAX),
}) {}
// CHI_END(OpenStream)

// CHI_BEGIN(PushStream)
/** Passes the next piece of a stream, or what is left of it; one push of a stream at a time. */
export class PushStreamTask extends defineTask(Method.kPushStream, {
  id: IN.u64(),
  src: IN.bulk("srcSize"),
  srcSize: IN.u64(),
  /** Bytes of `src` that were taken. */
  srcUsed: OUT.u64(),
  dst: OUT.bulk("dstSize", "dstCapacity"),
  dstCapacity: IN.u64(),
  dstSize: OUT.u64(),
}) {}
// CHI_END(PushStream)

// CHI_BEGIN(CloseStream)
/** Ends a stream and gives its decoder back. */
export class CloseStreamTask extends defineTask(Method.kCloseStream, {
  id: IN.u64(),
  /** The source is over: fails when it ended in the middle of a frame. */
  complete: IN.bool(),
}) {}
// CHI_END(CloseStream)

// CHI_BEGIN(ListCodecs)
/** The codecs and the implementations in use, as JSON. */
export class ListCodecsTask extends defineTask(Method.kListCodecs, {
  json: OUT.string(CODECS_BYTES_MAX),
}) {}
// CHI_END(ListCodecs)
// CHI_AUTOGEN_METHODS  // keep at class bottom
