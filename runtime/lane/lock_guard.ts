/**
 * A handler's stay in a lock, or its place in the queue before it.
 *
 *     waiting ──granted──▶ held ──release, using, end of the handler──▶ over
 *        └──────────── gave up, end of the handler ───────────────────▶ over
 *
 * A handler's guards form a list that begins at its context, so that the runtime finds what it has
 * not given back. Guards are not pooled: a program may release one and let `using` do it again, and
 * that must never open a lock that has been taken by somebody else meanwhile.
 *
 * Thread rules: one worker's isolate.
 */

import { ChimaeraError } from "../errors.ts";
import type { LaneLock } from "./lane_lock.ts";
import type { RunContext } from "./run_context.ts";

/** What a wait for a lock is called when it fails. */
export const WAIT = "wait for a lock";

/** Who is in a lock: a number for all handlers of one root task, or one handler alone. */
export type LockOwner = number | RunContext;

/** Ends the promise of a guard that waits. */
export interface LockWaiter {
  /** It is in. */
  readonly grant: () => void;
  /** It will not come in. */
  readonly refuse: (error: ChimaeraError) => void;
}

/**
 * What `lock` gives: the lock is free again when the guard goes out of scope.
 *
 * @example
 * ```ts ignore
 * using _ = await this.mutex.lock(rctx);
 * ```
 */
export class LockGuard implements Disposable {
  readonly #lock: LaneLock;
  /** The handler that is in, or waits. */
  readonly rctx: RunContext;
  /** Whom the lock takes it for. */
  readonly owner: LockOwner;
  /** Whether it excludes readers too; always so in a mutex. */
  readonly isWriter: boolean;
  /** Set while it waits. */
  waiter: LockWaiter | null = null;
  #isOver = false;
  /** The next guard of the same handler. */
  next: LockGuard | null;
  /** Neighbours in the lock's queue. */
  before: LockGuard | null = null;
  /** The one that stands behind it there. */
  behind: LockGuard | null = null;

  /** For the runtime: puts the guard on its handler's list. Handlers get one from `lock`. */
  constructor(lock: LaneLock, rctx: RunContext, owner: LockOwner, isWriter: boolean) {
    this.#lock = lock;
    this.rctx = rctx;
    this.owner = owner;
    this.isWriter = isWriter;
    this.next = rctx.guards;
    rctx.guards = this;
  }

  /** Whether the guard is one of that lock. */
  isOf(lock: LaneLock): boolean {
    return this.#lock === lock;
  }

  /** Leaves the lock early; the second time nothing happens. */
  release(): void {
    if (this.#isOver || this.waiter !== null) return;
    this.#forget();
    this.#lock.leave(this);
  }

  /** As {@linkcode release}. */
  [Symbol.dispose](): void {
    this.release();
  }

  /** Ends the wait with an error. */
  giveUp(error: ChimaeraError): void {
    const waiter = this.waiter;
    if (waiter === null) return;
    this.waiter = null;
    this.#forget();
    this.#lock.unqueue(this);
    waiter.refuse(error);
  }

  /** Takes the guard off its handler's list. */
  #forget(): void {
    this.#isOver = true;
    const { rctx } = this;
    if (rctx.guards === this) {
      rctx.guards = this.next;
      return;
    }
    for (let guard = rctx.guards; guard !== null; guard = guard.next) {
      if (guard.next !== this) continue;
      guard.next = this.next;
      return;
    }
  }
}

/**
 * Opens the locks that a handler kept to its end.
 *
 * @param error What the handler failed with; null when it returned.
 * @returns That error; CHI-3020 when the handler returned and had forgotten a lock.
 */
export function releaseKept(rctx: RunContext, error: ChimaeraError | null): ChimaeraError | null {
  const why = "the handler that asked for it has ended";
  for (let guard = rctx.guards; guard !== null;) {
    const { next } = guard;
    if (guard.waiter !== null) guard.giveUp(new ChimaeraError("taskState", { what: WAIT, why }));
    guard = next;
  }
  let kept = 0;
  for (let guard = rctx.guards; guard !== null; guard = rctx.guards) {
    kept++;
    guard.release();
  }
  if (error !== null || kept === 0) return error;
  return new ChimaeraError("lockKept", {
    what: "end of a handler",
    why: kept === 1 ? "it still held a lock" : `it still held ${kept} locks`,
  });
}
