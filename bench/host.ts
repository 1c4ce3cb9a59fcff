/**
 * The process that measures one line. Started by main.ts on the line's processors.
 *
 * usage: host.ts LINE [--quick]
 * The last line on stdout is the result; whatever else a line prints is for people.
 */

import { allowedCpus, chooseCpus } from "./harness/cpus.ts";
import { type BenchLine, CannotRun } from "./harness/line.ts";
import { type Result, resultOf, skippedResult } from "./harness/result.ts";
import { FULL_ROUNDS, QUICK_ROUNDS } from "./harness/rounds.ts";
import { LINES } from "./lines/mod.ts";

async function runLine(line: BenchLine, quick: boolean): Promise<Result> {
  try {
    const [submitterCpu, serverCpu] = chooseCpus(line.placement, allowedCpus());
    const measurement = await line.measure({
      rounds: quick ? QUICK_ROUNDS : FULL_ROUNDS,
      submitterCpu,
      serverCpu,
      placement: line.placement,
    });
    return resultOf(line, measurement);
  } catch (error) {
    if (error instanceof CannotRun) return skippedResult(line.name, error.message, false);
    console.error(error);
    return skippedResult(line.name, String(error), true);
  }
}

if (import.meta.main) {
  const [name = "", ...flags] = Deno.args;
  const line = LINES.find((candidate) => candidate.name === name);
  if (line === undefined) throw new TypeError(`No bench line is called "${name}"`);
  const result = await runLine(line, flags.includes("--quick"));
  console.log(JSON.stringify(result));
  // A thread that sleeps in the kernel would keep the process alive.
  Deno.exit(0);
}
