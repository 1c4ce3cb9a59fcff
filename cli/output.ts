/**
 * Results on standard output, for a program or a person that reads on.
 *
 * A reader that has gone is no failure: the line has nobody to miss it. Anything else that keeps a
 * line from being written is.
 */

import { ChimaeraError } from "../runtime/errors.ts";
import { fileError } from "./packing/file_errors.ts";

/** Writes a line. Throws CHI-1105 for a full disk, CHI-1106 for what else the system says. */
export function printLine(text: string): void {
  try {
    console.log(text); // Passes over a closed pipe by itself.
  } catch (thrown) {
    const { kind, what, why } = fileError("write to standard output", thrown);
    const hint = "the result was not written: send standard output where there is room for it";
    throw new ChimaeraError(kind, { what, why, hint, cause: thrown });
  }
}
