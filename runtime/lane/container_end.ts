/**
 * The end of a container on one worker: waiting for its handlers, and saying which go on.
 *
 * Thread rules: one worker's isolate.
 */

import { ChimaeraError } from "../errors.ts";
import { delay, realClock } from "../platform/mod.ts";
import type { ContainerOnWorker } from "./container.ts";

/** Waits until a container has no tasks here, so long at most. */
export async function idle(container: ContainerOnWorker, ms: number): Promise<void> {
  const endMs = realClock.nowMs() + ms;
  while (container.active > 0 && realClock.nowMs() < endMs) await delay(1);
}

/** The pool has ended, and these handlers of it have not. */
export function stillRuns(
  { poolName }: ContainerOnWorker,
  names: readonly string[],
): ChimaeraError {
  const why = `${[...new Set(names)].join(", ")} goes on although its signal has fired`;
  return new ChimaeraError("handlerGoesOn", { what: `end pool ${poolName}`, why });
}
