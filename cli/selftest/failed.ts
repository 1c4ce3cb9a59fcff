/** How a check fails: with CHI-1201, and what was found in place of what was expected. */

import { ChimaeraError } from "../../runtime/errors.ts";

export function failed(what: string, why: string): ChimaeraError {
  return new ChimaeraError("selftest", { what, why });
}

/** Throws unless the two are the same. */
export function expectEqual<T>(what: string, found: T, expected: T): void {
  if (found !== expected) throw failed(what, `${found} came back, expected ${expected}`);
}
