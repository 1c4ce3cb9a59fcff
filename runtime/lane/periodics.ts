/**
 * The periodic tasks of one worker: those of the containers whose home lane is here.
 *
 * A periodic task keeps its block and its task object from its first run to its last. Between two
 * runs it waits here for its time; then it queues on its lane like any other task. So it is never
 * run twice at once, and a run that takes longer than the period is followed by the next at once.
 *
 *   queued ──▶ running ──▶ waiting ──▶ queued …
 *                 └──▶ answered: its handler said so or threw, its caller or its pool has gone
 *
 * One that moves with its lane is out of this worker's hands until the move is given up: its block
 * may be another worker's, or free. It is counted as if a flush waited for it, so that none which
 * begins meanwhile can return before the next worker has run it.
 *
 * Thread rules: one worker's isolate.
 */

import { ChimaeraError } from "../errors.ts";
import type { Clock } from "../platform/mod.ts";
import { H, type Task, TaskFlag, TaskState } from "../task/mod.ts";
import type { SentName } from "./abort_tasks.ts";
import type { Answers } from "./answers.ts";
import type { Lane } from "./lane.ts";
import type { WorkerState } from "./worker_state.ts";
import type { WorkerTimers } from "./worker_timers.ts";

/** A periodic task on its way to another worker. */
export interface MovingPeriodic {
  readonly block: number;
  /** It is in its lane's queue; else it waits for its time. */
  readonly isQueued: boolean;
  /** It runs once more at most. */
  readonly isEnded: boolean;
  /** Until its next run. */
  readonly dueMs: number;
  /** The cover of its block when no flush waits for it. */
  readonly cover: number;
}

interface Periodic {
  readonly task: Task;
  readonly lane: Lane;
  readonly periodMs: number;
  startedMs: number;
  /** Takes the timer back; null while the task is queued or runs. */
  cancel: (() => void) | null;
  /** It has left with its lane, which may come back. */
  moves: boolean;
  /** It waits for its time while its lane moves, and has no timer. */
  rests: boolean;
  running: boolean;
  /** A flush wants a run that begins after the present one. */
  again: boolean;
  /** The cover of its block when no flush waits for it. */
  cover: number;
  /** Why it does not run again. */
  ended: ChimaeraError | null;
}

export class Periodics {
  readonly #state: WorkerState;
  readonly #clock: Clock;
  readonly #timers: WorkerTimers;
  readonly #answers: Answers;
  readonly #byBlock = new Map<number, Periodic>();

  constructor(
    state: WorkerState,
    clock: Clock,
    timers: WorkerTimers,
    answers: Answers,
  ) {
    this.#state = state;
    this.#clock = clock;
    this.#timers = timers;
    this.#answers = answers;
  }

  #of(lane: Lane): Periodic[] {
    return [...this.#byBlock.values()].filter((periodic) => periodic.lane === lane);
  }

  /** Calls back with each task of a lane. */
  forEach(lane: Lane, call: (task: Task) => void): void {
    for (const { task } of this.#of(lane)) call(task);
  }

  /** Takes those of a lane that moves off the clock, and says what its next worker must know. */
  rest(lane: Lane): MovingPeriodic[] {
    const nowMs = this.#clock.nowMs();
    return this.#of(lane).map((periodic) => {
      const { task, cancel, startedMs, periodMs, ended } = periodic;
      periodic.rests = cancel !== null;
      cancel?.();
      periodic.cancel = null;
      periodic.moves = true;
      this.#count(task.header.block, periodic);
      return {
        block: task.header.block,
        isQueued: !periodic.rests,
        isEnded: ended !== null,
        dueMs: Math.max(0, startedMs + periodMs - nowMs),
        cover: periodic.cover,
      };
    });
  }

  /** The lane does not move: back on the clock. */
  resume(lane: Lane): void {
    for (const periodic of this.#of(lane)) {
      if (!periodic.moves) continue;
      periodic.moves = false;
      if (!periodic.rests) continue;
      this.#waitOrRun(periodic);
      if (periodic.ended !== null) this.#end(periodic, periodic.ended);
    }
  }

  /** The lane has moved: forgets them. Returns the tasks that are in no queue. */
  leave(lane: Lane): Task[] {
    const left = this.#of(lane);
    for (const { task } of left) this.#byBlock.delete(task.header.block);
    return left.filter(({ rests }) => rests).map(({ task }) => task);
  }

  /** One that came with its lane. The caller enqueues it if it was queued. */
  adopt(lane: Lane, task: Task, { isQueued, isEnded, dueMs, cover }: MovingPeriodic): void {
    const periodic = this.#add(lane, task);
    periodic.startedMs = this.#clock.nowMs() + dueMs - periodic.periodMs;
    periodic.cover = cover;
    if (!isQueued) this.#waitOrRun(periodic);
    const isGivenUp = isEnded || task.header.state === TaskState.lapsed;
    if (isGivenUp) this.#end(periodic, callerGone());
  }

  /** A periodic task has come to its lane. */
  begin(lane: Lane, task: Task): void {
    const periodic = this.#add(lane, task);
    this.#state.enqueue(lane, task);
    if (task.header.state === TaskState.lapsed) this.#end(periodic, callerGone());
  }

  #add(lane: Lane, task: Task): Periodic {
    const { block } = task.header;
    const periodMs = (this.#state.node.i32[block + H.periodUs]! >>> 0) / 1000;
    const periodic: Periodic = {
      task,
      lane,
      periodMs,
      startedMs: 0,
      cancel: null,
      moves: false,
      rests: false,
      running: false,
      again: false,
      cover: 0,
      ended: null,
    };
    this.#byBlock.set(block, periodic);
    return periodic;
  }

  /** A task with a period is about to run. */
  beforeRun(task: Task): void {
    const periodic = this.#byBlock.get(task.header.block);
    if (periodic === undefined) return;
    periodic.startedMs = this.#clock.nowMs();
    periodic.running = true;
  }

  /**
   * A task with a period has run.
   *
   * @param failure What its handler threw.
   * @returns "again", or how it is to be answered.
   */
  afterRun(task: Task, failure: ChimaeraError | null): "again" | ChimaeraError | null {
    const { block } = task.header;
    const periodic = this.#byBlock.get(block);
    if (periodic === undefined) return failure;
    const wanted = (this.#state.node.i32[block + H.flags]! & TaskFlag.longRunning) !== 0;
    if (this.#state.isOrphan(task)) periodic.ended ??= callerGone();
    periodic.running = false;
    if (failure === null && wanted && periodic.ended === null) {
      if (periodic.again) {
        periodic.again = false;
        this.#state.enqueue(periodic.lane, task);
        return "again";
      }
      this.#settle(block, periodic);
      this.#wait(periodic);
      return "again";
    }
    this.#byBlock.delete(block);
    return failure ?? periodic.ended;
  }

  /** A run has ended that a flush may have waited for: the task is counted no more. */
  #settle(block: number, periodic: Periodic): void {
    const { epochs, node } = this.#state;
    if (!epochs.counts(block)) return;
    epochs.end(block);
    node.i32[block + H.cover] = periodic.cover;
  }

  /**
   * A flush begins: every task here runs once more, whatever its period, and counts as one of the
   * present epoch until that run has ended.
   */
  owe(): void {
    for (const [block, periodic] of this.#byBlock) {
      if (periodic.moves) continue;
      this.#count(block, periodic);
      if (periodic.running) periodic.again = true;
      if (periodic.cancel === null) continue;
      periodic.cancel();
      this.#due(periodic);
    }
  }

  #count(block: number, periodic: Periodic): void {
    const { epochs, node } = this.#state;
    if (epochs.counts(block)) return;
    periodic.cover = node.i32[block + H.cover]!;
    epochs.count(block);
  }

  /** One that was on the way: a flush that began meanwhile waits for its next run. */
  #waitOrRun(periodic: Periodic): void {
    const { epochs } = this.#state;
    periodic.rests = false;
    if (epochs.isOf(periodic.task.header.block, epochs.now)) this.#wait(periodic);
    else this.#due(periodic);
  }

  #wait(periodic: Periodic): void {
    const dueMs = periodic.startedMs + periodic.periodMs;
    if (dueMs <= this.#clock.nowMs()) this.#state.enqueue(periodic.lane, periodic.task);
    else periodic.cancel = this.#timers.add(dueMs, () => this.#due(periodic));
  }

  #due(periodic: Periodic): void {
    periodic.cancel = null;
    this.#state.enqueue(periodic.lane, periodic.task);
  }

  /**
   * Ends the task whose caller gave it up: at once when it waits for its time, else after the run
   * that is due.
   *
   * @param block Where it is; 0: to be looked for.
   */
  abort(block: number, name: SentName): void {
    const words = this.#state.node.i32;
    const end = (at: number, periodic: Periodic) => {
      if (words[at + H.slot] !== name.slot || words[at + H.generation] !== name.generation) return;
      if (this.#isFrom(at, name.origin, name.from)) this.#end(periodic, callerGone());
    };
    if (block === 0) this.#byBlock.forEach((periodic, at) => end(at, periodic));
    const periodic = this.#byBlock.get(block);
    if (periodic !== undefined) end(block, periodic);
  }

  /** The same for all tasks from a port or wire session. */
  abortAllOf(origin: number, from: number): void {
    for (const [block, periodic] of this.#byBlock) {
      if (this.#isFrom(block, origin, from)) this.#end(periodic, callerGone());
    }
  }

  #isFrom(block: number, origin: number, from: number): boolean {
    const words = this.#state.node.i32;
    return words[block + H.origin] === origin && words[block + H.port] === from;
  }

  /** Ends the tasks whose clients have gone. */
  abortOrphans(): void {
    for (const periodic of this.#byBlock.values()) {
      if (this.#state.isOrphan(periodic.task)) this.#end(periodic, callerGone());
    }
  }

  /** Ends what runs on a lane that is going away; what is queued there is failed by the caller. */
  endLane(lane: Lane, error: ChimaeraError): void {
    for (const periodic of this.#byBlock.values()) {
      if (periodic.lane === lane) this.#end(periodic, error);
    }
  }

  /** A task is answered by somebody else. */
  forget(task: Task): void {
    this.#byBlock.delete(task.header.block);
  }

  #end(periodic: Periodic, error: ChimaeraError): void {
    const { task, lane, cancel } = periodic;
    if (cancel === null) {
      periodic.ended ??= error;
      return;
    }
    cancel();
    this.#byBlock.delete(task.header.block);
    this.#answers.failOf(lane, task, error);
  }
}

function callerGone(): ChimaeraError {
  return new ChimaeraError("aborted", {
    what: "run a periodic task",
    why: "nobody waits for it any more",
  });
}
