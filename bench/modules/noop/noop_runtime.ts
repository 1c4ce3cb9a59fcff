/**
 * Server of bench_noop.
 *
 * No-op tasks run on the one lane of the default group. `nest` runs on a lane of another group,
 * which has enough of them to find one on the no-op's worker and one elsewhere.
 */

import {
  ChimaeraError,
  DomainQuery,
  type Lane,
  Module,
  type MonitorMode,
  QUEUE_LOW_LATENCY,
  type RunContext,
  type Task,
} from "chimaera";
import { Client } from "./noop_client.ts";
import { Method } from "./noop_methods.ts";
import type { CreateTask, NestTask, NoopTask, PassTask, SlowNoopTask } from "./noop_tasks.ts";

/** Lanes for `nest`: dealt out evenly, they reach every worker of a small node. */
const NEST_LANES = 4;
/** How much longer a slow no-op takes. */
const SLOW_MS = 0.01;

export class Server extends Module {
  static readonly kDefaultGroup = 0;
  static readonly kNestGroup = 1;

  readonly #self = new Client();

  // CHI_BEGIN(Create)
  override create(_task: CreateTask, _rctx: RunContext): void {
    this.createLaneGroup(Server.kDefaultGroup, 1, QUEUE_LOW_LATENCY);
    this.createLaneGroup(Server.kNestGroup, NEST_LANES, QUEUE_LOW_LATENCY);
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  override mapTaskToLane(task: Task): Lane {
    const noopLane = this.getLaneByHash(Server.kDefaultGroup, task.prio, 0);
    if (task.method !== Method.kNest) return noopLane;
    return this.#nestLane(noopLane.worker, (task as NestTask).across);
  }

  #nestLane(noopWorker: number, across: boolean): Lane {
    for (let index = 0; index < NEST_LANES; index++) {
      const lane = this.getLane(Server.kNestGroup, index);
      if ((lane.worker !== noopWorker) === across) return lane;
    }
    throw new ChimaeraError("noLane", {
      what: "nest",
      why: across ? "all lanes are on the no-op's worker" : "no lane is on the no-op's worker",
    });
  }

  // CHI_BEGIN(Noop)
  noop(task: NoopTask, _rctx: RunContext): void {
    task.result = task.value + 1;
  }
  monitorNoop(_mode: MonitorMode, _task: NoopTask, _rctx: RunContext): void {}
  // CHI_END(Noop)

  // CHI_BEGIN(SlowNoop)
  slowNoop(task: SlowNoopTask, _rctx: RunContext): void {
    const endMs = performance.now() + SLOW_MS;
    while (performance.now() < endMs);
    task.result = task.value + 1;
  }
  monitorSlowNoop(_mode: MonitorMode, _task: SlowNoopTask, _rctx: RunContext): void {}
  // CHI_END(SlowNoop)

  // CHI_BEGIN(Pass)
  pass(task: PassTask, _rctx: RunContext): void {
    const { bytes, size } = task.data;
    task.result = bytes[0]! + bytes[size - 1]! + size;
  }
  monitorPass(_mode: MonitorMode, _task: PassTask, _rctx: RunContext): void {}
  // CHI_END(Pass)

  // CHI_BEGIN(Nest)
  async nest(task: NestTask, rctx: RunContext): Promise<void> {
    this.#self.init(this.poolId);
    const self = this.#self.in(rctx);
    const here = DomainQuery.getLocalId();
    let sum = 0;
    for (let value = 0; value < task.count; value++) sum += await self.noop(here, value);
    task.result = sum;
  }
  monitorNest(_mode: MonitorMode, _task: NestTask, _rctx: RunContext): void {}
  // CHI_END(Nest)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
