/**
 * Worker → processor, in turn, where a processor stays free for the programs that send tasks.
 *
 * Without one none is bound: a client whose only processors are taken by bound workers is woken
 * across processors for each task, which costs about 50 µs on a virtual machine instead of 5.
 */

import {
  type Lane,
  Module,
  type MonitorMode,
  QUEUE_LOW_LATENCY,
  type RunContext,
  type SavedState,
  type Task,
} from "chimaera";
import type { CreateTask, ScheduleTask } from "./worch_proc_round_robin_tasks.ts";

export class Server extends Module {
  static readonly kDefaultGroup = 0;

  // CHI_BEGIN(Create)
  override create(_task: CreateTask, _rctx: RunContext): void {
    this.createLaneGroup(Server.kDefaultGroup, 1, QUEUE_LOW_LATENCY);
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  override mapTaskToLane(task: Task): Lane {
    return this.getLaneByHash(Server.kDefaultGroup, task.prio, 0);
  }

  /** An instance remembers nothing from one task to the next. */
  override saveState(): SavedState {
    return { v: 0, state: null, pointers: [] };
  }

  override restoreState(_saved: SavedState): void {}

  // CHI_BEGIN(Schedule)
  schedule(task: ScheduleTask, _rctx: RunContext): void {
    const { workerCount, allowedCpus } = task;
    const bound = workerCount < allowedCpus.length;
    // The last processors go to workers: the first is where systems put their own work.
    const first = allowedCpus.length - workerCount;
    task.cpus = Array.from(
      { length: workerCount },
      (_, worker) => bound ? allowedCpus[first + worker]! : -1,
    );
  }
  monitorSchedule(_mode: MonitorMode, _task: ScheduleTask, _rctx: RunContext): void {}
  // CHI_END(Schedule)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
