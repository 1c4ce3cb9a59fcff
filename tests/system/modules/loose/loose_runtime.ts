/** Server of tests_loose: handlers that leave things behind, and lanes that call others to open. */

import { setTimeout as nodeTimeout } from "node:timers";
import {
  DiskFile,
  DomainQuery,
  type Lane,
  Module,
  type MonitorMode,
  QUEUE_LOW_LATENCY,
  type RunContext,
  type Task,
} from "chimaera";
import { Client } from "./loose_client.ts";
import {
  type CreateTask,
  type FillTask,
  type LeaveSyncTask,
  type LeaveTask,
  Left,
  type OkTask,
  type OpenedTask,
  type RaceTask,
  type SleepTask,
} from "./loose_tasks.ts";

const HERE = DomainQuery.getLocalId();
const NO_POOL = 4711;

/** What an instance found when it opened. */
interface Found {
  readonly lanesOfPool: number;
  readonly answer: number;
  readonly fileBytes: number;
  readonly rootOrigin: number;
  readonly rootNumber: number;
  readonly depth: number;
}

const NOTHING: Found = {
  lanesOfPool: 0,
  answer: 0,
  fileBytes: 0,
  rootOrigin: 0,
  rootNumber: 0,
  depth: 0,
};

/** A wait that the worker's loop knows nothing of. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function rejectAfter(ms: number, name: string): Promise<void> {
  await pause(ms);
  throw new Error(`${name} was left behind`);
}

/** Takes memory until there is none. */
function hoard(): never {
  const hoarded: object[] = [];
  for (;;) hoarded.push(Array.from({ length: 1000 }, (_, k) => ({ k })));
}

export class Server extends Module {
  static readonly kDefaultGroup = 0;
  #found: Found = NOTHING;

  // CHI_BEGIN(Create)
  override async create(task: CreateTask, rctx: RunContext): Promise<void> {
    this.createLaneGroup(Server.kDefaultGroup, task.lanes, QUEUE_LOW_LATENCY);
    if (task.other !== 0) this.#found = await this.#explore(task, rctx);
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  override async open(rctx: RunContext): Promise<void> {
    const params = rctx.task as CreateTask;
    if (params.other !== 0) this.#found = await this.#explore(params, rctx);
  }

  /** What a lane may do while it opens. */
  async #explore(params: CreateTask, rctx: RunContext): Promise<Found> {
    const client = new Client();
    client.init(params.other);
    using task = client.in(rctx).asyncOk(HERE, { value: 41 });
    await task.wait();
    await using file = await DiskFile.open(params.path);
    const fileBytes = await file.in(rctx).read(new Uint8Array(1024), 0);
    await rctx.sleep(1);
    const { rootOrigin, rootSlot, depth } = task.header;
    return {
      lanesOfPool: params.lanes,
      answer: task.result,
      fileBytes,
      rootOrigin,
      rootNumber: rootSlot,
      depth,
    };
  }

  override mapTaskToLane(task: Task): Lane {
    return this.getLaneByHash(Server.kDefaultGroup, task.prio, (task as OkTask).lane);
  }

  #self(rctx: RunContext, pool = this.poolId): Client {
    const client = new Client();
    client.init(pool);
    return client.in(rctx);
  }

  #leave(left: number, name: string, delayMs: number, rctx: RunContext): void {
    const fail = () => {
      throw new Error(`${name} was left behind`);
    };
    switch (left) {
      case Left.rejection:
        void Promise.reject(new Error(`${name} was left behind`));
        return;
      case Left.lateRejection:
        void rejectAfter(delayMs, name);
        return;
      case Left.timer:
        setTimeout(fail, delayMs);
        return;
      case Left.nodeTimer:
        nodeTimeout(fail, delayMs);
        return;
      case Left.microtask:
        queueMicrotask(fail);
        return;
      case Left.noMemory:
        return hoard();
      case Left.subtask:
        void this.#self(rctx, NO_POOL).ok(HERE, 1);
        return;
      case Left.interval: {
        const id = setInterval(() => {
          clearInterval(id);
          fail();
        }, delayMs);
      }
    }
  }

  // CHI_BEGIN(Ok)
  ok(task: OkTask, _rctx: RunContext): void {
    task.result = task.value + 1;
  }
  monitorOk(_mode: MonitorMode, _task: OkTask, _rctx: RunContext): void {}
  // CHI_END(Ok)

  // CHI_BEGIN(Opened)
  opened(task: OpenedTask, _rctx: RunContext): void {
    Object.assign(task, this.#found);
  }
  monitorOpened(_mode: MonitorMode, _task: OpenedTask, _rctx: RunContext): void {}
  // CHI_END(Opened)

  // CHI_BEGIN(Leave)
  async leave(task: LeaveTask, rctx: RunContext): Promise<void> {
    // A turn first: what is left behind may be left by any part of a handler.
    await pause(1);
    this.#leave(task.left, task.name, task.delayMs, rctx);
    if (task.stuck) await new Promise(() => {});
    if (task.ms > 0) await rctx.sleep(task.ms);
    task.ended = true;
  }
  monitorLeave(_mode: MonitorMode, _task: LeaveTask, _rctx: RunContext): void {}
  // CHI_END(Leave)

  // CHI_BEGIN(LeaveSync)
  leaveSync(task: LeaveSyncTask, rctx: RunContext): void {
    this.#leave(task.left, task.name, task.delayMs, rctx);
  }
  monitorLeaveSync(_mode: MonitorMode, _task: LeaveSyncTask, _rctx: RunContext): void {}
  // CHI_END(LeaveSync)

  // CHI_BEGIN(Fill)
  async fill(task: FillTask, rctx: RunContext): Promise<void> {
    this.#leave(Left.rejection, "fill", 0, rctx);
    await pause(task.ms);
    task.data.bytes.fill(7);
  }
  monitorFill(_mode: MonitorMode, _task: FillTask, _rctx: RunContext): void {}
  // CHI_END(Fill)

  // CHI_BEGIN(Sleep)
  sleep(task: SleepTask, rctx: RunContext): Promise<void> {
    return rctx.sleep(task.ms);
  }
  monitorSleep(_mode: MonitorMode, _task: SleepTask, _rctx: RunContext): void {}
  // CHI_END(Sleep)

  // CHI_BEGIN(Race)
  async race(task: RaceTask, rctx: RunContext): Promise<void> {
    using subtask = this.#self(rctx).asyncSleep(HERE, {
      ms: task.subtaskMs,
      lane: task.targetLane,
    });
    const loser = new AbortController();
    const ended = subtask.wait({ signal: loser.signal }).then(() => 2, () => 0);
    task.first = await Promise.race([ended, pause(task.timerMs).then(() => 1)]);
    loser.abort();
  }
  monitorRace(_mode: MonitorMode, _task: RaceTask, _rctx: RunContext): void {}
  // CHI_END(Race)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
