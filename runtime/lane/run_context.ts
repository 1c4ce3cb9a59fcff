/**
 * `RunContext`: a handler's view of the task it runs and of the worker under it.
 *
 * It is where a handler's own calls go in: `this.other.in(rctx).compress(…)` makes a subtask of
 * the running task. Contexts are pooled; one belongs to a task from its handler's start until the
 * handler's promise is settled and the kernel is done with what the task names.
 *
 * Thread rules: the worker's isolate. Everything a handler may await from here is resolved by the
 * worker's loop itself, so waiting for it does not need the event loop.
 */

import { ChimaeraError } from "../errors.ts";
import {
  H,
  type ModuleClient,
  type Submitter,
  type Task,
  TaskFlag,
  type TaskType,
} from "../task/mod.ts";
import type { DiskQueue } from "./disk_queue.ts";
import type { Lane } from "./lane.ts";
import type { LockGuard, LockOwner } from "./lock_guard.ts";
import { SubtaskRoom } from "./subtask_room.ts";

/** The document's monitor modes. */
export const MonitorMode = {
  kEstLoad: 0,
  kSampleLoad: 1,
  kReinforceLoad: 2,
  kReplicaStart: 3,
  kReplicaAgg: 4,
  kSchedule: 5,
  kFlushWork: 6,
} as const;
/** One of the numbers of {@linkcode MonitorMode}. */
export type MonitorMode = typeof MonitorMode[keyof typeof MonitorMode];

/** What a context needs of its worker. */
export interface RunHost {
  readonly workerId: number;
  readonly disk: DiskQueue;
  /** Words of the node segment, where the heads of tasks are. */
  readonly words: Int32Array;
  allocateSubtask(type: TaskType, parent: RunContext): Task;
  submitSubtask(task: Task): void;
  /** Nobody waits for what the handler has sent. */
  abortSubtasks(parent: RunContext): void;
  sleep(ms: number, rctx: RunContext): Promise<void>;
  /** A timer of the worker's loop; returns how to take it back. */
  after(ms: number, call: () => void): () => void;
  /** A handler began or ended to wait for something that the loop resolves. */
  parked(delta: number): void;
  /** A handler is about to go on outside a pass; who is to be named if it does not come back. */
  resumed(rctx: RunContext): void;
}

/** Receives the end of a handler's promise. */
export type HandlerSettled = (rctx: RunContext, isRejected: boolean, thrown: unknown) => void;

/** Of a context that runs no task's handler, such as a module's start. */
const neverSettled: HandlerSettled = () => {};

const NO_REPLICAS: readonly Task[] = [];

/** The worker under a handler. Not for modules, so it is no member of the context. */
export let hostOf: (rctx: RunContext) => RunHost;

/**
 * A handler's view of the task it runs. Not to be kept: contexts are used again for other tasks.
 */
export class RunContext implements Submitter {
  readonly #host: RunHost;
  /** The running task; in `open`, the pool's create parameters. */
  task!: Task;
  /** The lane it runs on. */
  lane!: Lane;
  /** What a flush asks a module for, in kFlushWork: the monitor adds the work that it holds back. */
  readonly flush = { count: 0 };
  /** The tasks of a replicated task, in kReplicaAgg. */
  replicas: readonly Task[] = NO_REPLICAS;
  /** The last of the subtasks that the handler has not given back; the runtime lists them. */
  firstSubtask: Task | null = null;
  /** The last of those that it has given back, and that have not ended. */
  firstForgotten: Task | null = null;
  readonly room = new SubtaskRoom(this);
  /** Awaitables of the loop that the handler has not got back yet. */
  #waiting = 0;
  /** Operations of the kernel on what the task names. */
  #pins = 0;
  #whenUnpinned: (() => void) | null = null;
  /** Changes with each beginning and end of a handler. */
  life = 0;
  /** Locks that the handler holds or waits for, the last one first. */
  guards: LockGuard | null = null;
  #abort: AbortController | null = null;
  #abortError: ChimaeraError | null = null;
  /** Waits that end when the caller gives up; null while there are none. */
  #abortCalls: Set<(error: ChimaeraError) => void> | null = null;
  /** The client that was bound first, which is nearly always the only one, and its bound copy. */
  #client: ModuleClient | null = null;
  #boundClient: ModuleClient | null = null;
  /** The others; weak, as a handler may make a client for each of its calls. */
  #others: WeakMap<ModuleClient, ModuleClient> | null = null;

  /** What the promise of an asynchronous handler calls; they are the context's, not each run's. */
  readonly onFulfilled: () => void;
  /** The same, when it is rejected. */
  readonly onRejected: (thrown: unknown) => void;

  static {
    hostOf = (rctx) => rctx.#host;
  }

  /**
   * For the runtime; handlers are given theirs.
   *
   * @param settled Told of the end of an asynchronous handler.
   */
  constructor(host: RunHost, settled: HandlerSettled = neverSettled) {
    this.#host = host;
    this.onFulfilled = () => settled(this, false, undefined);
    this.onRejected = (thrown) => settled(this, true, thrown);
  }

  /** Number of the worker that runs the handler, from 0. */
  get workerId(): number {
    return this.#host.workerId;
  }

  /**
   * Fires when the caller has given up; the result will be dropped. Its reason is the error that
   * {@linkcode sleep} rejects with. Made by the first look at it.
   */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#abortError !== null) this.#abort.abort(this.#abortError);
    return this.#abort.signal;
  }

  /**
   * Resolves after `ms`; other tasks of the lane run meanwhile. Rejects with CHI-3006 as soon as
   * the caller has given up, at once when it has before.
   */
  sleep(ms: number): Promise<void> {
    return this.#host.sleep(ms, this);
  }

  /**
   * Lets the present run of a periodic task be its last: its result goes to its caller. The
   * document's UnsetLongRunning.
   */
  endPeriodic(): void {
    const { $i32, header } = this.task;
    if (header.block !== 0) $i32[header.block + H.flags]! &= ~TaskFlag.longRunning;
  }

  // ---- for the runtime -------------------------------------------------------------------------

  /** A handler begins: the context is the task's until {@linkcode leave}. */
  start(task: Task, lane: Lane): void {
    this.life++;
    this.task = task;
    this.lane = lane;
    this.replicas = NO_REPLICAS;
    this.firstSubtask = null;
    this.firstForgotten = null;
    this.room.reset();
    this.#waiting = 0;
    this.#abort = null;
    this.#abortError = null;
  }

  /** The caller has given up: fires the signal, ends the waits that listen, tells subtasks. */
  abort(): void {
    if (this.#abortError !== null) return;
    this.#end(
      new ChimaeraError("aborted", {
        what: this.lane === null ? "start a pool" : `run ${this.lane.container.nameOf(this.task)}`,
        why: "its caller has given up",
      }),
    );
  }

  /**
   * Something that the handler left behind has failed: so will its task, and it may as well end.
   * False when its caller has given up before, or something else has failed.
   */
  fail(error: ChimaeraError): boolean {
    if (this.#abortError !== null) return false;
    this.#end(error);
    return true;
  }

  /** What the handler left behind that failed. */
  get failure(): ChimaeraError | null {
    const error = this.#abortError;
    return error === null || error.kind === "aborted" ? null : error;
  }

  #end(error: ChimaeraError): void {
    this.#abortError = error;
    this.#abort?.abort(error);
    if (this.pinned) this.#host.abortSubtasks(this);
    const calls = this.#abortCalls;
    if (calls === null) return;
    this.#abortCalls = null;
    for (const call of calls) call(error);
  }

  /** Why the task need not go on; null while its caller waits. */
  get abortError(): ChimaeraError | null {
    return this.#abortError;
  }

  /** Calls back if the caller gives up before the returned function is called. */
  onAbort(call: (error: ChimaeraError) => void): () => void {
    const calls = this.#abortCalls ??= new Set();
    calls.add(call);
    return () => void calls.delete(call);
  }

  /** What all handlers of the task's root have in common, and no others. */
  get root(): LockOwner {
    const { words } = this.#host;
    const { block } = this.task.header;
    return words[block + H.rootOrigin]! * 2 ** 32 + words[block + H.rootSlot]!;
  }

  /** The handler begins to wait for something that the loop resolves. */
  park(): void {
    if (this.#waiting++ === 0) this.#host.parked(1);
  }

  /** What outlives its handler has been forgotten by {@linkcode leave}. */
  unpark(): void {
    if (this.#waiting === 0 || --this.#waiting > 0) return;
    this.#host.parked(-1);
    this.#host.resumed(this);
  }

  /** Whether the handler waits for something that the loop resolves. */
  get isParked(): boolean {
    return this.#waiting > 0;
  }

  /** An operation of the kernel begins: the task is not over before it is. */
  pin(): void {
    this.#pins++;
  }

  /** An operation of the kernel is over. */
  unpin(): void {
    if (--this.#pins > 0) return;
    const call = this.#whenUnpinned;
    this.#whenUnpinned = null;
    call?.();
  }

  /** Whether operations of the kernel on what the task names are under way. */
  get pinned(): boolean {
    return this.#pins > 0;
  }

  /** Calls back once, when the last operation of the kernel is over. */
  onUnpinned(call: () => void): void {
    this.#whenUnpinned = call;
  }

  /** The handler is over. Forgets what it left waiting. */
  leave(): void {
    this.life++;
    this.#abortCalls = null;
    this.room.leave();
    if (this.#waiting > 0) this.#host.parked(-1);
    this.#waiting = 0;
  }

  /** A subtask of the running task, not yet sent. Throws CHI-2001 when the node has no room. */
  allocate(type: TaskType): Task {
    this.room.check();
    return this.#host.allocateSubtask(type, this);
  }

  /** Sends a subtask. */
  submit(task: Task): void {
    this.#host.submitSubtask(task);
  }

  /** The client whose calls make subtasks here; the same object for each call with one client. */
  bind<C extends ModuleClient>(client: C): C {
    if (client === this.#client) return this.#boundClient as C;
    let bound = this.#others?.get(client);
    if (bound === undefined) {
      bound = client.copyFor(this);
      if (this.#client !== null) (this.#others ??= new WeakMap()).set(client, bound);
    }
    if (this.#client === null) {
      this.#client = client;
      this.#boundClient = bound;
    }
    return bound as C;
  }
}
