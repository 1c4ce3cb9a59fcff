/**
 * How a failure is shown: two lines on stderr for people, and with `--json` one line for programs as
 * well, on stdout unless that carries data.
 *
 *     error[CHI-1101]: compress a.bin: no such file
 *     hint: check the path
 *
 *     {"error":{"code":"CHI-1101","what":"compress a.bin","why":"no such file","hint":"…"}}
 *
 * Where a stream cannot be written, the exit code is all that is left to say it with.
 */

import { type ChimaeraError, ERRORS, toChimaeraError } from "../runtime/errors.ts";
import { ExitCode } from "./command.ts";

/** Prints what was thrown by the program called with `words`; returns the exit code. */
export function showFailure(thrown: unknown, words: readonly string[]): number {
  const error = toChimaeraError(thrown, "internal", "chimaera");
  tell(console.error, error.format());
  if (error.kind === "internal") {
    tell(console.error, thrown instanceof Error ? `${thrown.stack}` : String(thrown));
  }
  if (words.includes("--json")) {
    const line = JSON.stringify({ error: errorJson(error) });
    tell(isDataOnStdout(words) ? console.error : console.log, line);
  }
  return error.number === ERRORS.usage.code ? ExitCode.usage : ExitCode.failed;
}

/** Writes a line where that is possible. The error that is being told is worth more than this one. */
function tell(write: (text: string) => void, text: string): void {
  try {
    write(text);
  } catch (thrown) {
    // Of a stream that takes nothing the system speaks; anything else is a defect of ours.
    if (!(thrown instanceof Error)) throw thrown;
  }
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
