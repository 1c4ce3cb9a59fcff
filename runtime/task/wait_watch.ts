/** Deadlines and abort signals of a wait. */

import { ChimaeraError } from "../errors.ts";
import { after } from "../platform/mod.ts";
import type { WaitOptions } from "./task.ts";

/** Calls back once after so many milliseconds; returns how to take that back. */
export type SetTimer = (ms: number, call: () => void) => () => void;

/** Timers hold 31 bits of milliseconds. Who waits for 24 days waits without a deadline. */
const ENDLESS_MS = 2 ** 31;

/**
 * How long a caller will wait; `Infinity` for ever. Throws CHI-3001 for what is no time.
 *
 * @param timeoutMs What the caller asked for.
 */
export function deadlineMs(timeoutMs: number): number {
  if (timeoutMs >= 0) return timeoutMs >= ENDLESS_MS ? Infinity : timeoutMs;
  throw new ChimaeraError("badField", {
    what: "wait for a task",
    why: `timeoutMs is ${timeoutMs}, which is no time`,
    hint: "pass milliseconds from 0 up, or Infinity",
  });
}

/**
 * Calls back at most once, at the deadline (CHI-3005) or when the signal fires (CHI-3006). Throws
 * CHI-3001 for a deadline that is no time.
 *
 * @param setTimer Where time comes from; a worker has its own.
 * @param what What the error says has failed.
 * @returns A function that calls it off.
 */
export function watchWait(
  options: WaitOptions,
  giveUp: (error: ChimaeraError) => void,
  setTimer: SetTimer = after,
  what = "wait for a task",
): () => void {
  const { timeoutMs = Infinity, signal } = options;
  const leftMs = deadlineMs(timeoutMs);
  let cancelTimer: (() => void) | null = null;
  const stop = () => {
    cancelTimer?.();
    signal?.removeEventListener("abort", onAbort);
  };
  const onAbort = () => {
    stop();
    giveUp(
      new ChimaeraError("aborted", {
        what,
        why: "the caller's signal fired",
        cause: signal?.reason,
      }),
    );
  };
  if (leftMs !== Infinity) {
    cancelTimer = setTimer(leftMs, () => {
      stop();
      giveUp(
        new ChimaeraError("timeout", {
          what,
          why: `not done after ${timeoutMs} ms`,
        }),
      );
    });
  }
  if (signal?.aborted) queueMicrotask(onAbort);
  else signal?.addEventListener("abort", onAbort);
  return stop;
}
