/** The command line of the bench. Pure. */

import { parseArgs } from "node:util";

/** What the user asked for. */
export interface BenchOptions {
  /** Dotted prefixes; none means all lines. */
  readonly prefixes: readonly string[];
  readonly quick: boolean;
  readonly json: boolean;
  readonly list: boolean;
  readonly strict: boolean;
  readonly help: boolean;
}

export const HELP = `usage: deno task bench [NAME…] [options]

NAME is a dotted prefix: "task" runs task.*, "task.sync" runs task.sync.*; none runs all.

  --quick    shorter rounds; the same sizes and bars
  --json     one JSON line per bench on stdout, nothing else
  --list     name the lines and what they measure
  --strict   exit 1 when a bar is missed or a line was skipped
  --help

Each line runs ours and the peer in turn, on the same processors, and prints the median of the
ratios of the pairs. Exit code 0: all lines ran or were skipped for a stated reason; 1: a line
failed; 2: wrong usage.

example: deno task bench task.sync --quick
`;

/** Reads the arguments. Throws a TypeError that names the one it does not know. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      strict: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  return { prefixes: positionals, ...values };
}
