/**
 * A port: one thread's way into a session.
 *
 * It owns a fixed number of task slots and, per worker, a ring out and a ring back. A task's head is
 * written into a ring slot; one store publishes all such when the program waits, flushes or pauses.
 *
 * A task goes to the worker that last ran one like it (same pool, query and priority), so that it
 * need not be handed on; that changes only while none of the key is under way: order is kept.
 *
 * Thread rules: a port and its tasks belong to one isolate.
 */

import { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import {
  Bell,
  BellState,
  type Offset,
  ringBell,
  type RingConsumer,
  type RingProducer,
  type SegmentTable,
} from "../memory/mod.ts";
import { after, realClock } from "../platform/mod.ts";
import {
  ADMIN_POOL_ID,
  awaitTask,
  awaitTaskUntil,
  C,
  deadlineMs,
  endsWhenFreed,
  isAwaited,
  type ModuleClient,
  notWaitable,
  pinAll,
  readErrorRecord,
  type Room,
  settleWaiters,
  type Submitter,
  type Task,
  TaskFlag,
  type TaskOwner,
  TaskPool,
  TaskState,
  type TaskType,
  unpinAll,
  type WaitOptions,
} from "../task/mod.ts";
import { bellLineOf, type PortPlaces } from "../lane/mod.ts";
import {
  adminNeedsThread,
  cannotBlock,
  isLost,
  noFreeSlot,
  notSendable,
  ringFull,
  timedOut,
} from "./port_errors.ts";
import { writeAbort, writeDescriptor } from "./descriptor.ts";
import { type PortHost, portRings } from "./port_host.ts";
import { PortPump } from "./port_pump.ts";
import { PortRoutes } from "./port_routes.ts";
import { PortRoom } from "./port_room.ts";
import type { PortSleeper } from "./port_sleeper.ts";
import { PortSlots } from "./port_slots.ts";

/** A thread's way into a session, from `session.port` or `session.openPort`. */
export class Port implements TaskOwner, Submitter {
  /** Memory that its tasks may name. */
  readonly segments: SegmentTable;
  /** Where its slots, error records and rings lie in the session's memory. */
  readonly places: PortPlaces;
  /** Whether one more task has a slot, and the queue of those who wait for one. */
  readonly room: Room;
  readonly #host: PortHost;
  readonly #words: Int32Array;
  readonly #bell: Bell;
  readonly #sleeper: PortSleeper;
  readonly #pool: TaskPool;
  readonly #submissions: RingProducer[] = [];
  readonly #completions: RingConsumer[] = [];
  readonly #slots: PortSlots;
  readonly #routes: PortRoutes;
  #unpublished = 0;
  #flushScheduled = false;
  #outstanding = 0;
  readonly #pump: PortPump;
  readonly #room: PortRoom;
  #lost: ChimaeraError | null = null;

  /** For the runtime; programs get ports from their session. */
  constructor(host: PortHost, places: PortPlaces, sleeper: PortSleeper, slots = new PortSlots()) {
    this.#slots = slots;
    this.#host = host;
    this.#pool = new TaskPool(this, host.held);
    this.places = places;
    this.segments = host.segments;
    this.#words = host.segment.i32;
    this.#bell = new Bell(host.bells, places.bellLine);
    this.#sleeper = sleeper;
    this.#pump = new PortPump(this, this.#bell, sleeper);
    this.room = this.#room = new PortRoom(this, this.#pump, slots);
    this.#routes = new PortRoutes(host.workers);
    for (let worker = 0; worker < host.workers; worker++) {
      const rings = portRings(host, places.ringsOffset, worker);
      this.#submissions.push(rings.submissions);
      this.#completions.push(rings.completions);
    }
  }

  /** Tasks that were sent and are not done. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** The running task of a slot. */
  taskAt(slot: number): Task | null {
    return this.#slots.at(slot);
  }

  // ---- Submitter -------------------------------------------------------------------------------

  allocate(type: TaskType): Task {
    if (this.#lost !== null) throw this.#lost;
    if (this.#slots.freeCount === 0 && !this.#room.isOpen) throw noFreeSlot(this.#outstanding);
    const slot = this.#slots.take();
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
    header.generation = this.#slots.generationOf(slot);
    header.state = TaskState.allocated;
    header.flags = 0;
    header.periodUs = 0;
    header.prio = 0;
    header.returnCode = 0;
    header.error = null;
    return task;
  }

  submit(task: Task): void {
    const header = task.header;
    if (header.state !== TaskState.allocated) throw notSendable(header.state);
    if (this.#lost !== null) throw this.#lost;
    if (header.pinned !== null) pinAll(header.pinned);
    if (header.poolId === ADMIN_POOL_ID) this.flush(); // A flush comes after all that was sent.
    const worker = this.#routes.begin(header, this.#host.homeOf);
    const ring = this.#submissions[worker]!;
    // A ring holds as many entries as the port has slots; only aborts can fill it besides.
    const at = ring.claim();
    if (at < 0) this.#ringFull(header);
    writeDescriptor(this.#words, at, task);
    ring.commit();
    header.state = TaskState.submitted;
    this.#slots.begin(header.slot, task);
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

  /** Takes completions that are there, at most `max` of each worker. Returns how many. */
  poll(max: number = LIMITS.slotsPerPort): number {
    let total = 0;
    for (let worker = 0; worker < this.#completions.length; worker++) {
      const ring = this.#completions[worker]!;
      const count = Math.min(ring.glance(), max);
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
    const task = this.#slots.end(slot, generation);
    if (task === null) return;
    this.#routes.end(slot, worker);
    this.#outstanding--;
    const header = task.header;
    if (header.pinned !== null) {
      if (!isLost(returnCode)) unpinAll(header.pinned); // A lost worker may still write to them.
      header.pinned = null;
    }
    header.returnCode = returnCode;
    if (returnCode !== 0 && header.state !== TaskState.lapsed) {
      const record = this.places.errorsOffset + slot * LIMITS.errorRecordBytes;
      header.error = readErrorRecord(this.#host.segment, record, returnCode);
    }
    const isNobodys = header.state === TaskState.abandoned ||
      (header.flags & TaskFlag.fireAndForget) !== 0;
    header.state = TaskState.done;
    if (isAwaited(header)) this.#pump.end(settleWaiters(header, header.error));
    if (isNobodys) this.#recycle(task);
  }

  /** As {@linkcode Task.free}. */
  free(task: Task): void {
    const header = task.header;
    if (header.state === TaskState.submitted || header.state === TaskState.lapsed) {
      header.state = TaskState.abandoned;
      if (endsWhenFreed(header)) this.#abort(task); // It would go on for ever.
    } else if (header.state === TaskState.done || header.state === TaskState.allocated) {
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
    this.#slots.give(slot);
    this.#pool.give(task);
    this.#room.serve();
  }

  // ---- waiting ---------------------------------------------------------------------------------

  /** As {@linkcode Task.wait}; rejects with CHI-3010 for a task that was not sent. */
  wait(task: Task, options?: WaitOptions): Promise<void> {
    const header = task.header;
    if (header.state === TaskState.done) {
      return header.error === null ? Promise.resolve() : Promise.reject(header.error);
    }
    if (header.state !== TaskState.submitted) return Promise.reject(notWaitable(header));
    if (options !== undefined) return this.#waitUntil(task, options);
    const promise = awaitTask(header);
    this.#pump.begin();
    return promise;
  }

  #waitUntil(task: Task, options: WaitOptions): Promise<void> {
    const giveUp = (error: ChimaeraError) => {
      this.#giveUp(task, error);
      this.#pump.end(settleWaiters(task.header, error));
    };
    try {
      const promise = awaitTaskUntil(task.header, options, giveUp);
      this.#pump.begin();
      return promise;
    } catch (thrown) {
      return Promise.reject(thrown); // A deadline that is no time.
    }
  }

  /** The task's slot and blocks stay its own until it is done; the result is nobody's. */
  #giveUp(task: Task, error: ChimaeraError): ChimaeraError {
    const header = task.header;
    if (header.state === TaskState.submitted) {
      header.state = TaskState.lapsed;
      header.error = error;
    }
    this.#abort(task);
    return error;
  }

  /** Tells the worker that nobody waits any more. */
  #abort(task: Task, generation: number = task.header.generation): void {
    const { slot } = task.header;
    if (this.#slots.at(slot) !== task || task.header.generation !== generation) return;
    if (!writeAbort(this.#submissions[this.#routes.workerOf(slot)]!, task)) {
      // The ring is full of tasks that the worker has not taken yet.
      if (this.#lost === null) after(1, () => this.#abort(task, generation));
      return;
    }
    this.#unpublished++;
    this.flush();
  }

  #ringFull(header: Task["header"]): never {
    this.#routes.end(header.slot, -1);
    if (header.pinned !== null) unpinAll(header.pinned);
    throw ringFull();
  }

  /** Resolves when a task can be allocated. Rejects with the error that ended the session. */
  async slotFree(): Promise<void> {
    while (!this.#room.isOpen) await new Promise<void>((resolve) => this.#room.wait(resolve));
    if (this.#slots.freeCount === 0) throw this.#lost;
  }

  /** As {@linkcode Task.waitSync}; gives up after `timeoutMs` with CHI-3005. */
  waitSync(task: Task, timeoutMs = Infinity): void {
    if (!this.#host.blocking) throw cannotBlock(this.#host.whyNotBlocking);
    const allowedMs = deadlineMs(timeoutMs);
    const header = task.header;
    if (header.state !== TaskState.submitted && header.state !== TaskState.done) {
      throw notWaitable(header);
    }
    if (this.#host.onNodeThread && header.poolId === ADMIN_POOL_ID) throw adminNeedsThread();
    this.flush();
    const endMs = allowedMs === Infinity ? Infinity : realClock.nowMs() + allowedMs;
    while (header.state !== TaskState.done) {
      if (this.poll() > 0) continue;
      if (this.#lost !== null) throw this.#lost;
      this.#bell.prepare(BellState.futex);
      if (!this.#available) {
        const leftMs = endMs === Infinity ? Infinity : endMs - realClock.nowMs();
        if (leftMs <= 0) {
          this.#bell.finish();
          this.#pump.bellUsed();
          throw this.#giveUp(task, timedOut(timeoutMs));
        }
        if (this.#bell.sleep(Math.min(this.#host.longestSleepMs(), leftMs))) this.checkAlive();
      }
      this.#bell.finish();
    }
    this.#pump.bellUsed();
    if (header.error !== null) throw header.error;
  }

  /** Nothing to take and nothing to show. */
  get quiet(): boolean {
    return this.#unpublished === 0 && !this.#available;
  }

  /** Whether the session or its node has ended. */
  get isLost(): boolean {
    return this.#lost !== null;
  }

  get #available(): boolean {
    for (let k = 0; k < this.#completions.length; k++) {
      if (this.#completions[k]!.available() !== 0) return true;
    }
    return false;
  }

  /** Fails everything under way when the node has died. */
  checkAlive(): void {
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
    for (const task of this.#slots.running) {
      task.header.error = error;
      task.header.state = TaskState.done;
      this.#pump.end(settleWaiters(task.header, error));
    }
    this.#outstanding = 0;
    this.#room.serve();
    this.#sleeper.poke();
  }
}
