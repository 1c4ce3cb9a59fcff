/**
 * A kit program's own end of its JSON lines.
 *
 * Thread rules: the program's main isolate.
 */

import type { Line } from "./program.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Writes a line at once, so that a program that is killed has said it. */
export function say(line: Line): void {
  const bytes = encoder.encode(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

/** Calls back for each line of the test, one after the other. Ends the program with its input. */
export async function listen(handle: (line: Line) => unknown): Promise<void> {
  let rest = "";
  for await (const chunk of Deno.stdin.readable) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) await handle(JSON.parse(line));
  }
  Deno.exit(0);
}

/** An error as a test wants to look at it. */
export interface ErrorLine {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly stack: string;
}

/** What was thrown, as plain data. */
export function errorLine(thrown: unknown): ErrorLine {
  const { code = "", message = String(thrown), hint = "", stack = "" } = (thrown ?? {}) as Partial<
    ErrorLine
  >;
  return { code, message, hint, stack };
}
