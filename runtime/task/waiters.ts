/**
 * Who awaits a task, and telling them.
 *
 * Nearly always one caller does, without a deadline: the two functions of its promise then stand in
 * the task's header, and nothing is made for the wait but the promise. Callers with a deadline or a
 * signal, and those that come second, stand in a list.
 *
 *   header.resolve, header.reject   the caller without a deadline
 *   header.waiters                  all others
 *
 * Thread rules: the isolate that the task object belongs to.
 */

import type { ChimaeraError } from "../errors.ts";
import type { TaskHeader, WaitOptions } from "./task.ts";
import { type SetTimer, watchWait } from "./wait_watch.ts";

/** A caller that awaits a task. */
export interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: ChimaeraError) => void;
  /** Calls its deadline off. */
  readonly stop: (() => void) | null;
}

/** Whose promise is being made: a promise calls its executor before its constructor returns. */
let awaited: TaskHeader;

function keepInHeader(resolve: () => void, reject: (error: ChimaeraError) => void): void {
  awaited.resolve = resolve;
  awaited.reject = reject;
}

/** A promise that {@linkcode settleWaiters} settles. */
export function awaitTask(header: TaskHeader): Promise<void> {
  if (header.resolve === null) {
    awaited = header;
    return new Promise<void>(keepInHeader);
  }
  return new Promise((resolve, reject) => {
    (header.waiters ??= []).push({ resolve, reject, stop: null });
  });
}

/**
 * As {@linkcode awaitTask} for a caller that may give up; see {@linkcode watchWait}. Throws
 * CHI-3001 for a deadline that is no time.
 */
export function awaitTaskUntil(
  header: TaskHeader,
  options: WaitOptions,
  giveUp: (error: ChimaeraError) => void,
  setTimer?: SetTimer,
): Promise<void> {
  const stop = watchWait(options, giveUp, setTimer);
  return new Promise((resolve, reject) => {
    (header.waiters ??= []).push({ resolve, reject, stop });
  });
}

/** Whether anybody awaits a task. */
export function isAwaited(header: TaskHeader): boolean {
  return header.resolve !== null || header.waiters !== null;
}

/** Tells all who await a task that it ended. Returns how many they were. */
export function settleWaiters(header: TaskHeader, error: ChimaeraError | null): number {
  let count = 0;
  const { resolve, reject, waiters } = header;
  if (resolve !== null) {
    header.resolve = null;
    header.reject = null;
    if (error === null) resolve();
    else reject!(error);
    count++;
  }
  if (waiters !== null) {
    header.waiters = null;
    for (const waiter of waiters) {
      waiter.stop?.();
      if (error === null) waiter.resolve();
      else waiter.reject(error);
    }
    count += waiters.length;
  }
  return count;
}
