/**
 * What goes wrong in an upgrade, as whoever asked for it is told.
 *
 * Thread rules: plain functions.
 */

import { ChimaeraError } from "../errors.ts";

/** Throws CHI-4025 when a worker's new thread has begun with the old version meanwhile. */
export function mustBeWhole(
  { lost, libName }: { readonly lost: number; readonly libName: string },
): void {
  if (lost < 0) return;
  throw new ChimaeraError("upgradeFailed", {
    what: `upgrade ${libName}`,
    why: `worker ${lost} was lost meanwhile`,
    hint: "the old version serves on; upgrade the module again",
  });
}

/** The thread in a lost worker's place begins with what the node knows: the new version. */
export function unlessLost(thrown: unknown): null {
  if (isLoss(thrown)) return null;
  throw thrown;
}

export function isLoss(thrown: unknown): boolean {
  return thrown instanceof ChimaeraError &&
    (thrown.kind === "workerDied" || thrown.kind === "workerStalled");
}

/** The new version serves, and an instance of the old one threw when it was to leave. */
export function notLeft(libName: string, thrown: unknown): ChimaeraError {
  const isOurs = thrown instanceof ChimaeraError && thrown.kind === "upgradeFailed";
  const why = isOurs ? thrown.why : thrown instanceof Error ? thrown.message : String(thrown);
  return new ChimaeraError("upgradeFailed", {
    what: `close the old version of ${libName}`,
    why,
    hint: "the new version serves; what the old one held open may still be",
    cause: thrown instanceof ChimaeraError ? thrown.cause : thrown,
  });
}

/** An upgrade's error, with the first that the new version's instances threw when they left. */
export function withFirst(
  error: ChimaeraError,
  ends: readonly PromiseSettledResult<unknown>[],
): ChimaeraError {
  for (const end of ends) {
    if (end.status === "fulfilled" || isLoss(end.reason)) continue;
    const why = end.reason instanceof Error ? end.reason.message : String(end.reason);
    return new ChimaeraError("upgradeFailed", {
      what: error.what,
      why: `${error.why}; and when the new version was given up: ${why}`,
      hint: error.hint,
      cause: error.cause ?? end.reason,
    });
  }
  return error;
}

/** CHI-4025, with what stopped the upgrade. */
export function failed(libName: string, thrown: unknown): ChimaeraError {
  if (thrown instanceof ChimaeraError && thrown.kind === "upgradeFailed") return thrown;
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  const hint = thrown instanceof ChimaeraError
    ? `the old version serves on; ${thrown.hint}`
    : undefined;
  return new ChimaeraError("upgradeFailed", {
    what: `upgrade ${libName}`,
    why,
    hint,
    cause: thrown instanceof ChimaeraError ? thrown.cause : thrown,
  });
}
