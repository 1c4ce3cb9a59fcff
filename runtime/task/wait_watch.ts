/** Deadlines and abort signals of a wait. */

import { ChimaeraError } from "../errors.ts";
import { after } from "../platform/mod.ts";
import type { WaitOptions } from "./task.ts";

/**
 * Calls back at most once, at the deadline (CHI-3005) or when the signal fires (CHI-3006).
 *
 * @param timer Where time comes from; a worker has its own.
 * @returns A function that calls it off.
 */
export function watchWait(
  options: WaitOptions,
  giveUp: (error: ChimaeraError) => void,
  timer: (ms: number, call: () => void) => () => void = after,
): () => void {
  const { timeoutMs, signal } = options;
  let cancelTimer: (() => void) | null = null;
  const stop = () => {
    cancelTimer?.();
    signal?.removeEventListener("abort", onAbort);
  };
  const onAbort = () => {
    stop();
    giveUp(
      new ChimaeraError("aborted", {
        what: "wait for a task",
        why: "the caller's signal fired",
        cause: signal?.reason,
      }),
    );
  };
  if (timeoutMs !== undefined) {
    cancelTimer = timer(timeoutMs, () => {
      stop();
      giveUp(
        new ChimaeraError("timeout", {
          what: "wait for a task",
          why: `not done after ${timeoutMs} ms`,
        }),
      );
    });
  }
  if (signal?.aborted) queueMicrotask(onAbort);
  else signal?.addEventListener("abort", onAbort);
  return stop;
}
