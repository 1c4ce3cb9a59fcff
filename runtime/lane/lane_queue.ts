/**
 * What waits on a lane, and what of it runs next.
 *
 * Low-latency tasks go first; a high-latency one goes after each quota of them, or when none waits.
 * So neither kind waits for ever, and a low-latency task waits for one high-latency one at most
 * per quota of those before it. Each kind goes in the order in which it came.
 *
 * Thread rules: one worker's isolate.
 */

import { LIMITS } from "../limits.ts";
import type { Task } from "../task/mod.ts";
import { TaskQueue } from "./task_queue.ts";

/** Tasks that wait on a lane, of both priorities. */
export class LaneQueue {
  /** Low-latency tasks. */
  readonly low = new TaskQueue();
  /** High-latency tasks. */
  readonly high = new TaskQueue();
  readonly #quota: number;
  /** Low-latency tasks that went while a high-latency one waited. */
  #sinceHigh = 0;
  /** Whether the last task that went was a high-latency one. */
  wentHigh = false;

  /**
   * Without tasks as yet.
   *
   * @param quota Low-latency tasks that go for each high-latency one while both wait.
   */
  constructor(quota: number = LIMITS.highLatencyQuota) {
    this.#quota = quota;
  }

  /** Tasks that wait here. */
  get waiting(): number {
    return this.low.length + this.high.length;
  }

  /** Takes out the task whose turn it is; null when none waits. */
  next(): Task | null {
    const { low, high } = this;
    this.wentHigh = false;
    if (high.length === 0) return low.length === 0 ? null : low.shift();
    if (low.length > 0 && this.#sinceHigh < this.#quota) {
      this.#sinceHigh++;
      return low.shift();
    }
    this.#sinceHigh = 0;
    this.wentHigh = true;
    return high.shift();
  }
}
