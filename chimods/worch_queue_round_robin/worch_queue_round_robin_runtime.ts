/**
 * Lane → worker, in turn: a group's lanes are spread over the workers as evenly as they go, because
 * running at the same time is what a group has several lanes for. Workers with the fewest lanes of
 * all pools come first, then those with the lowest number.
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
import type { CreateTask, ScheduleTask } from "./worch_queue_round_robin_tasks.ts";

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
    const lanes = task.lanesOfWorker;
    const order = lanes.map((_, worker) => worker).sort((a, b) => lanes[a]! - lanes[b]! || a - b);
    task.workers = Array.from({ length: task.laneCount }, (_, k) => order[k % order.length]!);
  }
  monitorSchedule(_mode: MonitorMode, _task: ScheduleTask, _rctx: RunContext): void {}
  // CHI_END(Schedule)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
