/**
 * The queue before a lock: first in, first out, and anybody may leave it.
 *
 * Thread rules: one worker's isolate.
 */

import type { LockGuard, LockOwner } from "./lock_guard.ts";

/** Guards that wait for one lock. */
export class LockQueue {
  #first: LockGuard | null = null;
  #last: LockGuard | null = null;
  /** Guards in the queue, by owner. */
  readonly #waiting = new Map<LockOwner, number>();

  /** Whether nobody waits. */
  get isEmpty(): boolean {
    return this.#first === null;
  }

  /** Whose turn is next; null when nobody waits. */
  get first(): LockGuard | null {
    return this.#first;
  }

  /** Goes to the end. */
  push(guard: LockGuard): void {
    this.#count(guard, 1);
    guard.before = this.#last;
    if (this.#last === null) this.#first = guard;
    else this.#last.behind = guard;
    this.#last = guard;
  }

  /** For those for whom everybody else in the queue would have to wait. */
  pushFirst(guard: LockGuard): void {
    this.#count(guard, 1);
    guard.behind = this.#first;
    if (this.#first === null) this.#last = guard;
    else this.#first.before = guard;
    this.#first = guard;
  }

  /** Leaves the queue, wherever it stands. */
  remove(guard: LockGuard): void {
    this.#count(guard, -1);
    const { before, behind } = guard;
    if (before === null) this.#first = behind;
    else before.behind = behind;
    if (behind === null) this.#last = before;
    else behind.before = before;
    guard.before = guard.behind = null;
  }

  /** Guards of an owner, the oldest first. */
  of(owner: LockOwner): LockGuard[] {
    const found: LockGuard[] = [];
    if (!this.#waiting.has(owner)) return found;
    for (let guard = this.#first; guard !== null; guard = guard.behind) {
      if (guard.owner === owner) found.push(guard);
    }
    return found;
  }

  #count(guard: LockGuard, delta: number): void {
    const count = (this.#waiting.get(guard.owner) ?? 0) + delta;
    if (count === 0) this.#waiting.delete(guard.owner);
    else this.#waiting.set(guard.owner, count);
  }
}
