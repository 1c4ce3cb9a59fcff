/**
 * Server of sim_busy: a handler of every kind, each of which tells the witness that it runs.
 *
 * Group 0 has the low-latency lanes, group 1 the high-latency ones.
 */

import {
  CoRwLock,
  DomainQuery,
  type HeapBlock,
  type Lane,
  Module,
  type MonitorMode,
  QUEUE_HIGH_LATENCY,
  QUEUE_LOW_LATENCY,
  type RunContext,
  type SavedState,
  type Task,
} from "chimaera";
import { delay } from "chimaera/platform";
import { type NamedTask, witness } from "../../witness.ts";
import { Client } from "./busy_client.ts";
import {
  type BeatTask,
  type BulkTask,
  type CreateTask,
  type EchoTask,
  type FailTask,
  Failure,
  type LeaveTask,
  type LockTask,
  type NestTask,
  type StayTask,
  WaitFor,
  type WaitTask,
} from "./busy_tasks.ts";

const LONGEST_MS = 20;
const WIDTH_MAX = 8;
const DEPTH_MAX = 4;
const TALLY_BYTES = 64;

/** Some clients write anything into their tasks. */
function atMost(limit: number, value: number): number {
  return Math.min(limit, value);
}

export class Server extends Module {
  readonly #clients = new Map<number, Client>();
  #served = 0;
  #tally: HeapBlock | null = null;
  readonly #lock = new CoRwLock();
  readonly #visits = witness().visits();

  // CHI_BEGIN(Create)
  override create(task: CreateTask, _rctx: RunContext): void {
    this.createLaneGroup(0, task.lanes, QUEUE_LOW_LATENCY);
    this.createLaneGroup(1, task.lanes, QUEUE_HIGH_LATENCY);
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  override saveState(): SavedState {
    return { v: 0, state: this.#served, pointers: this.#tally === null ? [] : [this.#tally] };
  }

  override restoreState({ state, pointers }: SavedState): void {
    this.#served = state as number;
    this.#tally = pointers[0] ?? null;
  }

  override close(): void {
    this.#tally?.free();
  }

  override mapTaskToLane(task: Task): Lane {
    const { lane } = task as EchoTask;
    // One lane in four is asked for by name; the rest go where there is room.
    return lane % 4 === 3
      ? this.getLeastLoadedLane(task.prio, task.prio)
      : this.getLaneByHash(task.prio, task.prio, lane >>> 2);
  }

  // CHI_BEGIN(Echo)
  echo(task: EchoTask, rctx: RunContext): void {
    using _begun = this.#begin(task, rctx);
    task.result = (task.value + 1) >>> 0;
    witness().ended(task);
  }
  monitorEcho(_mode: MonitorMode, _task: EchoTask, _rctx: RunContext): void {}
  // CHI_END(Echo)

  // CHI_BEGIN(Wait)
  async wait(task: WaitTask, rctx: RunContext): Promise<void> {
    using _begun = this.#begin(task, rctx);
    const { waitFor } = task;
    const ms = atMost(LONGEST_MS, task.ms);
    if (waitFor === WaitFor.sleep) await rctx.sleep(ms);
    else if (waitFor === WaitFor.timer) await delay(ms);
    else for (let turn = 0; turn < ms; turn++) await null;
    witness().ended(task);
  }
  monitorWait(_mode: MonitorMode, _task: WaitTask, _rctx: RunContext): void {}
  // CHI_END(Wait)

  // CHI_BEGIN(Nest)
  async nest(task: NestTask, rctx: RunContext): Promise<void> {
    using _begun = this.#begin(task, rctx);
    const { pool, laneStep } = task;
    const width = atMost(WIDTH_MAX, task.width);
    const depth = atMost(DEPTH_MAX, task.depth);
    const client = this.#clientOf(pool).in(rctx);
    const dom = DomainQuery.getLocalId();
    let total = 0;
    const calls = Array.from({ length: width }, (_, k) => {
      const id = witness().child();
      const lane = task.lane + laneStep * (k + 1);
      return depth > 1
        ? client.asyncNest(dom, { id, lane, pool, laneStep, width, depth: depth - 1 })
        : client.asyncNest(dom, { id, lane, pool, laneStep, width: 0, depth: 0 });
    });
    for (const call of calls) {
      await call.wait();
      total += 1 + call.total;
      call.free();
    }
    task.total = total;
    witness().ended(task);
  }
  monitorNest(_mode: MonitorMode, _task: NestTask, _rctx: RunContext): void {}
  // CHI_END(Nest)

  // CHI_BEGIN(Leave)
  leave(task: LeaveTask, rctx: RunContext): void {
    using _begun = this.#begin(task, rctx);
    const client = this.#clientOf(task.pool).in(rctx);
    const count = atMost(WIDTH_MAX, task.count);
    for (let k = 0; k < count; k++) {
      const id = witness().child();
      client.asyncWait(DomainQuery.getLocalId(), { id, lane: task.lane + k, ms: k });
    }
    witness().ended(task);
  }
  monitorLeave(_mode: MonitorMode, _task: LeaveTask, _rctx: RunContext): void {}
  // CHI_END(Leave)

  // CHI_BEGIN(Fail)
  fail(task: FailTask, rctx: RunContext): Promise<void> {
    using _begun = this.#begin(task, rctx);
    const why = new Error("on purpose");
    switch (task.failure) {
      case Failure.rejects:
        return Promise.reject(why);
      case Failure.rejectsLater:
        return rctx.sleep(1).then(() => Promise.reject(why));
      case Failure.text:
        throw "on purpose";
      default:
        throw why;
    }
  }
  monitorFail(_mode: MonitorMode, _task: FailTask, _rctx: RunContext): void {}
  // CHI_END(Fail)

  // CHI_BEGIN(Bulk)
  async bulk(task: BulkTask, rctx: RunContext): Promise<void> {
    using _begun = this.#begin(task, rctx);
    await rctx.sleep(atMost(LONGEST_MS, task.ms));
    const data = task.data.bytes;
    let sum = 0;
    for (const byte of data) sum += byte;
    task.sum = sum;
    const back = task.back.bytes;
    const size = Math.min(data.length, back.length);
    for (let k = 0; k < size; k++) back[k] = ~data[k]!;
    task.backSize = size;
    witness().ended(task);
  }
  monitorBulk(_mode: MonitorMode, _task: BulkTask, _rctx: RunContext): void {}
  // CHI_END(Bulk)

  // CHI_BEGIN(Beat)
  async beat(task: BeatTask, rctx: RunContext): Promise<void> {
    this.#count(rctx);
    witness().beat(task, task.runs, rctx);
    const isLast = ++task.runs >= task.last;
    if (isLast) rctx.endPeriodic();
    if (task.ms > 0) await rctx.sleep(atMost(LONGEST_MS, task.ms));
    witness().beatEnded(task, isLast);
  }
  monitorBeat(_mode: MonitorMode, _task: BeatTask, _rctx: RunContext): void {}
  // CHI_END(Beat)

  // CHI_BEGIN(Stay)
  async stay(task: StayTask, rctx: RunContext): Promise<void> {
    this.#count(rctx);
    witness().began(task, rctx).isEndless = true;
    for (;;) await rctx.sleep(2);
  }
  monitorStay(_mode: MonitorMode, _task: StayTask, _rctx: RunContext): void {}
  // CHI_END(Stay)

  // CHI_BEGIN(Lock)
  async lock(task: LockTask, rctx: RunContext): Promise<void> {
    using _begun = this.#begin(task, rctx);
    const { id, isWriter } = task;
    const visit = this.#visits.ask(id, isWriter);
    try {
      using _ = await (isWriter ? this.#lock.writeLock(rctx) : this.#lock.readLock(rctx));
      visit.enter();
      await rctx.sleep(atMost(LONGEST_MS, task.ms));
      visit.leave(); // While the guard still holds.
    } finally {
      visit.leave();
    }
    witness().ended(task);
  }
  monitorLock(_mode: MonitorMode, _task: LockTask, _rctx: RunContext): void {}
  // CHI_END(Lock)
  // CHI_AUTOGEN_METHODS  // keep at class bottom

  /** What it returns is disposed of when the handler is over, however that comes. */
  #begin(task: NamedTask, rctx: RunContext): Disposable {
    this.#count(rctx);
    const life = witness().began(task, rctx);
    return { [Symbol.dispose]: () => void (life.isOver = true) };
  }

  /** What the lane has served stands in its state and in its block: both go where the lane goes. */
  #count(rctx: RunContext): void {
    this.#tally ??= this.allocBlock(TALLY_BYTES);
    const { bytes } = this.#tally;
    if (this.#served > 0) witness().tally(rctx.lane, this.#served, bytes[0]!);
    this.#served++;
    bytes.fill(this.#served);
  }

  #clientOf(poolId: number): Client {
    let client = this.#clients.get(poolId);
    if (client === undefined) {
      client = new Client();
      client.init(poolId);
      this.#clients.set(poolId, client);
    }
    return client;
  }
}
