/**
 * How a worker's loop shares its thread, where others run on it: in a simulation.
 *
 * Thread rules: one isolate.
 */

import type { Bell } from "../memory/mod.ts";

export interface WorkerPace {
  /** Resolves when the worker may begin its next pass. */
  next(): Promise<void>;
  /** As `bell.sleep`, without blocking the thread. */
  sleep(bell: Bell, timeoutMs: number): Promise<void>;
}
