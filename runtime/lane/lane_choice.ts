/**
 * Choosing the lane with the fewest tasks.
 *
 * A lane counts what waits on it, but a task on its way to another worker is counted only when it
 * arrives: a burst would all go to one lane. So whoever chooses also remembers what it gave each
 * lane and the lane has not done since. Others' tasks are done in between too, so that figure can
 * be too small; it counts where it is the larger one.
 *
 * Thread rules: one isolate; the counters are shared and a moment old.
 */

import type { Lane } from "./lane.ts";

export class LaneChoice {
  /** Tasks given, by the lane's index, since the lane was last known to be idle. */
  readonly #given: number[] = [];
  /** What the lane had done at that time. */
  readonly #doneBefore: number[] = [];
  #last = -1;

  /** The lane with the fewest tasks; among equals the next in turn. */
  next(lanes: readonly Lane[]): Lane {
    let best = 0;
    let least = Infinity;
    for (let k = 1; k <= lanes.length && least > 0; k++) {
      const index = (this.#last + k) % lanes.length;
      const load = this.#loadOf(lanes[index]!, index);
      if (load >= least) continue;
      best = index;
      least = load;
    }
    const lane = lanes[best]!;
    if (!this.#given[best]) this.#doneBefore[best] = lane.done;
    this.#given[best] = (this.#given[best] ?? 0) + 1;
    this.#last = best;
    return lane;
  }

  #loadOf(lane: Lane, index: number): number {
    const given = this.#given[index] ?? 0;
    if (given === 0) return lane.load;
    const open = given - ((lane.done - this.#doneBefore[index]!) | 0);
    if (open <= 0) this.#given[index] = 0;
    return Math.max(lane.load, open);
  }
}
