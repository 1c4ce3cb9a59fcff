/**
 * How a failure is shown: two lines on stderr for people, and with `--json` one line for programs as
 * well, on stdout unless that carries data.
 *
 *     error[CHI-1101]: compress a.bin: no such file
 *     hint: check the path
 *
 *     {"error":{"code":"CHI-1101","what":"compress a.bin","why":"no such file","hint":"…"}}
 */

import { type ChimaeraError, ERRORS, toChimaeraError } from "../runtime/errors.ts";
import { ExitCode } from "./command.ts";

/** Prints what was thrown by the program called with `words`; returns the exit code. */
export function showFailure(thrown: unknown, words: readonly string[]): number {
  const error = toChimaeraError(thrown, "internal", "chimaera");
  console.error(error.format());
  if (error.kind === "internal") {
    console.error(thrown instanceof Error ? thrown.stack : String(thrown));
  }
  if (words.includes("--json")) {
    const line = JSON.stringify({ error: errorJson(error) });
    if (isDataOnStdout(words)) console.error(line);
    else console.log(line);
  }
  return error.number === ERRORS.usage.code ? ExitCode.usage : ExitCode.failed;
}

/** The parts of an error that a program reads. */
export function errorJson(error: ChimaeraError): Record<"code" | "what" | "why" | "hint", string> {
  const { code, what, why, hint } = error;
  return { code, what, why, hint };
}

/**
 * Whether the words send data to standard output. It is judged by the words alone, since the failure
 * may be that they could not be parsed.
 */
function isDataOnStdout([command, ...words]: readonly string[]): boolean {
  if (command !== "compress" && command !== "decompress") return false;
  let output: string | undefined;
  for (const [at, word] of words.entries()) {
    const match = /^(?:--output(?:=(.*))?|-f*o(.+)?)$/s.exec(word);
    if (match !== null) output = match[1] ?? match[2] ?? words[at + 1];
  }
  return (output ?? words.find((word) => word === "-")) === "-";
}
