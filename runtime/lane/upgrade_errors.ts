/**
 * What a worker answers when a module cannot be upgraded.
 *
 * Thread rules: plain functions.
 */

import { ChimaeraError, toPlacedError } from "../errors.ts";
import type { Module } from "./module.ts";
import { savedOf, type SavedState } from "./saved_state.ts";

/** What an instance of the version that serves saves. Throws CHI-4025. */
export async function savedBy(server: Module, libName: string): Promise<SavedState> {
  try {
    return await savedOf(server, libName);
  } catch (thrown) {
    throw unsaved(libName, thrown);
  }
}

export function orUnsaved<T>(libName: string, copy: () => T): T {
  try {
    return copy();
  } catch (thrown) {
    throw unsaved(libName, thrown);
  }
}

/** Nothing that is written into the module's folder can mend the version that serves. */
function unsaved(libName: string, thrown: unknown): ChimaeraError {
  const { why } = toPlacedError(thrown, "upgradeFailed", libName);
  return new ChimaeraError("upgradeFailed", {
    what: `${libName}.saveState of the version that serves`,
    why,
    hint: "it serves on; `chimaera mod upgrade NAME --drop-state` goes on without its state",
    cause: thrown instanceof ChimaeraError ? thrown.cause : thrown,
  });
}

/** For what comes too late. */
export function over(): ChimaeraError {
  return new ChimaeraError("upgradeFailed", {
    what: "upgrade a module",
    why: "it was given up meanwhile",
  });
}

/** Waits until all have left: one that throws keeps none of the others. Throws what the first threw. */
export async function allLeave(leaving: readonly Promise<void>[]): Promise<void> {
  for (const end of await Promise.allSettled(leaving)) {
    if (end.status === "rejected") throw end.reason;
  }
}

/** The new version serves, and what the old one does when it leaves has not ended. */
export function notLeft(why: string): ChimaeraError {
  return new ChimaeraError("upgradeFailed", {
    what: "close the old version",
    why,
    hint: "the new version serves; what the old one held open may still be",
  });
}
