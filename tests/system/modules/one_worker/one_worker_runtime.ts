/** Lane → worker: every lane to worker 0, unless the pool was made to answer nonsense. */

import {
  type Lane,
  Module,
  type MonitorMode,
  QUEUE_LOW_LATENCY,
  type RunContext,
  type Task,
} from "chimaera";
import { Answer, type CreateTask, type ScheduleTask } from "./one_worker_tasks.ts";

export class Server extends Module {
  static readonly kDefaultGroup = 0;
  #answer: number = Answer.right;
  #asked = 0;

  // CHI_BEGIN(Create)
  override create(task: CreateTask, _rctx: RunContext): void {
    this.createLaneGroup(Server.kDefaultGroup, 1, QUEUE_LOW_LATENCY);
    this.#answer = task.answer;
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  override mapTaskToLane(task: Task): Lane {
    return this.getLaneByHash(Server.kDefaultGroup, task.prio, 0);
  }

  // CHI_BEGIN(Schedule)
  schedule(task: ScheduleTask, _rctx: RunContext): void {
    const wrongNow = this.#answer !== Answer.wrongLater || this.#asked++ > 0;
    const answer = wrongNow ? this.#answer : Answer.right;
    if (answer === Answer.throws) throw new Error("the policy does not want to");
    const worker = answer === Answer.noSuchWorker ? task.lanesOfWorker.length : 0;
    const isShort = answer === Answer.tooFew || answer === Answer.wrongLater;
    task.workers = new Array(task.laneCount - (isShort ? 1 : 0)).fill(worker);
  }
  monitorSchedule(_mode: MonitorMode, _task: ScheduleTask, _rctx: RunContext): void {}
  // CHI_END(Schedule)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
