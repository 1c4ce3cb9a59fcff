/**
 * `deno task bench`: every performance claim of the project as a program.
 *
 *     main.ts ─ for each line ─▶ host.ts on the line's processors
 *                                  ├─ ours: a node in the host, or a served one beside it
 *                                  └─ peer: a thread, a process, a C program, a pool under Node
 *
 * Lines are in lines/, peers in peers/, our side in ours/, the method in harness/.
 */

import { ChimaeraError } from "../runtime/errors.ts";
import type { BenchLine } from "./harness/line.ts";
import { type BenchOptions, HELP, parseOptions } from "./harness/options.ts";
import type { Result } from "./harness/result.ts";
import { runInHost } from "./harness/run_host.ts";
import { selectLines } from "./harness/select.ts";
import { tableHead, tableRow } from "./harness/table.ts";
import { LINES } from "./lines/mod.ts";

function machineText(): string {
  const load = Deno.loadavg().map((value) => value.toFixed(1)).join(" ");
  const cpus = navigator.hardwareConcurrency;
  return `Deno ${Deno.version.deno}, ${Deno.osRelease()} ${Deno.build.arch}, ${cpus} processors, ` +
    `load ${load}`;
}

function listText(lines: readonly BenchLine[]): string {
  return lines.map(({ name, what, bar, placement }) =>
    `${name.padEnd(30)}  ${bar.padEnd(24)}  ${what} [${placement}]`
  ).join("\n");
}

async function measureAll(lines: readonly BenchLine[], options: BenchOptions): Promise<Result[]> {
  const results: Result[] = [];
  if (!options.json) console.log(`${machineText()}\n\n${tableHead()}`);
  for (const line of lines) {
    const result = await runInHost(line, options.quick);
    console.log(options.json ? JSON.stringify(result) : tableRow(result));
    results.push(result);
  }
  return results;
}

/** Exit code of a run; a missed bar is news, not a failure, unless the user says otherwise. */
function exitCodeOf(results: readonly Result[], strict: boolean): number {
  const wrong = strict
    ? results.some(({ ok }) => !ok)
    : results.some((result) => "failed" in result);
  return wrong ? 1 : 0;
}

function readOptions(args: readonly string[]): BenchOptions {
  try {
    return parseOptions(args);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ChimaeraError("usage", { what: "bench", why, cause: error });
  }
}

/** Runs the bench; returns the exit code. */
export async function runBench(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const { lines, unknown } = selectLines(LINES, options.prefixes);
  if (unknown.length > 0) {
    throw new ChimaeraError("usage", {
      what: "bench",
      why: `no line is called ${unknown.join(", ")}`,
      hint: "`deno task bench --list` shows all",
    });
  }
  if (options.list) {
    console.log(listText(lines));
    return 0;
  }
  return exitCodeOf(await measureAll(lines, options), options.strict);
}

if (import.meta.main) {
  try {
    Deno.exit(await runBench(Deno.args));
  } catch (error) {
    if (!(error instanceof ChimaeraError)) throw error;
    console.error(error.format());
    Deno.exit(2);
  }
}
