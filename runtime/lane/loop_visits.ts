/**
 * When a worker whose handlers all wait for its own loop looks into the event loop all the same.
 *
 * A handler may let a subtask race against something foreign. `Promise.race` cannot be seen: the
 * handler counts as waiting for the subtask, and the worker sleeps in a futex, where nothing
 * foreign is ever resolved. So while handlers wait, the event loop is visited now and then. The
 * first visit is a turn, and costs a worker with much to do next to nothing. While there is
 * nothing to do visits are short sleeps, in which transfers come along, and become rarer:
 *
 *   visit  0 ── 20 ms ── 1 ──── 40 ms ──── 2 ──────── 80 ms ──────── 3 ── 100 ms ── 4 ── 100 ms ──
 *
 * What is foreign is so noticed at most about twice as late as it came, and 100 ms late. The clock
 * is read once per sleep and once in a number of passes, and only while handlers wait.
 *
 * Thread rules: one worker's isolate.
 */

import { LIMITS } from "../limits.ts";

export class LoopVisits {
  /** Visits since there was last something to do. */
  #empty = 0;
  #passes = 0;
  /** Sleeps since there was last something to do. */
  #sleeps = 0;

  /** There was something to do. */
  worked(): void {
    this.#empty = 0;
    this.#sleeps = 0;
  }

  /**
   * Asked before each sleep: whether there was nothing to do after the last one either. A nudge
   * ended it then, about every 100 ms, and what handlers have left behind may have a turn.
   */
  get wokenForNothing(): boolean {
    return ++this.#sleeps > 1;
  }

  visited(): void {
    this.#empty++;
  }

  /** Whether this pass of a busy worker looks at the clock. */
  get looksNow(): boolean {
    return ++this.#passes % LIMITS.passesPerLook === 0;
  }

  /** Time from one turn of the event loop to the next visit. */
  get periodMs(): number {
    return Math.min(LIMITS.sleepMs, LIMITS.visitMs * 2 ** Math.min(this.#empty, 8));
  }

  /** How long the next visit sleeps; 0: one turn. */
  get lengthMs(): number {
    return this.#empty === 0 ? 0 : LIMITS.visitSleepMs;
  }

  /**
   * How long a sleep outside the event loop may take. The first needs no time-out, which would cost
   * each such sleep half a microsecond: the node's thread nudges its workers every 100 ms.
   */
  longestSleepMs(dueMs: number): number {
    return this.#empty === 0 ? Infinity : dueMs;
  }
}
