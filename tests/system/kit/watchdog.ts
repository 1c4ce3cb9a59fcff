/** Fails what hangs, with its name, instead of letting a test run for ever. */

import { PATIENCE_MS } from "./program.ts";

/** What `promise` resolves with; rejects when that takes too long. */
export async function inTime<T>(
  what: string,
  promise: Promise<T>,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const alarm = setTimeout(() => late.reject(new Error(`${what} hangs`)), patienceMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(alarm);
  }
}
