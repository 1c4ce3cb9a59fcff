/** The MOD_NAME module. */

import {
  type Lane,
  Module,
  MonitorMode,
  QUEUE_LOW_LATENCY,
  type RunContext,
  type Task,
} from "chimaera";
import type { CreateTask } from "./MOD_NAME_tasks.ts";

export class Server extends Module {
  static readonly kDefaultGroup = 0;

  // CHI_BEGIN(Create)
  /** Makes the pool ready. */
  override create(_task: CreateTask, _rctx: RunContext): void {
    this.createLaneGroup(Server.kDefaultGroup, 1, QUEUE_LOW_LATENCY);
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  /** Chooses the lane of a task. */
  override mapTaskToLane(task: Task): Lane {
    return this.getLaneByHash(Server.kDefaultGroup, task.prio, 0);
  }
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
