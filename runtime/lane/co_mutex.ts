/**
 * `CoMutex`: one at a time, for handlers that await in the middle of something.
 *
 * A handler is the only one on its lane between two awaits, and needs no lock there; across an
 * await other tasks of the lane run, and a lock keeps those out that must not.
 *
 * Thread rules: one worker's isolate; usually a field of a module's `Server`.
 */

import type { WaitOptions } from "../task/mod.ts";
import { LaneLock, Ownership } from "./lane_lock.ts";
import type { LockGuard } from "./lock_guard.ts";
import type { RunContext } from "./run_context.ts";

/**
 * A lock that belongs to the root of a task: a handler may call a module that comes back to the
 * same lane and locks again. Two subtasks of one root do not exclude each other; where they must,
 * use {@linkcode StrictCoMutex}.
 *
 * @example
 * ```ts ignore
 * export class Server extends Module {
 *   readonly #mutex = new CoMutex();
 *
 *   async append(task: AppendTask, rctx: RunContext) {
 *     using _ = await this.#mutex.lock(rctx);
 *     await this.#write(task, rctx); // Nobody else is here meanwhile.
 *   }
 * }
 * ```
 */
export class CoMutex extends LaneLock {
  /**
   * A lock that nobody holds.
   *
   * @param ownership Whose the lock is; the root's when absent.
   */
  constructor(ownership: Ownership = Ownership.root) {
    super(ownership);
  }

  /**
   * Resolves when the task's root has the lock, in the order in which they asked. Rejects with
   * CHI-3005 after `timeoutMs`, with CHI-3006 when `signal` fires or the task's caller gives up.
   *
   * A handler that throws gives its locks back; one that returns and has kept a lock fails its
   * task with CHI-3020.
   */
  lock(rctx: RunContext, options?: WaitOptions): Promise<LockGuard> {
    return this.enter(rctx, true, options);
  }

  /** The lock, if it can be had without waiting; else null. */
  tryLock(rctx: RunContext): LockGuard | null {
    return this.tryEnter(rctx, true);
  }
}

/**
 * A lock that belongs to one task: also two subtasks of one root exclude each other. A task that
 * locks twice would wait for itself: CHI-3021. So would one that waits, with the lock, for a
 * subtask that wants it; that is for the author to avoid, or to bound by `timeoutMs`.
 */
export class StrictCoMutex extends CoMutex {
  constructor() {
    super(Ownership.task);
  }
}
