/**
 * Server of disk_store. Each lane opens the files for itself, at its first use of them.
 */

import {
  DiskFile,
  type Lane,
  Module,
  type MonitorMode,
  QUEUE_LOW_LATENCY,
  type RunContext,
  type Task,
} from "chimaera";
import { hostOf } from "../../../../runtime/lane/mod.ts";
import type {
  CheckTask,
  CreateTask,
  EchoTask,
  HoldTask,
  ReadPipeTask,
  ReadTask,
  ReleaseTask,
  WriteTask,
} from "./store_tasks.ts";

const SCRATCH_BYTES = 10_000;

export class Server extends Module {
  static readonly kDefaultGroup = 0;

  #file!: DiskFile;
  #pipe: DiskFile | null = null;
  readonly #held: (() => void)[] = [];

  // CHI_BEGIN(Create)
  override async create(task: CreateTask, rctx: RunContext): Promise<void> {
    const { path, pipe, lanes } = task;
    this.createLaneGroup(Server.kDefaultGroup, lanes, QUEUE_LOW_LATENCY);
    this.shared = { path, pipe };
    await this.open();
    // A pool may look at its file before it is one.
    const head = new Uint8Array(16);
    const sizeBytes = await this.#file.in(rctx).read(head, 0);
    if (sizeBytes < Math.min(16, this.#file.sizeBytes)) throw new Error(`read ${sizeBytes}`);
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  override async open(): Promise<void> {
    const { path, pipe } = this.shared as { path: string; pipe: string };
    this.#file = await DiskFile.open(path, { write: true });
    if (pipe !== "") this.#pipe = await DiskFile.open(pipe, { write: true });
  }

  override async close(): Promise<void> {
    await this.#file.close();
    await this.#pipe?.close();
  }

  override mapTaskToLane(task: Task): Lane {
    return this.getLaneByHash(Server.kDefaultGroup, task.prio, (task as EchoTask).lane);
  }

  // CHI_BEGIN(Read)
  async read(task: ReadTask, rctx: RunContext): Promise<void> {
    task.dataSize = await this.#file.in(rctx).read(task.data, task.offset);
  }
  monitorRead(_mode: MonitorMode, _task: ReadTask, _rctx: RunContext): void {}
  // CHI_END(Read)

  // CHI_BEGIN(Write)
  async write(task: WriteTask, rctx: RunContext): Promise<void> {
    const file = this.#file.in(rctx);
    task.written = await file.write(task.data, task.offset);
    await file.sync({ dataOnly: true });
  }
  monitorWrite(_mode: MonitorMode, _task: WriteTask, _rctx: RunContext): void {}
  // CHI_END(Write)

  // CHI_BEGIN(ReadPipe)
  readPipe(task: ReadPipeTask, rctx: RunContext): void | Promise<void> {
    const reading = this.#pipe!.in(rctx).read(task.data, 0);
    if (!task.awaited) return;
    return reading.then((sizeBytes) => {
      task.dataSize = sizeBytes;
    });
  }
  monitorReadPipe(_mode: MonitorMode, _task: ReadPipeTask, _rctx: RunContext): void {}
  // CHI_END(ReadPipe)

  // CHI_BEGIN(Echo)
  echo(task: EchoTask, _rctx: RunContext): void {
    task.result = task.value + 1;
  }
  monitorEcho(_mode: MonitorMode, _task: EchoTask, _rctx: RunContext): void {}
  // CHI_END(Echo)

  // CHI_BEGIN(Hold)
  hold(_task: HoldTask, _rctx: RunContext): Promise<void> {
    return new Promise((resolve) => this.#held.push(resolve));
  }
  monitorHold(_mode: MonitorMode, _task: HoldTask, _rctx: RunContext): void {}
  // CHI_END(Hold)

  // CHI_BEGIN(Release)
  release(_task: ReleaseTask, _rctx: RunContext): void {
    for (const go of this.#held.splice(0)) go();
  }
  monitorRelease(_mode: MonitorMode, _task: ReleaseTask, _rctx: RunContext): void {}
  // CHI_END(Release)

  // CHI_BEGIN(Check)
  async check(task: CheckTask, rctx: RunContext): Promise<void> {
    const file = this.#file.in(rctx);
    // Private bytes, and a part of a larger buffer.
    const scratch = new Uint8Array(SCRATCH_BYTES + 2).fill(0xee);
    const inside = scratch.subarray(1, SCRATCH_BYTES + 1);
    const bytes = Uint8Array.from(inside, (_, k) => k * 7);
    let done = await file.write(bytes, task.offset);
    if (done !== SCRATCH_BYTES) throw new Error(`wrote ${done}`);
    done = await file.read(inside, task.offset);
    if (done !== SCRATCH_BYTES) throw new Error(`read ${done}`);
    if (inside.some((byte, k) => byte !== bytes[k])) throw new Error("other bytes came back");
    if (scratch[0] !== 0xee || scratch.at(-1) !== 0xee) throw new Error("it read beside the bytes");
    done = await file.read(new Uint8Array(0), 0);
    if (done !== 0) throw new Error(`read ${done} into nothing`);
    await file.sync();
    task.backend = hostOf(rctx).disk.backend;
  }
  monitorCheck(_mode: MonitorMode, _task: CheckTask, _rctx: RunContext): void {}
  // CHI_END(Check)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
