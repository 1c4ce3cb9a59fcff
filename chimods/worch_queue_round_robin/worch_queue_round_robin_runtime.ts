/**
 * Lane → worker, in turn: each lane goes to the worker with the fewest lanes, the lowest number
 * first, so that lanes of all pools together are spread evenly.
 */

import {
  type Lane,
  Module,
  type MonitorMode,
  QUEUE_LOW_LATENCY,
  type RunContext,
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

  // CHI_BEGIN(Schedule)
  schedule(task: ScheduleTask, _rctx: RunContext): void {
    const lanes = task.lanesOfWorker;
    const workers: number[] = [];
    for (let k = 0; k < task.laneCount; k++) {
      let least = 0;
      for (let w = 1; w < lanes.length; w++) if (lanes[w]! < lanes[least]!) least = w;
      lanes[least]!++;
      workers.push(least);
    }
    task.workers = workers;
  }
  monitorSchedule(_mode: MonitorMode, _task: ScheduleTask, _rctx: RunContext): void {}
  // CHI_END(Schedule)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
