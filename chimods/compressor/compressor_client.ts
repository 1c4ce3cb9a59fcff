/**
 * Client of the compressor, and what a program needs to cut streams of frames into tasks.
 *
 * Thread rules: a client belongs to its isolate.
 */

import {
  type Bulk,
  CreateContext,
  createMethod,
  type DomainQuery,
  ModuleClient,
  taskMethod,
} from "chimaera";
import type { CodecReport, TypeSize } from "./codecs/mod.ts";
import {
  CloseStreamTask,
  CODEC_OF_POOL,
  CompressTask,
  CreateTask,
  DecompressTask,
  type Form,
  ListCodecsTask,
  OpenStreamTask,
  PushStreamTask,
} from "./compressor_tasks.ts";

export {
  codecById,
  codecByName,
  CodecId,
  type CodecInfo,
  type CodecName,
  type CodecReport,
  CODECS,
  FRAME_LENGTH_UNKNOWN,
  FRAME_NEEDS_MORE,
  frameLength,
  frameRawBytes,
  identifyFrame,
  RAW_SIZE_UNKNOWN,
  skippableLength,
} from "./codecs/mod.ts";
export { CODEC_OF_POOL, Form } from "./compressor_tasks.ts";

/** What a compression may be told besides its data. */
export interface CompressOptions {
  /** Form.block when absent. */
  readonly form?: Form;
  /** Codec number; the pool's when absent. */
  readonly codec?: number;
  /** Level of that codec; see `CompressTask`. */
  readonly level?: number;
  /** Element size in bytes for the byte-shuffle filter of the block form. */
  readonly typeSize?: TypeSize;
}

/** A stream that was begun. */
export interface OpenStream {
  readonly id: number;
  /** The implementation that decodes it. */
  readonly provider: string;
}

/** What one push of a stream did, in bytes. */
export interface StreamProgress {
  readonly read: number;
  readonly written: number;
}

/** Size in bytes of a destination in which any `rawBytes` bytes fit, by every codec and form. */
export function compressBound(rawBytes: number): number {
  return rawBytes + Math.ceil(rawBytes / 128) + 1024;
}

export class Client extends ModuleClient {
  // CHI_BEGIN(Create)
  /**
   * Makes a pool, or finds the one of that name, and binds this client to it. Throws CHI-4002 when
   * that one has other parameters, CHI-6001 for an unknown codec.
   */
  async create(
    dom: DomainQuery,
    affinity: DomainQuery,
    poolName: string,
    ctx: CreateContext = new CreateContext(),
    compressId = 0,
    level = 0,
    lanes = 0,
  ): Promise<void> {
    using task = await this.asyncCreate.paced(this, dom, affinity, poolName, ctx, {
      compressId,
      level,
      lanes,
    });
    await task.wait();
    ctx.id = task.id;
    this.init(task.id);
  }
  asyncCreate = createMethod(CreateTask);
  // CHI_END(Create)

  // CHI_BEGIN(Compress)
  /** Compresses all of `src` into `dst`; returns the bytes written. Throws CHI-3003 for no room. */
  compress(
    dom: DomainQuery,
    src: Bulk,
    dst: Bulk,
    options: CompressOptions = {},
  ): Promise<number> {
    return this.asyncCompress.ask(dom, { ...placed(src, dst), ...options }, (task) => task.dstSize);
  }
  asyncCompress = taskMethod(CompressTask);
  // CHI_END(Compress)

  // CHI_BEGIN(Decompress)
  /**
   * Decompresses one block or frame into `dst`; returns the bytes written. Throws CHI-6002 for
   * damaged data, CHI-6004 when it holds more than `dst` does.
   */
  decompress(
    dom: DomainQuery,
    src: Bulk,
    dst: Bulk,
    options: Pick<CompressOptions, "form" | "codec"> = {},
  ): Promise<number> {
    return this.asyncDecompress.ask(
      dom,
      { ...placed(src, dst), ...options },
      (task) => task.dstSize,
    );
  }
  asyncDecompress = taskMethod(DecompressTask);
  // CHI_END(Decompress)

  // CHI_BEGIN(OpenStream)
  /**
   * Begins to decompress a stream of frames. Close it: a lane holds 16. Throws CHI-6006 when its
   * lane has no room; streams that were idle for 10 minutes make some.
   */
  async openStream(dom: DomainQuery, codec: number = CODEC_OF_POOL): Promise<OpenStream> {
    using task = await this.asyncOpenStream.paced(dom, { codec });
    await task.wait();
    return { id: task.id, provider: task.provider };
  }
  asyncOpenStream = taskMethod(OpenStreamTask);
  // CHI_END(OpenStream)

  // CHI_BEGIN(PushStream)
  /**
   * Passes bytes to a stream and takes out what they decode to. Pass what was not read again, and
   * go on while `dst` comes back full. Throws CHI-6002 for damaged data.
   */
  async pushStream(dom: DomainQuery, id: number, src: Bulk, dst: Bulk): Promise<StreamProgress> {
    using task = await this.asyncPushStream.paced(dom, { id, ...placed(src, dst) });
    await task.wait();
    return { read: task.srcUsed, written: task.dstSize };
  }
  asyncPushStream = taskMethod(PushStreamTask);
  // CHI_END(PushStream)

  // CHI_BEGIN(CloseStream)
  /** Ends a stream. With `complete`, throws CHI-6002 when it stopped in the middle of a frame. */
  closeStream(dom: DomainQuery, id: number, complete: boolean): Promise<void> {
    return this.asyncCloseStream.ask(dom, { id, complete });
  }
  asyncCloseStream = taskMethod(CloseStreamTask);
  // CHI_END(CloseStream)

  // CHI_BEGIN(ListCodecs)
  /** The codecs, the implementation in use of each, and why no earlier one is. */
  async listCodecs(dom: DomainQuery): Promise<CodecReport[]> {
    using task = await this.asyncListCodecs.paced(dom);
    await task.wait();
    return JSON.parse(task.json);
  }
  asyncListCodecs = taskMethod(ListCodecsTask);
  // CHI_END(ListCodecs)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}

/** The fields of a source and a destination. */
function placed(src: Bulk, dst: Bulk) {
  return { src, srcSize: src.size, dst, dstCapacity: dst.size };
}
