/**
 * Server of bench_lanes.
 *
 * No-op tasks and reads run on the one lane of the default group. The others run on lanes of
 * another group, which has enough of them to find one on the no-op's worker and one elsewhere.
 */

import {
  ChimaeraError,
  DiskFile,
  DomainQuery,
  type HeapBlock,
  type Lane,
  Module,
  type MonitorMode,
  QUEUE_LOW_LATENCY,
  type RunContext,
  type Task,
} from "chimaera";
import { Client } from "./lanes_client.ts";
import { Method } from "./lanes_methods.ts";
import type { CreateTask, FanoutTask, NoopTask, ReadTask, SpinTask } from "./lanes_tasks.ts";

/** Lanes for what is not on the no-ops': dealt out evenly, they reach each of two workers. */
const WORK_LANES = 4;
const PAGE_BYTES = 4096;

export class Server extends Module {
  static readonly kDefaultGroup = 0;
  static readonly kWorkGroup = 1;

  readonly #self = new Client();
  #file: DiskFile | null = null;
  #page: HeapBlock | null = null;

  // CHI_BEGIN(Create)
  override async create(task: CreateTask, _rctx: RunContext): Promise<void> {
    this.createLaneGroup(Server.kDefaultGroup, 1, QUEUE_LOW_LATENCY);
    this.createLaneGroup(Server.kWorkGroup, WORK_LANES, QUEUE_LOW_LATENCY);
    if (task.path === "") return;
    this.#file = await DiskFile.open(task.path);
    this.#page = this.allocBlock(PAGE_BYTES);
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  override async close(): Promise<void> {
    await this.#file?.close();
    this.#page?.free();
  }

  override mapTaskToLane(task: Task): Lane {
    const noopLane = this.getLaneByHash(Server.kDefaultGroup, task.prio, 0);
    switch (task.method) {
      case Method.kSpin:
        return this.#workLane(noopLane.worker, (task as SpinTask).across);
      case Method.kFanout:
        return this.#workLane(noopLane.worker, (task as FanoutTask).across);
      default:
        return noopLane;
    }
  }

  #workLane(noopWorker: number, across: boolean): Lane {
    for (let index = 0; index < WORK_LANES; index++) {
      const lane = this.getLane(Server.kWorkGroup, index);
      if ((lane.worker !== noopWorker) === across) return lane;
    }
    throw new ChimaeraError("noLane", {
      what: "bench_lanes",
      why: across ? "all lanes are on the no-ops' worker" : "no lane is on the no-ops' worker",
    });
  }

  // CHI_BEGIN(Noop)
  noop(task: NoopTask, _rctx: RunContext): void {
    task.result = task.value + 1;
  }
  monitorNoop(_mode: MonitorMode, _task: NoopTask, _rctx: RunContext): void {}
  // CHI_END(Noop)

  // CHI_BEGIN(Spin)
  spin(task: SpinTask, _rctx: RunContext): void {
    let value = task.seed | 0;
    for (let round = task.rounds; round > 0; round--) {
      value ^= value << 13;
      value ^= value >>> 17;
      value ^= value << 5;
    }
    task.result = value >>> 0;
  }
  monitorSpin(_mode: MonitorMode, _task: SpinTask, _rctx: RunContext): void {}
  // CHI_END(Spin)

  // CHI_BEGIN(Fanout)
  async fanout(task: FanoutTask, rctx: RunContext): Promise<void> {
    this.#self.init(this.poolId);
    const self = this.#self.in(rctx);
    const here = DomainQuery.getLocalId();
    const calls: Promise<number>[] = [];
    for (let value = 0; value < task.width; value++) calls.push(self.noop(here, value));
    let sum = 0;
    for (const result of await Promise.all(calls)) sum += result;
    task.result = sum;
  }
  monitorFanout(_mode: MonitorMode, _task: FanoutTask, _rctx: RunContext): void {}
  // CHI_END(Fanout)

  // CHI_BEGIN(Read)
  async read(task: ReadTask, rctx: RunContext): Promise<void> {
    const { bytes } = this.#page!;
    const startMs = performance.now();
    const length = await this.#file!.in(rctx).read(bytes, task.offset);
    task.tookMs = performance.now() - startMs;
    let sum = 0;
    for (let at = 0; at < length; at++) sum += bytes[at]!;
    task.sum = sum;
  }
  monitorRead(_mode: MonitorMode, _task: ReadTask, _rctx: RunContext): void {}
  // CHI_END(Read)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
