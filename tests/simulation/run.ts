/**
 * Plays scenarios of the interleaving simulator and prints one JSON line per run.
 *
 *   deno run -A tests/simulation/run.ts [--scenario NAME] [--seed N] [--seeds COUNT]
 *
 * Without a name: all that are meant to be right. Exit code 1 when a run failed, 2 for bad usage.
 */

import { parseArgs } from "node:util";
import type { Scenario } from "../../runtime/platform/interleave.ts";
import { findScenario, SCENARIOS } from "./registry.ts";
import { startSimulation } from "./start.ts";

const HELP = "usage: run.ts [--scenario NAME] [--seed N] [--seeds COUNT]";

function refuse(why: string): never {
  console.error(`${why}\n${HELP}`);
  Deno.exit(2);
}

function countOf(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) refuse(`--${name} is a whole number, not ${text}`);
  return value;
}

function scenarioOf(name: string): Scenario {
  try {
    return findScenario(name);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function readArguments() {
  try {
    return parseArgs({
      args: Deno.args,
      options: {
        scenario: { type: "string" },
        seed: { type: "string", default: "0" },
        seeds: { type: "string", default: "1" },
      },
    }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const values = readArguments();
const first = countOf(values.seed, "seed");
const count = countOf(values.seeds, "seeds");
const scenarios = values.scenario === undefined ? SCENARIOS : [scenarioOf(values.scenario)];
let failures = 0;
for (const scenario of scenarios) {
  const simulation = await startSimulation(scenario);
  for (let seed = first; seed < first + count; seed++) {
    const report = await simulation.run(seed);
    if (report.result === "failed") failures++;
    console.log(JSON.stringify(report));
  }
  await simulation.close();
}
Deno.exit(failures === 0 ? 0 : 1);
