/**
 * What a worker keeps back while a lane of a container moves: the tasks for that lane, or all tasks
 * of the container where the way that they take changes with the move.
 *
 * Bounded by what is under way: each of the tasks has a caller that waits for it.
 *
 * Thread rules: one worker's isolate.
 */

import type { Task } from "../task/mod.ts";
import type { Lane } from "./lane.ts";
import type { Module } from "./module.ts";

/** A task that is kept back, and the lane that was chosen for it; null: none was yet. */
export interface KeptTask {
  /** What is kept back. */
  readonly task: Task;
  /** Where it will go. */
  readonly lane: Lane | null;
}

/** What one worker keeps back during one move. */
export class LaneHold {
  /** Number of the move. */
  readonly moveId: number;
  /** The lane that moves. */
  readonly lane: Lane;
  /** Whether everything is held that would be routed here, not only what is for the lane. */
  readonly isWhole: boolean;
  /** Of a whole hold: the instance that maps what was sent here to be routed, and that goes on. */
  router: Module | null;
  readonly #tasks: KeptTask[] = [];

  /** Without tasks as yet. */
  constructor(moveId: number, lane: Lane, isWhole: boolean, router: Module | null) {
    this.moveId = moveId;
    this.lane = lane;
    this.isWhole = isWhole;
    this.router = router;
  }

  /** Keeps a task back, behind those that are. */
  keep(task: Task, lane: Lane | null): void {
    this.#tasks.push({ task, lane });
  }

  /** How much is kept. */
  get count(): number {
    return this.#tasks.length;
  }

  /** Everything that was kept, in the order in which it came. */
  takeAll(): KeptTask[] {
    return this.#tasks.splice(0);
  }
}
