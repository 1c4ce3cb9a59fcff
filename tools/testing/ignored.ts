/**
 * Which tests may be left out where `CI` is set: there, what is missing is to be provided, and a
 * test that nobody runs is to be noticed.
 *
 * Thread rules: none; plain values.
 */

import { stripVTControlCharacters } from "node:util";

/** A test that a machine may be unable to run, though nothing is missing that could be installed. */
interface Exception {
  readonly name: RegExp;
  readonly why: string;
}

const EXCEPTIONS: readonly Exception[] = [
  { name: /^(?:uring|disk|disk queue): /, why: "many containers forbid io_uring" },
  { name: /^compress: a full disk is an error/, why: "mounting one needs root's rights" },
  { name: /: a worker is bound to the processor/, why: "that needs two processors" },
];

const IGNORED = /^(.+?) \.\.\. ignored\b/;

/** The name of the test that this line of `deno test` says was ignored; null for other lines. */
export function parseIgnored(line: string): string | null {
  return IGNORED.exec(stripVTControlCharacters(line))?.[1] ?? null;
}

/** Those of the ignored tests that no exception covers. */
export function unexpected(names: readonly string[]): string[] {
  return names.filter((name) => !EXCEPTIONS.some((exception) => exception.name.test(name)));
}

/** Whether the variable `CI` says that nobody looks at the output. */
export function inCi(variable: string | undefined): boolean {
  return variable !== undefined && !["", "0", "false"].includes(variable);
}
