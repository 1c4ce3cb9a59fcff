/**
 * Plays runs of the node simulator and prints one JSON line for each.
 *
 *   deno task sim [--seed N] [--seeds COUNT] [--steps M] [--forever] [--canary NAME]
 *
 * Without a seed: one that the clock chooses. Exit code 1 when a run failed, 2 for bad usage.
 */

import { parseArgs } from "node:util";
import { type Canary, findCanary } from "./canaries.ts";
import { Simulation } from "./simulation.ts";
import { loadModules } from "./modules.ts";

const HELP =
  "usage: deno task sim [--seed N] [--seeds COUNT] [--steps M] [--forever] [--canary NAME]";

function refuse(why: string): never {
  console.error(`${why}\n${HELP}`);
  Deno.exit(2);
}

function readArguments() {
  try {
    return parseArgs({
      args: Deno.args,
      options: {
        seed: { type: "string" },
        seeds: { type: "string", default: "1" },
        steps: { type: "string", default: "2000" },
        forever: { type: "boolean", default: false },
        canary: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function countOf(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) refuse(`--${name} is a whole number, not ${text}`);
  return value;
}

function canaryOf(name: string): Canary {
  try {
    return findCanary(name);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const values = readArguments();
if (values.help) {
  console.log(HELP);
  Deno.exit(0);
}
const first = values.seed === undefined ? Date.now() % 2 ** 31 : countOf(values.seed, "seed");
const count = values.forever ? Infinity : countOf(values.seeds, "seeds");
const steps = countOf(values.steps, "steps");
const broken = values.canary === undefined ? {} : { canary: canaryOf(values.canary) };
const load = await loadModules();
let failures = 0;
for (let seed = first; seed < first + count; seed++) {
  const report = await Simulation.run({ seed, steps, load, ...broken });
  if (report.result === "failed") failures++;
  console.log(JSON.stringify(report));
}
Deno.exit(failures === 0 ? 0 : 1);
