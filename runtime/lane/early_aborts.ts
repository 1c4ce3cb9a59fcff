/**
 * Aborts of tasks that are not here, perhaps not yet.
 *
 * An abort is told to every worker straight away; its task may come round by a third worker, wait
 * for a lane that moves, or for its client's port, and so arrive behind it. Whoever does not find
 * the task keeps the abort, and the task begins with its signal fired when it comes.
 *
 * Most of them are of tasks that run elsewhere or have ended. Slots and tickets are used again with
 * another generation, so those match nothing; the oldest go when there are too many.
 *
 * Thread rules: one worker's isolate.
 */

import { LIMITS } from "../limits.ts";
import { H, OriginKind } from "../task/mod.ts";

/** Slot that stands for all tasks of a caller. */
const ALL = -1;

export class EarlyAborts {
  readonly #generations = new Map<number, number>();
  /** Goes along with the map: a new one would pass by all that were taken out. */
  #oldest = this.#generations.keys();

  /**
   * @param origin OriginKind of the caller.
   * @param from Number of its port, wire session, or worker.
   * @param slot Slot, or ticket, of the task; −1: all tasks from there.
   */
  keep(origin: number, from: number, slot: number, generation: number): void {
    const key = keyOf(origin, from, slot);
    this.#generations.delete(key); // It counts as new again.
    this.#generations.set(key, generation);
    if (this.#generations.size <= LIMITS.earlyAbortsMax) return;
    let oldest = this.#oldest.next();
    if (oldest.done) oldest = (this.#oldest = this.#generations.keys()).next();
    this.#generations.delete(oldest.value!);
  }

  /** Whether the caller of a task gave it up before it came here. */
  has(words: Int32Array, block: number): boolean {
    if (this.#generations.size === 0) return false;
    const origin = words[block + H.origin]!;
    const from = words[block + H.port]!;
    const found = this.#generations.get(keyOf(origin, from, words[block + H.slot]!));
    if (found !== undefined && found === words[block + H.generation]) return true;
    return origin === OriginKind.wire && this.#generations.has(keyOf(origin, from, ALL));
  }
}

/** Callers have numbers below 2^27; of slots and tickets above 2^24 two may meet in one place. */
function keyOf(origin: number, from: number, slot: number): number {
  return (from * 4 + origin) * 2 ** 24 + (slot & 0xffffff);
}
