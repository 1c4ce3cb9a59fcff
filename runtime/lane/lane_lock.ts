/**
 * What the locks of handlers have in common: who is in, who waits, who comes next.
 *
 * Any number of owners may read, or one may write. An owner is all handlers of one root task, or,
 * in the strict variants, one handler.
 *
 *   - Whose root is in already comes in at once, whoever waits: it may have been called from there.
 *   - Everybody else comes in in the order in which they asked. Readers that stand in a row come in
 *     together; nobody overtakes a writer that waits.
 *   - A reader that wants to write waits until the other readers have left, before all others. A
 *     second one that wants the same while the first waits would wait for it, and it for the
 *     second: that is CHI-3022.
 *
 * A lock lives in one isolate, so its state is plain; it is handed over where it is left, and a
 * handler that waits is parked, so that the worker's loop needs no event loop to go on with it. A
 * lock that nobody holds costs no closure.
 *
 * Thread rules: one worker's isolate.
 */

import { ChimaeraError } from "../errors.ts";
import { deadlineMs, type WaitOptions, watchWait } from "../task/mod.ts";
import { LockGuard, type LockOwner, WAIT } from "./lock_guard.ts";
import { LockQueue } from "./lock_queue.ts";
import { hostOf, type RunContext } from "./run_context.ts";

/** Who owns what a handler locks. */
export const Ownership = {
  /** The root of its task. */
  root: 0,
  /** The handler alone: the strict variants. */
  task: 1,
} as const;
/** One of the numbers of {@linkcode Ownership}. */
export type Ownership = typeof Ownership[keyof typeof Ownership];

/** What `CoMutex` and `CoRwLock` have in common. Modules use those. */
export class LaneLock {
  readonly #isStrict: boolean;
  #writer: LockOwner | null = null;
  /** How often the writer is in. */
  #writes = 0;
  /** How often each reader is in. */
  readonly #readers = new Map<LockOwner, number>();
  /** Those who wait, in their order. */
  protected readonly queue: LockQueue = new LockQueue();

  /** A lock that nobody holds. */
  protected constructor(ownership: Ownership) {
    this.#isStrict = ownership === Ownership.task;
  }

  /** Whether anybody is in. */
  get locked(): boolean {
    return this.#writer !== null || this.#readers.size > 0;
  }

  /** @internal Comes in now or when it is its turn. */
  protected enter(
    rctx: RunContext,
    isWriter: boolean,
    options?: WaitOptions,
  ): Promise<LockGuard> {
    const owner = this.#isStrict ? rctx : rctx.root;
    if (this.#isStrict && this.#knows(rctx)) return Promise.reject(twice());
    if (this.#mayEnter(owner, isWriter)) {
      this.#add(owner, isWriter);
      return Promise.resolve(new LockGuard(this, rctx, owner, isWriter));
    }
    return this.#wait(rctx, owner, isWriter, options);
  }

  /** @internal Comes in now or not at all. */
  protected tryEnter(rctx: RunContext, isWriter: boolean): LockGuard | null {
    const owner = this.#isStrict ? rctx : rctx.root;
    if (this.#isStrict && this.#knows(rctx)) throw twice();
    if (!this.#mayEnter(owner, isWriter)) return null;
    this.#add(owner, isWriter);
    return new LockGuard(this, rctx, owner, isWriter);
  }

  /** @internal A guard is done. */
  leave(guard: LockGuard): void {
    if (guard.isWriter) {
      if (--this.#writes > 0) return;
      this.#writer = null;
    } else {
      const left = this.#readers.get(guard.owner)! - 1;
      if (left > 0) {
        this.#readers.set(guard.owner, left);
        return;
      }
      this.#readers.delete(guard.owner);
    }
    this.#admit();
  }

  /** @internal A guard does not wait any more: those behind it may not have to either. */
  unqueue(guard: LockGuard): void {
    this.queue.remove(guard);
    this.#admit();
  }

  /** Whether the handler is in, or waits to be. */
  #knows(rctx: RunContext): boolean {
    for (let guard = rctx.guards; guard !== null; guard = guard.next) {
      if (guard.isOf(this)) return true;
    }
    return false;
  }

  #isIn(owner: LockOwner): boolean {
    return this.#writer === owner || this.#readers.has(owner);
  }

  /** Whether those who are in allow it. */
  #fits(owner: LockOwner, isWriter: boolean): boolean {
    if (this.#writer !== null) return this.#writer === owner;
    const readers = this.#readers;
    return !isWriter || readers.size === 0 || (readers.size === 1 && readers.has(owner));
  }

  #mayEnter(owner: LockOwner, isWriter: boolean): boolean {
    return this.#fits(owner, isWriter) && (this.queue.isEmpty || this.#isIn(owner));
  }

  #add(owner: LockOwner, isWriter: boolean): void {
    if (isWriter) {
      this.#writer = owner;
      this.#writes++;
    } else this.#readers.set(owner, (this.#readers.get(owner) ?? 0) + 1);
  }

  #wait(
    rctx: RunContext,
    owner: LockOwner,
    isWriter: boolean,
    options: WaitOptions | undefined,
  ): Promise<LockGuard> {
    if (rctx.abortError !== null) return Promise.reject(rctx.abortError);
    try {
      deadlineMs(options?.timeoutMs ?? Infinity);
    } catch (thrown) {
      return Promise.reject(thrown); // A deadline that is no time.
    }
    const { queue } = this;
    const isUpgrade = this.#readers.has(owner);
    const first = queue.first;
    if (isUpgrade && first !== null && first.owner !== owner && this.#readers.has(first.owner)) {
      return Promise.reject(deadlock());
    }
    const guard = new LockGuard(this, rctx, owner, isWriter);
    if (isUpgrade) queue.pushFirst(guard);
    else queue.push(guard);
    return waitFor(guard, options);
  }

  /** Lets in whose turn it is. */
  #admit(): void {
    for (let first = this.queue.first; first !== null; first = this.queue.first) {
      if (!this.#fits(first.owner, first.isWriter)) return;
      this.#let(first);
      // Others of its root need not wait any longer than one that asks now.
      for (const guard of this.queue.of(first.owner)) {
        if (this.#fits(guard.owner, guard.isWriter)) this.#let(guard);
      }
    }
  }

  #let(guard: LockGuard): void {
    this.queue.remove(guard);
    this.#add(guard.owner, guard.isWriter);
    const waiter = guard.waiter!;
    guard.waiter = null;
    waiter.grant();
  }
}

/** Parks the handler of a guard that is in a queue. */
function waitFor(guard: LockGuard, options: WaitOptions | undefined): Promise<LockGuard> {
  const { rctx } = guard;
  rctx.park();
  return new Promise((resolve, reject) => {
    const stop = options === undefined ? null : watchWait(
      options,
      (error) => guard.giveUp(error),
      (ms, call) => hostOf(rctx).after(ms, call),
      WAIT,
    );
    const forget = rctx.onAbort((error) => guard.giveUp(error));
    const end = () => {
      stop?.();
      forget();
      rctx.unpark();
    };
    guard.waiter = {
      grant: () => {
        end();
        resolve(guard);
      },
      refuse: (error) => {
        end();
        reject(error);
      },
    };
  });
}

function twice(): ChimaeraError {
  return new ChimaeraError("lockTwice", {
    what: "enter a strict lock",
    why: "the task holds it, or waits for it, already",
  });
}

function deadlock(): ChimaeraError {
  return new ChimaeraError("lockDeadlock", {
    what: "write under a read lock",
    why: "another reader waits for the same, and each would wait for the other to leave",
  });
}
