/**
 * The code that is meant to be right holds over 2,000 seeds of every scenario; the code that is
 * broken on purpose is found within 1,000, and its failing seed plays again to the byte.
 */

import assert from "node:assert/strict";
import type { RunReport, Scenario } from "../../runtime/platform/interleave.ts";
import { test } from "../permission.ts";
import { CANARIES, findScenario, SCENARIOS } from "./registry.ts";
import { startSimulation } from "./start.ts";

const CLEAN_SEEDS = 2000;
const CANARY_SEEDS = 1000;

/** Plays seeds until one fails or all are played. */
async function play(scenario: Scenario, seeds: Iterable<number>): Promise<RunReport[]> {
  const simulation = await startSimulation(scenario);
  const reports: RunReport[] = [];
  try {
    for (const seed of seeds) {
      const report = await simulation.run(seed);
      reports.push(report);
      if (report.result === "failed") break;
    }
  } finally {
    await simulation.close();
  }
  return reports;
}

function* from(first: number, count: number): Generator<number> {
  for (let seed = first; seed < first + count; seed++) yield seed;
}

function replayCommand({ scenario, seed }: RunReport): string {
  return `deno run -A tests/simulation/run.ts --scenario ${scenario} --seed ${seed}`;
}

for (const scenario of SCENARIOS) {
  test(`simulation: ${scenario.name} is clean over ${CLEAN_SEEDS} seeds`, async () => {
    const reports = await play(scenario, from(0, CLEAN_SEEDS));
    const last = reports.at(-1)!;
    assert.equal(last.result, "ok", `${last.failure}\n${replayCommand(last)}`);
    const histories = new Set(reports.map((report) => report.history));
    assert.ok(histories.size > 0.9 * CLEAN_SEEDS, `only ${histories.size} different histories`);
    assert.ok(reports.some((report) => report.preemptions > 0));
  });
}

for (const canary of CANARIES) {
  test(`simulation: ${canary.name} is found within ${CANARY_SEEDS} seeds`, async () => {
    const found = (await play(canary, from(0, CANARY_SEEDS))).at(-1)!;
    assert.equal(found.result, "failed");
    // In new threads, without the runs before it.
    const [again] = await play(canary, [found.seed]);
    assert.equal(JSON.stringify(again), JSON.stringify(found));
  });
}

test("simulation: a history depends on nothing but its seed", async () => {
  const scenario = findScenario("bell");
  const forwards = await play(scenario, from(0, 40));
  const backwards = await play(scenario, [...from(0, 40)].reverse());
  assert.deepEqual(backwards.reverse(), forwards);
});

test("simulation: a mortal thread is killed by some seeds, and its absence only delays", async () => {
  const reports = await play(findScenario("bell.killed_ringer"), from(0, CLEAN_SEEDS));
  assert.equal(reports.length, CLEAN_SEEDS);
  assert.ok(reports.some((report) => report.timeouts > 0));
});
