/** Server of tests_locking: handlers that await inside of locks, and say whom they met there. */

import {
  CoMutex,
  CoRwLock,
  DomainQuery,
  type Lane,
  type LockGuard,
  Module,
  type MonitorMode,
  QUEUE_LOW_LATENCY,
  type RunContext,
  StrictCoMutex,
  StrictCoRwLock,
  type Task,
} from "chimaera";
import { Client } from "./locking_client.ts";
import {
  type BlockTask,
  type CreateTask,
  Ending,
  type FanTask,
  type HoldTask,
  Lock,
  type StateTask,
  Stay,
  type WatchTask,
} from "./locking_tasks.ts";

const HERE = DomainQuery.getLocalId();
/** Tasks that one task may ask for, and how far they may go down. */
const COUNT_MAX = 1000;
const BLOCK_MS_MAX = 20_000;

/** A task that is in a lock. */
interface Visitor {
  readonly family: number;
  readonly lock: Lock;
}

const STRICT: readonly number[] = [Lock.strictMutex, Lock.strictRead, Lock.strictWrite];
const READERS: readonly number[] = [Lock.read, Lock.strictRead];

/** Whether two tasks may be in at the same time; of one lock object, that is. */
function mayMeet(one: Visitor, other: Visitor): boolean {
  if (objectOf(one.lock) !== objectOf(other.lock)) return true;
  if (READERS.includes(one.lock) && READERS.includes(other.lock)) return true;
  return !STRICT.includes(one.lock) && one.family === other.family;
}

/** Reading and writing enter the same lock. */
function objectOf(lock: Lock): number {
  return lock === Lock.write ? Lock.read : lock === Lock.strictWrite ? Lock.strictRead : lock;
}

export class Server extends Module {
  static readonly kDefaultGroup = 0;
  readonly #client = new Client();
  readonly #mutex = new CoMutex();
  readonly #strictMutex = new StrictCoMutex();
  readonly #rwLock = new CoRwLock();
  readonly #strictRwLock = new StrictCoRwLock();
  readonly #present = new Set<Visitor>();
  #asked = 0;
  #entered = 0;
  #waiting = 0;
  #watching = 0;
  #aborted = 0;
  #bornAborted = 0;

  // CHI_BEGIN(Create)
  override create(task: CreateTask, _rctx: RunContext): void {
    this.createLaneGroup(Server.kDefaultGroup, task.lanes, QUEUE_LOW_LATENCY);
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  override mapTaskToLane(task: Task): Lane {
    return this.getLaneByHash(Server.kDefaultGroup, task.prio, (task as HoldTask).lane);
  }

  #clientOf(pool: number, rctx: RunContext): Client {
    const client = pool === 0 ? this.#client : new Client();
    client.init(pool === 0 ? this.poolId : pool);
    return client.in(rctx);
  }

  #lock(lock: number, rctx: RunContext, timeoutMs: number): Promise<LockGuard> {
    const options = timeoutMs === 0 ? {} : { timeoutMs };
    switch (lock) {
      case Lock.mutex:
        return this.#mutex.lock(rctx, options);
      case Lock.strictMutex:
        return this.#strictMutex.lock(rctx, options);
      case Lock.read:
        return this.#rwLock.readLock(rctx, options);
      case Lock.write:
        return this.#rwLock.writeLock(rctx, options);
      case Lock.strictRead:
        return this.#strictRwLock.readLock(rctx, options);
      default:
        return this.#strictRwLock.writeLock(rctx, options);
    }
  }

  // CHI_BEGIN(Hold)
  async hold(task: HoldTask, rctx: RunContext): Promise<void> {
    if (task.back !== 0) return await this.#sendBack(task, rctx);
    const visitor: Visitor = { family: task.family, lock: task.lock as Lock };
    task.asked = this.#asked++;
    this.#waiting++;
    const guard = await this.#lock(task.lock, rctx, task.timeoutMs).finally(() => this.#waiting--);
    task.entered = this.#entered++;
    this.#present.add(visitor);
    try {
      this.#lookAround(task, visitor);
      await this.#stay(task, rctx);
      this.#lookAround(task, visitor);
      if (task.depth > 0) await this.#sendOut(task, rctx);
      this.#lookAround(task, visitor);
    } finally {
      this.#present.delete(visitor);
    }
    if (task.ending === Ending.throws) throw new Error("in the middle of a lock");
    if (task.ending === Ending.release) guard.release();
  }
  monitorHold(_mode: MonitorMode, _task: HoldTask, _rctx: RunContext): void {}
  // CHI_END(Hold)

  #lookAround(task: HoldTask, visitor: Visitor): void {
    let together = 0;
    for (const other of this.#present) {
      if (other !== visitor && !mayMeet(visitor, other)) task.strangers++;
      if (objectOf(other.lock) === objectOf(visitor.lock)) together++;
    }
    task.together = Math.max(task.together, together);
  }

  async #stay(task: HoldTask, rctx: RunContext): Promise<void> {
    switch (task.stay) {
      case Stay.sleep:
        return await rctx.sleep(task.ms);
      case Stay.eventLoop:
        return await new Promise((resolve) => setTimeout(resolve, task.ms));
      case Stay.subtask:
        return void await this.#clientOf(0, rctx).state(HERE, 2);
      case Stay.untilAborted:
        while (!rctx.signal.aborted) await rctx.sleep(2);
    }
  }

  /** To the other pool, which sends it back. */
  async #sendOut(task: HoldTask, rctx: RunContext): Promise<void> {
    const { lane, lock, stay, ms, timeoutMs, via, family } = task;
    const depth = task.depth - 1;
    const fields = { lock, stay, ms, timeoutMs, via, family, depth, back: this.poolId };
    const seen = await this.#clientOf(via, rctx).hold(HERE, { ...fields, lane: lane + 1 });
    task.strangers += seen.strangers;
    task.together = Math.max(task.together, seen.together);
  }

  async #sendBack(task: HoldTask, rctx: RunContext): Promise<void> {
    const { lock, stay, ms, timeoutMs, via, family, depth } = task;
    const fields = { lock, stay, ms, timeoutMs, via, family, depth, lane: task.lane - 1 };
    const seen = await this.#clientOf(task.back, rctx).hold(HERE, fields);
    task.strangers = seen.strangers;
    task.together = seen.together;
  }

  // CHI_BEGIN(Fan)
  async fan(task: FanTask, rctx: RunContext): Promise<void> {
    const { targetLane, lock, family } = task;
    const client = this.#clientOf(0, rctx);
    const count = Math.min(task.count, COUNT_MAX);
    const all = await Promise.all(
      Array.from(
        { length: count },
        () => client.hold(HERE, { lane: targetLane, lock, family, ms: 1 }),
      ),
    );
    task.strangers = all.reduce((sum, { strangers }) => sum + strangers, 0);
    task.together = Math.max(...all.map(({ together }) => together));
  }
  monitorFan(_mode: MonitorMode, _task: FanTask, _rctx: RunContext): void {}
  // CHI_END(Fan)

  // CHI_BEGIN(State)
  state(task: StateTask, _rctx: RunContext): void {
    const locks = [this.#mutex, this.#strictMutex, this.#rwLock, this.#strictRwLock];
    task.locked = locks.some(({ locked }) => locked);
    task.waiting = this.#waiting;
    task.present = this.#present.size;
    task.watching = this.#watching;
    task.aborted = this.#aborted;
    task.bornAborted = this.#bornAborted;
  }
  monitorState(_mode: MonitorMode, _task: StateTask, _rctx: RunContext): void {}
  // CHI_END(State)

  // CHI_BEGIN(Watch)
  async watch(task: WatchTask, rctx: RunContext): Promise<void> {
    const { depth, lane, leaves, timeoutMs } = task;
    if (rctx.signal.aborted) this.#bornAborted++;
    if (depth === 0) return await this.#watch(rctx);
    const client = this.#clientOf(0, rctx);
    const next = client.asyncWatch(HERE, { lane: lane + 1, depth: Math.min(depth, COUNT_MAX) - 1 });
    if (leaves) return;
    await next.wait(timeoutMs === 0 ? {} : { timeoutMs });
    next.free();
    if (rctx.signal.aborted) this.#aborted++;
  }
  monitorWatch(_mode: MonitorMode, _task: WatchTask, _rctx: RunContext): void {}
  // CHI_END(Watch)

  // CHI_BEGIN(Block)
  block(task: BlockTask, _rctx: RunContext): void {
    const { bytes } = task.gate;
    bytes[1] = 1;
    const endMs = performance.now() + BLOCK_MS_MAX;
    while (bytes[0] === 0 && performance.now() < endMs);
  }
  monitorBlock(_mode: MonitorMode, _task: BlockTask, _rctx: RunContext): void {}
  // CHI_END(Block)

  async #watch(rctx: RunContext): Promise<void> {
    this.#watching++;
    try {
      while (!rctx.signal.aborted) {
        await rctx.sleep(2).catch(() => {}); // That it is cut short is what it waits for.
      }
      this.#aborted++;
    } finally {
      this.#watching--;
    }
  }
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
