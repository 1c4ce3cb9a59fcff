/**
 * The compressor module: data from one of the caller's blocks to another, by whatever codec.
 *
 * Blocks and frames go to the least loaded lane, and any lane can take any of them. A stream is a
 * conversation: its decoder lives on one lane, and its pieces go there.
 */

import {
  ChimaeraError,
  type Lane,
  Module,
  type MonitorMode,
  QUEUE_LOW_LATENCY,
  type RunContext,
  type SavedState,
  type Task,
} from "chimaera";
import {
  type Codec,
  codecById,
  type CodecId,
  type CodecSet,
  openCodecs,
  type TypeSize,
} from "./codecs/mod.ts";
import {
  CloseStreamTask,
  CODEC_OF_POOL,
  type CompressTask,
  type CreateTask,
  type DecompressTask,
  Form,
  type ListCodecsTask,
  type OpenStreamTask,
  PushStreamTask,
} from "./compressor_tasks.ts";
import { laneHashOf, Streams } from "./streams.ts";

/** What every lane knows of its pool. */
interface Settings {
  readonly codec: CodecId;
  readonly level: number;
}

export class Server extends Module {
  static readonly kDefaultGroup = 0;
  #codecs!: CodecSet;
  #streams: Streams | null = null;

  // CHI_BEGIN(Create)
  /** Throws CHI-6001 for an unknown codec, CHI-6003 for one that the machine cannot do. */
  override async create(task: CreateTask, _rctx: RunContext): Promise<void> {
    const lanes = task.lanes || Math.max(2, this.workerCount);
    this.createLaneGroup(Server.kDefaultGroup, lanes, QUEUE_LOW_LATENCY);
    const settings: Settings = { codec: codecById(task.compressId).id, level: task.level };
    this.shared = settings;
    await this.open();
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  /** Codecs have contexts that one thread may use: a worker's lanes share them. */
  override async open(): Promise<void> {
    this.#codecs = await this.perWorker(
      "codecs",
      () => openCodecs(),
      (opened) => void opened.then((codecs) => codecs[Symbol.dispose]()),
    );
  }

  override close(): void {
    this.#streams?.closeAll();
  }

  /** Between two tasks a lane has nothing but its open streams, and those are native. CHI-4017. */
  override saveState(): SavedState {
    const count = this.#streams?.count ?? 0;
    if (count > 0) {
      throw new ChimaeraError("laneBusy", {
        what: "move a lane of a compressor",
        why: `${count} streams are open on it`,
        hint: "the lane runs on where it was: close its streams first",
      });
    }
    return { v: 0, state: null, pointers: [] };
  }

  override async restoreState(_saved: SavedState): Promise<void> {
    await this.open();
  }

  override mapTaskToLane(task: Task): Lane {
    if (task instanceof PushStreamTask || task instanceof CloseStreamTask) {
      return this.getLaneByHash(Server.kDefaultGroup, task.prio, laneHashOf(task.id));
    }
    return this.getLeastLoadedLane(Server.kDefaultGroup, task.prio);
  }

  // CHI_BEGIN(Compress)
  compress(task: CompressTask, _rctx: RunContext): void {
    const codec = this.#codecOf(task.codec);
    const level = task.level || this.#levelOf(codec);
    const { src, dst } = bytesOf(task);
    if (task.form === Form.block) {
      const typeSize = typeSizeOf(task.typeSize);
      task.dstSize = this.#codecs.block(codec).compress(src, dst, level, typeSize);
    } else task.dstSize = this.#inForm(task.form, codec).compress(src, dst, level);
  }
  monitorCompress(_mode: MonitorMode, _task: CompressTask, _rctx: RunContext): void {}
  // CHI_END(Compress)

  // CHI_BEGIN(Decompress)
  decompress(task: DecompressTask, _rctx: RunContext): void {
    const { src, dst } = bytesOf(task);
    task.dstSize = this.#inForm(task.form, this.#codecOf(task.codec)).decompress(src, dst);
  }
  monitorDecompress(_mode: MonitorMode, _task: DecompressTask, _rctx: RunContext): void {}
  // CHI_END(Decompress)

  // CHI_BEGIN(OpenStream)
  openStream(task: OpenStreamTask, rctx: RunContext): void {
    const streams = this.#streamsOf(rctx);
    streams.makeRoom();
    const decoder = this.#codecs.openDecoder(this.#codecOf(task.codec));
    task.id = streams.add(decoder);
    task.provider = decoder.provider;
  }
  monitorOpenStream(_mode: MonitorMode, _task: OpenStreamTask, _rctx: RunContext): void {}
  // CHI_END(OpenStream)

  // CHI_BEGIN(PushStream)
  pushStream(task: PushStreamTask, rctx: RunContext): void | Promise<void> {
    const decoder = this.#streamsOf(rctx).get(task.id);
    const { src, dst } = bytesOf(task);
    const progress = decoder.push(src, dst);
    if (progress instanceof Promise) {
      return progress.then(({ read, written }) => {
        task.srcUsed = read;
        task.dstSize = written;
      });
    }
    task.srcUsed = progress.read;
    task.dstSize = progress.written;
  }
  monitorPushStream(_mode: MonitorMode, _task: PushStreamTask, _rctx: RunContext): void {}
  // CHI_END(PushStream)

  // CHI_BEGIN(CloseStream)
  async closeStream(task: CloseStreamTask, rctx: RunContext): Promise<void> {
    const { id, complete } = task;
    const streams = this.#streamsOf(rctx);
    const decoder = streams.get(id);
    try {
      if (complete) await decoder.finish();
    } finally {
      streams.close(id);
    }
  }
  monitorCloseStream(_mode: MonitorMode, _task: CloseStreamTask, _rctx: RunContext): void {}
  // CHI_END(CloseStream)

  // CHI_BEGIN(ListCodecs)
  listCodecs(task: ListCodecsTask, _rctx: RunContext): void {
    task.json = JSON.stringify(this.#codecs.report());
  }
  monitorListCodecs(_mode: MonitorMode, _task: ListCodecsTask, _rctx: RunContext): void {}
  // CHI_END(ListCodecs)
  // CHI_AUTOGEN_METHODS  // keep at class bottom

  get #settings(): Settings {
    return this.shared as Settings;
  }

  #codecOf(codec: number): CodecId {
    return codec === CODEC_OF_POOL ? this.#settings.codec : codecById(codec).id;
  }

  /** The pool's level is one of its own codec; 0 is any codec's default. */
  #levelOf(codec: CodecId): number {
    const settings = this.#settings;
    return codec === settings.codec ? settings.level : 0;
  }

  #inForm(form: number, codec: CodecId): Codec {
    if (form === Form.block) return this.#codecs.block(codec);
    if (form === Form.frame) return this.#codecs.frame(codec);
    throw badField(`form ${form}`, "use Form.block or Form.frame");
  }

  #streamsOf(rctx: RunContext): Streams {
    return this.#streams ??= new Streams(rctx.lane.index);
  }
}

/** Source and destination of a task. Codecs need them apart, so a shared source is copied first. */
function bytesOf(
  task: CompressTask | DecompressTask | PushStreamTask,
): { src: Uint8Array; dst: Uint8Array } {
  const { src, dst } = task;
  const apart = src.pointer.segment !== dst.pointer.segment ||
    src.pointer.offset >= dst.pointer.offset + dst.size ||
    dst.pointer.offset >= src.pointer.offset + src.size;
  return { src: apart ? src.bytes : src.bytes.slice(), dst: dst.bytes };
}

function typeSizeOf(bytes: number): TypeSize {
  if (bytes === 0 || bytes === 2 || bytes === 4 || bytes === 8) return bytes;
  throw badField(`filter for elements of ${bytes} bytes`, "use 2, 4 or 8, or 0 for none");
}

function badField(why: string, hint: string): ChimaeraError {
  return new ChimaeraError("badField", {
    what: "use the compressor",
    why: `there is no ${why}`,
    hint,
  });
}
