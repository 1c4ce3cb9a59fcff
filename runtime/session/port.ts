/**
 * A port: one thread's way into a session.
 *
 * It owns a fixed number of task slots and, per worker, a ring out and a ring back. Submitting
 * writes the task's head into a ring slot; what was submitted since is published with one store
 * when the program waits, flushes, or returns to its event loop.
 *
 * A task goes to the worker that last ran one like it (same pool, query and priority), so that it
 * need not be handed on; the worker is changed only while none of that key is under way, which
 * keeps their order.
 *
 * Thread rules: a port and its tasks belong to one isolate.
 */

import { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import {
  type Allocator,
  Bell,
  BellState,
  type Offset,
  ringBell,
  RingConsumer,
  RingProducer,
  type Segment,
  type SegmentTable,
} from "../memory/mod.ts";
import { delay, eventLoopTurn, type SharedWords } from "../platform/mod.ts";
import {
  ABORT_POOL,
  ADMIN_POOL_ID,
  C,
  COMPLETION_WORDS,
  DESCRIPTOR_WORDS,
  H,
  type ModuleClient,
  readErrorRecord,
  type Submitter,
  type Task,
  TaskFlag,
  type TaskOwner,
  TaskPool,
  TaskState,
  type TaskType,
  type WaitOptions,
  watchWait,
} from "../task/mod.ts";
import { bellLineOf, type PortPlaces, ringPlaces } from "../lane/mod.ts";
import type { PortSleeper } from "./port_sleeper.ts";

const SLOTS = LIMITS.slotsPerPort;
const ROUTES = 256;

/** What a port needs of its session. */
export interface PortHost {
  readonly segment: Segment;
  readonly heap: Allocator;
  readonly segments: SegmentTable;
  readonly bells: SharedWords;
  readonly workers: number;
  /** Whether a thread that blocks still gets its results. */
  readonly blocking: boolean;
  /** How long a blocked thread may sleep before it must look around. */
  longestSleepMs(): number;
  /** Whether this thread assembled the node, which the admin's tasks need. */
  readonly onNodeThread: boolean;
  /** Rings the doorbell of a worker that sleeps in its event loop, if it is another process's. */
  ringWorker(worker: number): void;
  /** Throws CHI-5005 when the node has died. Looked at by blocked waiters now and then. */
  checkAlive(): void;
  /** Home worker of a pool, for the first task to it. */
  homeOf(poolId: number): number;
}

export class Port implements TaskOwner, Submitter {
  readonly segments: SegmentTable;
  readonly places: PortPlaces;
  readonly #host: PortHost;
  readonly #words: Int32Array;
  readonly #bell: Bell;
  readonly #sleeper: PortSleeper;
  readonly #pool = new TaskPool(this);
  readonly #submissions: RingProducer[] = [];
  readonly #completions: RingConsumer[] = [];
  readonly #free = new Uint16Array(SLOTS);
  #freeCount: number = SLOTS;
  readonly #generation = new Int32Array(SLOTS);
  readonly #tasks: (Task | null)[] = new Array(SLOTS).fill(null);
  readonly #routeOf = new Uint8Array(SLOTS);
  readonly #routeWorker = new Int16Array(ROUTES).fill(-1);
  readonly #routeOutstanding = new Int32Array(ROUTES);
  #unpublished = 0;
  #flushScheduled = false;
  #outstanding = 0;
  #awaiting = 0;
  #pumping = false;
  #lost: ChimaeraError | null = null;
  /** Completed tasks, for the session's figures. */
  completed = 0;

  constructor(host: PortHost, places: PortPlaces, sleeper: PortSleeper) {
    this.#host = host;
    this.places = places;
    this.segments = host.segments;
    this.#words = host.segment.i32;
    this.#bell = new Bell(host.bells, places.bellLine);
    this.#sleeper = sleeper;
    for (let slot = 0; slot < SLOTS; slot++) this.#free[slot] = SLOTS - 1 - slot;
    for (let worker = 0; worker < host.workers; worker++) {
      const { submissions, completions } = ringPlaces(places.ringsOffset, worker);
      this.#submissions.push(
        new RingProducer(this.#words, {
          baseWord: submissions / 4,
          capacity: SLOTS,
          slotWords: DESCRIPTOR_WORDS,
        }),
      );
      this.#completions.push(
        new RingConsumer(this.#words, {
          baseWord: completions / 4,
          capacity: SLOTS,
          slotWords: COMPLETION_WORDS,
        }),
      );
    }
  }

  /** Tasks that were sent and are not done. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** The running task of a slot. */
  taskAt(slot: number): Task | null {
    return this.#tasks[slot] ?? null;
  }

  // ---- Submitter -------------------------------------------------------------------------------

  allocate(type: TaskType): Task {
    if (this.#lost !== null) throw this.#lost;
    if (this.#freeCount === 0) this.#findSlot();
    const slot = this.#free[--this.#freeCount]!;
    const task = this.#pool.take(type);
    if (task.$i32 !== this.#words) task.moveTo(this.#host.segment, 0);
    const header = task.header;
    const layout = type.layout;
    if (layout.fieldsBytes <= LIMITS.slotBytes) {
      task.$at = (this.places.slotsOffset + slot * LIMITS.slotBytes) >>> 2;
    } else {
      header.fieldsBlock = this.#host.heap.alloc(layout.fieldsBytes);
      task.$at = header.fieldsBlock / 4;
    }
    layout.clear(task);
    header.slot = slot;
    header.generation = this.#generation[slot]!;
    header.state = TaskState.allocated;
    header.flags = 0;
    header.prio = 0;
    header.returnCode = 0;
    header.error = null;
    return task;
  }

  submit(task: Task): void {
    const header = task.header;
    if (header.state !== TaskState.allocated) {
      throw new ChimaeraError("taskState", {
        what: "submit a task",
        why: header.state === TaskState.free ? "it was freed" : "it was sent before",
      });
    }
    if (this.#lost !== null) throw this.#lost;
    if (header.pinned !== null) { for (const block of header.pinned) block.pin(); }
    const slot = header.slot;
    const flags = header.flags | header.prio;
    const route = (header.poolId * 31 + header.queryKind * 7 + header.queryFirst * 5 +
      header.querySecond * 3 + header.prio) & (ROUTES - 1);
    let worker = this.#routeWorker[route]!;
    if (worker < 0) {
      worker = this.#host.homeOf(header.poolId);
      this.#routeWorker[route] = worker;
    }
    this.#routeOf[slot] = route;
    this.#routeOutstanding[route]!++;
    const ring = this.#submissions[worker]!;
    // A ring holds as many entries as the port has slots; only aborts can fill it besides.
    const at = ring.claim();
    if (at < 0) this.#ringFull(header, route);
    const words = this.#words;
    words[at + H.slot] = slot;
    words[at + H.generation] = header.generation;
    words[at + H.pool] = header.poolId;
    words[at + H.method] = task.layout.method;
    words[at + H.layoutHash] = task.layout.hash;
    words[at + H.queryKind] = header.queryKind;
    words[at + H.queryFirst] = header.queryFirst;
    words[at + H.querySecond] = header.querySecond;
    words[at + H.flags] = flags;
    words[at + H.periodUs] = 0;
    words[at + H.fields] = task.$at * 4;
    ring.commit();
    header.state = TaskState.submitted;
    this.#tasks[slot] = task;
    this.#outstanding++;
    this.#unpublished++;
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      queueMicrotask(this.#scheduledFlush);
    }
  }

  bind<M extends ModuleClient>(client: M): M {
    return client.copyFor(this);
  }

  /** Shows everything submitted to the workers, and wakes those that sleep. */
  flush(): void {
    if (this.#unpublished === 0) return;
    this.#unpublished = 0;
    const { bells, workers } = this.#host;
    for (let worker = 0; worker < workers; worker++) {
      if (!this.#submissions[worker]!.publish()) continue;
      const found = ringBell(bells, bellLineOf(worker));
      if (found === BellState.eventLoop) this.#host.ringWorker(worker);
    }
  }

  readonly #scheduledFlush = (): void => {
    this.#flushScheduled = false;
    this.flush();
  };

  // ---- completions -----------------------------------------------------------------------------

  /** Takes completions that are there. Returns how many. */
  poll(): number {
    let total = 0;
    for (let worker = 0; worker < this.#completions.length; worker++) {
      const ring = this.#completions[worker]!;
      const count = ring.glance();
      if (count <= 0) continue;
      const words = ring.words;
      for (let k = 0; k < count; k++) {
        const at = ring.next();
        this.#complete(
          words[at + C.slot]!,
          words[at + C.generation]!,
          words[at + C.returnCode]!,
          words[at + C.worker]!,
        );
      }
      ring.release();
      total += count;
    }
    return total;
  }

  #complete(slot: number, generation: number, returnCode: number, worker: number): void {
    const task = this.#tasks[slot];
    if (!task || this.#generation[slot] !== generation) return;
    const route = this.#routeOf[slot]!;
    if (--this.#routeOutstanding[route]! === 0 && worker < this.#host.workers) {
      this.#routeWorker[route] = worker;
    }
    this.#tasks[slot] = null;
    this.#outstanding--;
    this.completed++;
    const header = task.header;
    if (header.pinned !== null) {
      for (const block of header.pinned) block.unpin();
      header.pinned = null;
    }
    header.returnCode = returnCode;
    if (header.state === TaskState.abandoned || (header.flags & TaskFlag.fireAndForget) !== 0) {
      this.#recycle(task);
      return;
    }
    header.state = TaskState.done;
    if (returnCode !== 0) {
      const record = this.places.errorsOffset + slot * LIMITS.errorRecordBytes;
      header.error = readErrorRecord(this.#host.segment, record, returnCode);
    }
    const settle = header.settle;
    if (settle !== null) {
      header.settle = null;
      settle(header.error);
    }
  }

  free(task: Task): void {
    const header = task.header;
    if (header.state === TaskState.submitted) header.state = TaskState.abandoned;
    else if (header.state === TaskState.done || header.state === TaskState.allocated) {
      header.pinned = null;
      this.#recycle(task);
    }
  }

  #recycle(task: Task): void {
    const header = task.header;
    const slot = header.slot;
    header.state = TaskState.free;
    if (header.fieldsBlock !== 0) {
      this.#host.heap.free(header.fieldsBlock as Offset);
      header.fieldsBlock = 0;
    }
    this.#generation[slot] = (this.#generation[slot]! + 1) | 0;
    this.#free[this.#freeCount++] = slot;
    this.#pool.give(task);
  }

  // ---- waiting ---------------------------------------------------------------------------------

  wait(task: Task, options?: WaitOptions): Promise<void> {
    const header = task.header;
    if (header.state === TaskState.done) {
      return header.error === null ? Promise.resolve() : Promise.reject(header.error);
    }
    if (header.state !== TaskState.submitted) return Promise.reject(notSent());
    return new Promise((resolve, reject) => {
      const stop = options === undefined ? null : watchWait(options, (error) => {
        header.settle = null;
        header.state = TaskState.abandoned;
        this.#abort(task);
        this.#endAwait();
        reject(error);
      });
      header.settle = (error) => {
        stop?.();
        this.#endAwait();
        if (error === null) resolve();
        else reject(error);
      };
      if (this.#awaiting++ === 0) this.#sleeper.hold();
      if (!this.#pumping) void this.#pump();
    });
  }

  /** Tells the worker that nobody waits any more; its handler's signal fires. Best effort. */
  #abort(task: Task): void {
    const { slot, generation } = task.header;
    const worker = this.#routeWorker[this.#routeOf[slot]!]!;
    const ring = this.#submissions[worker]!;
    const at = ring.claim();
    if (at < 0) return;
    const words = this.#words;
    words[at + H.slot] = slot;
    words[at + H.generation] = generation;
    words[at + H.pool] = ABORT_POOL;
    ring.commit();
    this.#unpublished++;
    this.flush();
  }

  #ringFull(header: Task["header"], route: number): never {
    this.#routeOutstanding[route]!--;
    if (header.pinned !== null) { for (const block of header.pinned) block.unpin(); }
    throw new ChimaeraError("noFreeSlot", {
      what: "submit a task",
      why: "the worker has not taken the port's earlier tasks yet",
    });
  }

  /** Resolves when a task can be allocated. */
  async slotFree(): Promise<void> {
    while (this.#freeCount === 0) {
      if (this.#lost !== null) throw this.#lost;
      this.flush();
      if (this.poll() === 0) await delay(1);
    }
  }

  #endAwait(): void {
    if (--this.#awaiting === 0) this.#sleeper.letGo();
  }

  /** Takes completions while anybody awaits; sleeps in the event loop between them. */
  async #pump(): Promise<void> {
    this.#pumping = true;
    let rounds = 0;
    while (this.#awaiting > 0 && this.#lost === null) {
      this.flush();
      if (this.poll() > 0) {
        // What was awaited goes on now, and often submits the next task.
        await null;
        if (++rounds === 64) {
          rounds = 0;
          await eventLoopTurn();
        }
        continue;
      }
      this.#bell.prepare(BellState.eventLoop);
      if (!this.#available && this.#unpublished === 0) await this.#sleeper.sleep(this.#bell);
      this.#bell.finish();
      this.#checkAlive();
    }
    this.#pumping = false;
  }

  waitSync(task: Task, timeoutMs = Infinity): void {
    if (!this.#host.blocking) {
      throw new ChimaeraError("waitSyncOnSocket", {
        what: "block until a task is done",
        why: "this session's results come in through the event loop",
      });
    }
    const header = task.header;
    if (header.state !== TaskState.submitted && header.state !== TaskState.done) throw notSent();
    if (this.#host.onNodeThread && header.poolId === ADMIN_POOL_ID) {
      throw new ChimaeraError("waitSyncOnNodeThread", {
        what: "block until the admin has answered",
        why: "the admin needs this thread, which assembled the node",
      });
    }
    this.flush();
    let waitedMs = 0;
    while (header.state !== TaskState.done) {
      if (this.poll() > 0) continue;
      if (this.#lost !== null) throw this.#lost;
      this.#bell.prepare(BellState.futex);
      if (!this.#available) {
        const sliceMs = Math.min(this.#host.longestSleepMs(), timeoutMs - waitedMs);
        if (sliceMs <= 0) {
          this.#bell.finish();
          header.state = TaskState.abandoned;
          this.#abort(task);
          throw new ChimaeraError("timeout", {
            what: "wait for a task",
            why: `not done after ${timeoutMs} ms`,
          });
        }
        if (this.#bell.sleep(sliceMs)) waitedMs += sliceMs;
      }
      this.#bell.finish();
      if (waitedMs > 0) this.#checkAlive();
    }
    // The pump slept on the same bell, which this wait has used up.
    if (this.#pumping) this.#sleeper.poke();
    if (header.error !== null) throw header.error;
  }

  get #available(): boolean {
    for (let k = 0; k < this.#completions.length; k++) {
      if (this.#completions[k]!.available() !== 0) return true;
    }
    return false;
  }

  #checkAlive(): void {
    try {
      this.#host.checkAlive();
    } catch (thrown) {
      if (thrown instanceof ChimaeraError) this.fail(thrown);
      else throw thrown;
    }
  }

  /** Fails everything under way: no completion will come any more. */
  fail(error: ChimaeraError): void {
    if (this.#lost !== null) return;
    this.#lost = error;
    for (let slot = 0; slot < SLOTS; slot++) {
      const task = this.#tasks[slot];
      if (!task) continue;
      task.header.error = error;
      task.header.state = TaskState.done;
      const settle = task.header.settle;
      task.header.settle = null;
      settle?.(error);
    }
    this.#outstanding = 0;
    this.#sleeper.poke();
  }

  /** A task that was abandoned or sent without waiting may have ended: its slot is free then. */
  #findSlot(): void {
    this.flush();
    this.poll();
    if (this.#freeCount > 0) return;
    throw new ChimaeraError("noFreeSlot", {
      what: "allocate a task",
      why: `all ${SLOTS} task slots of the port are in use (${this.#outstanding} tasks run; ` +
        `the rest is done and was not freed)`,
    });
  }
}

function notSent(): ChimaeraError {
  return new ChimaeraError("taskState", { what: "wait for a task", why: "it was not sent" });
}
