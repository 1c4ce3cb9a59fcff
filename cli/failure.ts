/**
 * How a failure is shown: two lines on stderr for people, and with `--json` one line on stdout for
 * programs as well.
 *
 *     error[CHI-1101]: compress a.bin: no such file
 *     hint: check the path
 *
 *     {"error":{"code":"CHI-1101","what":"compress a.bin","why":"no such file","hint":"…"}}
 */

import { type ChimaeraError, ERRORS, toChimaeraError } from "../runtime/errors.ts";
import { ExitCode } from "./command.ts";

/** Prints what was thrown; returns the exit code. */
export function showFailure(thrown: unknown, json: boolean): number {
  const error = toChimaeraError(thrown, "internal", "chimaera");
  console.error(error.format());
  if (error.kind === "internal") {
    console.error(thrown instanceof Error ? thrown.stack : String(thrown));
  }
  if (json) console.log(JSON.stringify({ error: errorJson(error) }));
  return error.number === ERRORS.usage.code ? ExitCode.usage : ExitCode.failed;
}

/** The parts of an error that a program reads. */
export function errorJson(error: ChimaeraError): Record<"code" | "what" | "why" | "hint", string> {
  const { code, what, why, hint } = error;
  return { code, what, why, hint };
}
