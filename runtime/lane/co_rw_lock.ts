/**
 * `CoRwLock`: many readers or one writer, for handlers that await in the middle of something.
 *
 * Thread rules: one worker's isolate; usually a field of a module's `Server`.
 */

import type { WaitOptions } from "../task/mod.ts";
import { LaneLock, Ownership } from "./lane_lock.ts";
import type { LockGuard } from "./lock_guard.ts";
import type { RunContext } from "./run_context.ts";

/**
 * A read-write lock that belongs to the root of a task, as {@linkcode CoMutex} does. Readers that
 * ask in a row are in together; a writer that waits is not overtaken by later readers.
 *
 * A root that writes may read. A root that reads may write: at once when nobody else reads, else
 * when the others have left, before all who wait. When two readers want that at the same time, the
 * second gets CHI-3022 and should leave and ask again.
 *
 * @example
 * ```ts ignore
 * using _ = await this.#index.readLock(rctx);
 * ```
 */
export class CoRwLock extends LaneLock {
  /**
   * A lock that nobody holds.
   *
   * @param ownership Whose the lock is; the root's when absent.
   */
  constructor(ownership: Ownership = Ownership.root) {
    super(ownership);
  }

  /** Resolves when the task's root may read. Rejects as {@linkcode CoMutex.lock} does. */
  readLock(rctx: RunContext, options?: WaitOptions): Promise<LockGuard> {
    return this.enter(rctx, false, options);
  }

  /**
   * Resolves when the task's root, and nobody else, is in. Rejects as {@linkcode CoMutex.lock}
   * does, and with CHI-3022.
   */
  writeLock(rctx: RunContext, options?: WaitOptions): Promise<LockGuard> {
    return this.enter(rctx, true, options);
  }

  /** The lock for reading, if it can be had without waiting; else null. */
  tryReadLock(rctx: RunContext): LockGuard | null {
    return this.tryEnter(rctx, false);
  }

  /** The lock for writing, if it can be had without waiting; else null. */
  tryWriteLock(rctx: RunContext): LockGuard | null {
    return this.tryEnter(rctx, true);
  }
}

/**
 * A read-write lock that belongs to one task. A task that is in, reading or writing, and asks again
 * gets CHI-3021.
 */
export class StrictCoRwLock extends CoRwLock {
  constructor() {
    super(Ownership.task);
  }
}
