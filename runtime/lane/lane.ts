/**
 * A lane: the queue of one instance of a module, on one worker at a time.
 *
 * Every isolate that knows the container has a `Lane` object for each of its lanes; only the
 * worker that runs the lane has its instance and its queues.
 *
 * Thread rules: a `Lane` object belongs to its isolate. The load is a shared counter.
 */

import type { Counters } from "./counters.ts";
import { LANE_COUNTER } from "./counters.ts";
import type { Module } from "./module.ts";
import type { ContainerOnWorker } from "./container.ts";
import { LaneQueue } from "./lane_queue.ts";

/** Kinds of lane group, as the document names them. */
export const QUEUE_LOW_LATENCY = 0;
/** The other kind. A name only: the order of tasks goes by their own priority. */
export const QUEUE_HIGH_LATENCY = 1;

/** {@linkcode Lane.sendTo} of a lane that moves: its tasks are kept until it has arrived. */
export const HELD = -1;

/** A lane of a pool, as one worker knows it. */
export class Lane extends LaneQueue {
  /** Number in the node's lane table. */
  readonly id: number;
  /** Number of its group, as given to `createLaneGroup`. */
  readonly group: number;
  /** Place within the group, from 0. */
  readonly index: number;
  /** The pool's part in this isolate. */
  readonly container: ContainerOnWorker;
  /** Word index of its counters in the node segment. */
  readonly counter: number;
  readonly #counters: Int32Array;
  /** The worker that runs the lane; while it moves, the one that it leaves. */
  worker: number;
  /** The worker that its tasks are sent to; {@linkcode HELD} while they are kept here. */
  sendTo: number;
  /** The instance that runs here; null when the lane is on another worker. */
  server: Module | null = null;
  /** Whether the worker's list of lanes with work has it; a plugged lane says so too. */
  listed = false;
  /** Tasks that were begun and have not ended, but for those that end at once. */
  busy = 0;
  /** Called when `busy` comes down to 0. */
  onDrained: (() => void) | null = null;

  /** For the runtime; modules get lanes from `getLane`. */
  constructor(
    id: number,
    group: number,
    index: number,
    worker: number,
    container: ContainerOnWorker,
    counters: Counters,
  ) {
    super();
    this.id = id;
    this.group = group;
    this.index = index;
    this.worker = worker;
    this.sendTo = worker;
    this.container = container;
    this.#counters = counters.words;
    this.counter = counters.lane(id);
  }

  /** The lane runs on `worker` from now on. */
  place(worker: number): void {
    this.worker = worker;
    this.sendTo = worker;
  }

  /** Tasks that the lane has run, wherever it runs; wraps around, and is a moment old. */
  get done(): number {
    return this.#counters[this.counter + LANE_COUNTER.done]!;
  }

  /** Tasks that wait on the lane, wherever it runs; a moment old. */
  get load(): number {
    return this.#counters[this.counter + LANE_COUNTER.waiting]!;
  }
}
