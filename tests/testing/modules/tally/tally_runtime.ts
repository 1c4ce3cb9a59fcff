/**
 * A module with a mistake that only an unlucky order shows: who adds reads the number, adds, and
 * writes it, and does not keep others out meanwhile.
 */

import {
  DomainQuery,
  type Lane,
  Module,
  type MonitorMode,
  QUEUE_LOW_LATENCY,
  type RunContext,
  type Task,
} from "chimaera";
import { Client } from "./tally_client.ts";
import { AddTask, type CreateTask, type ReadTask, type WriteTask } from "./tally_tasks.ts";

const HERE = DomainQuery.getLocalId();
/** The number is in the instance of the first lane; the others are for those who add. */
const ADDERS = 2;

export class Server extends Module {
  static readonly kDefaultGroup = 0;
  readonly #self = new Client();
  #count = 0;

  // CHI_BEGIN(Create)
  override create(_task: CreateTask, _rctx: RunContext): void {
    this.createLaneGroup(Server.kDefaultGroup, 1 + ADDERS, QUEUE_LOW_LATENCY);
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  override mapTaskToLane(task: Task): Lane {
    const lane = task instanceof AddTask ? 1 + task.who % ADDERS : 0;
    return this.getLaneByHash(Server.kDefaultGroup, task.prio, lane);
  }

  // CHI_BEGIN(Add)
  async add(task: AddTask, rctx: RunContext): Promise<void> {
    this.#self.init(this.poolId);
    const self = this.#self.in(rctx);
    const count = await self.read(HERE);
    await self.write(HERE, count + task.amount);
  }
  monitorAdd(_mode: MonitorMode, _task: AddTask, _rctx: RunContext): void {}
  // CHI_END(Add)

  // CHI_BEGIN(Read)
  read(task: ReadTask, _rctx: RunContext): void {
    task.count = this.#count;
  }
  monitorRead(_mode: MonitorMode, _task: ReadTask, _rctx: RunContext): void {}
  // CHI_END(Read)

  // CHI_BEGIN(Write)
  write(task: WriteTask, _rctx: RunContext): void {
    this.#count = task.count;
  }
  monitorWrite(_mode: MonitorMode, _task: WriteTask, _rctx: RunContext): void {}
  // CHI_END(Write)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
