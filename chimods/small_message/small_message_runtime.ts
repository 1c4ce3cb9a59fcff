/** The small_message module: recursion through tasks, and bytes by pointer. */

import {
  DomainQuery,
  type Lane,
  Module,
  type MonitorMode,
  QUEUE_LOW_LATENCY,
  type RunContext,
  type SavedState,
  type Task,
} from "chimaera";
import { Client } from "./small_message_client.ts";
import { type CreateTask, type IoTask, MD_IO_WRITE, MdTask } from "./small_message_tasks.ts";

export class Server extends Module {
  static readonly kDefaultGroup = 0;
  readonly #self = new Client();

  // CHI_BEGIN(Create)
  override create(task: CreateTask, _rctx: RunContext): void {
    this.createLaneGroup(Server.kDefaultGroup, task.lanes, QUEUE_LOW_LATENCY);
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  override mapTaskToLane(task: Task): Lane {
    const hash = task instanceof MdTask ? task.lane : 0;
    return this.getLaneByHash(Server.kDefaultGroup, task.prio, hash);
  }

  /** An instance remembers nothing from one task to the next. */
  override saveState(): SavedState {
    return { v: 0, state: null, pointers: [] };
  }

  override restoreState(_saved: SavedState): void {}

  // CHI_BEGIN(Md)
  md(task: MdTask, rctx: RunContext): void | Promise<void> {
    if (task.depthLeft > 0) return this.#deeper(task, rctx);
    task.ret = 1;
  }
  async #deeper(task: MdTask, rctx: RunContext): Promise<void> {
    this.#self.init(this.poolId);
    using child = this.#self.in(rctx).asyncMd(DomainQuery.getLocalId(), {
      depthLeft: task.depthLeft - 1,
      lane: task.lane + 1,
    });
    await child.wait();
    task.ret = child.ret + 1;
  }
  monitorMd(_mode: MonitorMode, _task: MdTask, _rctx: RunContext): void {}
  // CHI_END(Md)

  // CHI_BEGIN(Io)
  io(task: IoTask, _rctx: RunContext): void {
    const bytes = task.data.bytes.subarray(0, task.size);
    if (task.mode === MD_IO_WRITE) {
      let sum = 0;
      for (let k = 0; k < bytes.length; k++) sum += bytes[k]!;
      task.ret = sum;
    } else {
      bytes.fill(15);
      task.ret = bytes.length * 15;
    }
  }
  monitorIo(_mode: MonitorMode, _task: IoTask, _rctx: RunContext): void {}
  // CHI_END(Io)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
