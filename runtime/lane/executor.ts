/**
 * Running handlers.
 *
 * A synchronous handler costs no promise: it is run, its OUT fields are copied back, and its
 * completion joins the batch. An asynchronous one keeps its task and context until its promise is
 * settled; the lane goes on with other tasks. Whatever a handler throws fails its task, and only
 * its task.
 *
 * Thread rules: one worker's isolate.
 */

import { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Clock } from "../platform/mod.ts";
import { H, type Task, TaskState } from "../task/mod.ts";
import { type SentName, TaskAborts } from "./abort_tasks.ts";
import type { Answers } from "./answers.ts";
import { checkOut } from "./bulk_check.ts";
import type { ContainerOnWorker } from "./container.ts";
import { LANE_COUNTER, WORKER_COUNTER } from "./counters.ts";
import { HandOn } from "./hand_on.ts";
import { thrownBy } from "./handler_error.ts";
import type { Lane } from "./lane.ts";
import type { LaneOrder } from "./lane_order.ts";
import { releaseKept } from "./lock_guard.ts";
import type { Periodics } from "./periodics.ts";
import { RunContext, type RunHost } from "./run_context.ts";
import { FencedOff, type WorkerState } from "./worker_state.ts";

/** Who is told of tasks that end. */
export interface TaskEnds {
  readonly answers: Answers;
  readonly subtasks: {
    /** A handler ended that has not given all its subtasks back. */
    endOf(parent: RunContext): void;
  };
  /** Tasks that may run again. */
  readonly periodics: Periodics;
  /** A task is to be begun anew where its lane is now. */
  readonly handOn: (lane: Lane, task: Task) => void;
  /** A handler's promise was settled, perhaps outside a pass. */
  readonly onSettled: () => void;
}

export class Executor {
  readonly #state: WorkerState;
  readonly #host: RunHost;
  readonly #ends: TaskEnds;
  readonly #clock: Clock;
  /** Shuffles the turns of lanes, in tests. */
  readonly #order: LaneOrder | null;
  /** The ready lane whose turn it is. */
  #turn = 0;
  /** Tasks that a lane may run before the next one may. */
  #share: number = LIMITS.laneShare;
  readonly #contexts: RunContext[] = [];
  /** Handlers whose promise is not settled. */
  inFlight = 0;
  /** These, and those that have ended while what they began has not, by their tasks' blocks. */
  readonly running = new Map<number, RunContext>();
  readonly #aborts: TaskAborts;

  constructor(
    state: WorkerState,
    host: RunHost,
    ends: TaskEnds,
    clock: Clock,
    order: LaneOrder | null,
  ) {
    this.#state = state;
    this.#host = host;
    this.#ends = ends;
    this.#clock = clock;
    this.#order = order;
    this.#aborts = new TaskAborts(state, this.running);
  }

  /**
   * Runs tasks of the ready lanes, in turn: a share of one, a share of the next. Ends when nothing
   * waits, after `tickTasksMax` tasks, or after about `tickMicros`, so that results are published
   * and other lanes, clients and workers are looked at. The clock is read between shares only, and
   * never when all that waits is one share.
   *
   * @returns How many ran.
   */
  runLanes(): number {
    const { ready, counters, counter } = this.#state;
    if (this.#aborts.waiting) this.#aborts.markQueued();
    counters.words[counter + WORKER_COUNTER.inFlight] = this.running.size;
    if (ready.length === 0) return 0;
    const first = ready[0]!;
    const timed = ready.length > 1 || first.waiting > this.#share || first.high.length > 0;
    let ran = 0;
    let lastMs = timed ? this.#clock.nowMs() : 0;
    const endMs = timed ? lastMs + LIMITS.tickMicros / 1000 : Infinity;
    while (ready.length > 0 && ran < LIMITS.tickTasksMax) {
      if (this.#turn >= ready.length) this.#turn = 0;
      if (this.#turn === 0 && this.#order !== null) this.#order.shuffle(ready);
      const lane = ready[this.#turn]!;
      ran += this.#runLane(lane, this.#share);
      if (lane.waiting === 0) this.#unlist(lane);
      else this.#turn++;
      if (!timed) continue;
      const nowMs = this.#clock.nowMs();
      this.#adapt((nowMs - lastMs) * 1000);
      if (nowMs > endMs) break;
      lastMs = nowMs;
    }
    return ran;
  }

  #unlist(lane: Lane): void {
    const ready = this.#state.ready;
    lane.listed = false;
    const last = ready.pop()!;
    if (last !== lane) ready[this.#turn] = last;
  }

  /** Slow handlers get small shares. */
  #adapt(tookMicros: number): void {
    this.#share = tookMicros > LIMITS.tickMicros
      ? Math.max(1, Math.floor(this.#share * LIMITS.tickMicros / tookMicros))
      : Math.min(LIMITS.laneShare, this.#share * 2);
  }

  /** A share ends with a high-latency task: such may take long, and others may have come. */
  #runLane(lane: Lane, share: number): number {
    let ran = 0;
    while (ran < share) {
      const task = lane.next();
      if (task === null) break;
      const isLast = lane.wentHigh;
      this.#run(lane, task);
      ran++;
      if (isLast) break;
    }
    const words = this.#state.counters.words;
    words[lane.counter + LANE_COUNTER.waiting] = lane.waiting;
    words[lane.counter + LANE_COUNTER.done]! += ran;
    words[this.#state.counter + WORKER_COUNTER.tasks]! += ran;
    return ran;
  }

  /** Runs tasks that were taken from a plugged lane. */
  runKin(lane: Lane, tasks: readonly Task[]): void {
    for (const task of tasks) {
      if (this.#aborts.waiting) this.#aborts.mark(task);
      this.#run(lane, task);
    }
    const words = this.#state.counters.words;
    words[lane.counter + LANE_COUNTER.waiting]! -= tasks.length;
    words[lane.counter + LANE_COUNTER.done]! += tasks.length;
    words[this.#state.counter + WORKER_COUNTER.tasks]! += tasks.length;
  }

  /** The tasks of a lane that were begun and have not ended. */
  begunOn(lane: Lane): Task[] {
    const onLane = [...this.running.values()].filter((rctx) => rctx.lane === lane);
    return onLane.map(({ task }) => task);
  }

  #run(lane: Lane, task: Task): void {
    const container = lane.container;
    const method = task.layout.method;
    const words = this.#state.counters.words;
    const counter = this.#state.counter;
    words[counter + WORKER_COUNTER.method] = method;
    words[counter + WORKER_COUNTER.pool] = container.poolId;
    const rctx = this.#contexts.pop() ?? new RunContext(this.#host, this.#settled);
    rctx.start(task, lane);
    if (this.#state.node.i32[task.header.block + H.periodUs] !== 0) {
      this.#ends.periodics.beforeRun(task);
    }
    const gone = this.#state.closing > 0 && this.#state.isOrphan(task);
    if (gone || task.header.state === TaskState.lapsed) rctx.abort();
    let promise: void | Promise<void> = undefined;
    let error: ChimaeraError | null = null;
    try {
      promise = container.run(lane.server!, method, task, rctx);
    } catch (thrown) {
      error = thrownBy(thrown, container, task);
    }
    if (this.#state.fenced) throw new FencedOff();
    words[counter + WORKER_COUNTER.pool] = this.#state.poolBetweenHandlers;
    if (promise instanceof Promise) this.#follow(lane, task, rctx, promise);
    else this.#end(lane, task, rctx, error); // Something that is no promise: nobody wants it.
  }

  #follow(lane: Lane, task: Task, rctx: RunContext, promise: Promise<void>): void {
    this.inFlight++;
    lane.busy++;
    this.running.set(task.header.block, rctx);
    if (!rctx.isParked) this.#host.resumed(rctx);
    promise.then(rctx.onFulfilled, rctx.onRejected);
  }

  readonly #settled = (rctx: RunContext, isRejected: boolean, thrown: unknown): void => {
    // The task was answered by another thread, and its caller's memory is no longer its own.
    if (this.#state.fenced) return;
    const { lane, task } = rctx;
    this.inFlight--;
    this.running.delete(task.header.block);
    if (isRejected && thrown instanceof HandOn) this.#handOn(lane, task, rctx);
    else this.#end(lane, task, rctx, isRejected ? thrownBy(thrown, lane.container, task) : null);
    this.#ended(lane);
    this.#ends.onSettled();
  };

  #handOn(lane: Lane, task: Task, rctx: RunContext): void {
    rctx.leave();
    this.#contexts.push(rctx);
    this.#ends.handOn(lane, task);
  }

  #end(lane: Lane, task: Task, rctx: RunContext, error: ChimaeraError | null): void {
    if (rctx.firstSubtask !== null) this.#ends.subtasks.endOf(rctx);
    const failure = rctx.guards === null ? error : releaseKept(rctx, error);
    rctx.leave();
    if (!rctx.pinned) {
      this.#finish(lane, task, rctx, failure);
      return;
    }
    // The kernel, or a subtask, may still write into what the task names.
    lane.busy++;
    this.running.set(task.header.block, rctx);
    rctx.onUnpinned(() => {
      this.running.delete(task.header.block);
      this.#finish(lane, task, rctx, failure);
      this.#ended(lane);
    });
  }

  #ended(lane: Lane): void {
    if (--lane.busy === 0) lane.onDrained?.();
  }

  #finish(lane: Lane, task: Task, rctx: RunContext, error: ChimaeraError | null): void {
    this.#contexts.push(rctx);
    let failure = rctx.failure ?? error ?? checkOut(this.#state.node.u32, task);
    if (this.#state.node.i32[task.header.block + H.periodUs] !== 0) {
      const next = this.#ends.periodics.afterRun(task, failure);
      if (next === "again") return;
      failure = next;
    }
    lane.container.active--;
    if (failure !== null) this.#state.counters.words[lane.counter + LANE_COUNTER.failed]!++;
    this.#ends.answers.tell(task, failure);
  }

  /**
   * Fires the signal of a task whose caller gave up, when it begins at the latest.
   *
   * @param block Where it is, as far as the caller knows; 0: to be looked for.
   * @returns Whether it runs, or is known to wait, here.
   */
  abortTask(block: number, name: SentName): boolean {
    this.#ends.periodics.abort(block, name);
    return block === 0 ? this.#aborts.abortNamed(name) : this.#aborts.abortBlock(block, name);
  }

  /** The same for all tasks from a port or wire session. */
  abortAllOf(origin: number, from: number): void {
    this.#ends.periodics.abortAllOf(origin, from);
    this.#aborts.abortAllOf(origin, from);
  }

  /** Aborts what runs for clients that are gone; what begins later begins aborted. */
  abortOrphans(): void {
    for (const rctx of this.running.values()) if (this.#state.isOrphan(rctx.task)) rctx.abort();
    this.#ends.periodics.abortOrphans();
  }

  /**
   * Fires the signals of handlers that run for a container that is going away: their tasks fail
   * when they end. Returns their names.
   */
  failRunning(container: ContainerOnWorker, error: ChimaeraError): string[] {
    const running = [...this.running.values()].filter(({ lane }) => lane.container === container);
    for (const rctx of running) rctx.fail(error);
    return running.map(({ task }) => container.nameOf(task));
  }

  /** Fails what waits on a lane that is going away. */
  failQueued(lane: Lane, error: ChimaeraError): void {
    const fail = (task: Task) => {
      this.#ends.periodics.forget(task);
      this.#ends.answers.failOf(lane, task, error);
    };
    this.#ends.periodics.endLane(lane, error);
    while (lane.low.length > 0) fail(lane.low.shift());
    while (lane.high.length > 0) fail(lane.high.shift());
    this.#state.counters.words[lane.counter + LANE_COUNTER.waiting] = 0;
  }
}
