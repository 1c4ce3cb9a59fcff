/**
 * Worker → processor as the bench wants it: all workers on one processor, which may be the
 * submitter's too. The policy in force otherwise gives each worker a processor of its own.
 */

import {
  type Lane,
  Module,
  type MonitorMode,
  QUEUE_LOW_LATENCY,
  type RunContext,
  type Task,
} from "chimaera";
import type { CreateTask, ScheduleTask } from "./placement_tasks.ts";

export class Server extends Module {
  static readonly kDefaultGroup = 0;
  #cpu = 0;

  // CHI_BEGIN(Create)
  override create(task: CreateTask, _rctx: RunContext): void {
    this.createLaneGroup(Server.kDefaultGroup, 1, QUEUE_LOW_LATENCY);
    this.#cpu = task.cpu;
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  override mapTaskToLane(task: Task): Lane {
    return this.getLaneByHash(Server.kDefaultGroup, task.prio, 0);
  }

  // CHI_BEGIN(Schedule)
  schedule(task: ScheduleTask, _rctx: RunContext): void {
    task.cpus = new Array(task.workerCount).fill(this.#cpu);
  }
  monitorSchedule(_mode: MonitorMode, _task: ScheduleTask, _rctx: RunContext): void {}
  // CHI_END(Schedule)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
