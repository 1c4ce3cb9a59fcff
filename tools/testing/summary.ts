/** Reads the line with which `deno test` ends. */

import { stripVTControlCharacters } from "node:util";

/** How many tests of a run passed, failed and were left out. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
}

const SUMMARY = /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed(?:.*? \| (\d+) ignored)?/;

/** The counts of a summary line, or null for any other line. */
export function parseSummary(line: string): Counts | null {
  const match = SUMMARY.exec(stripVTControlCharacters(line));
  if (match === null) return null;
  const [, passed, failed, ignored = "0"] = match;
  return { passed: Number(passed), failed: Number(failed), ignored: Number(ignored) };
}
