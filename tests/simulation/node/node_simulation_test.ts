/**
 * Whole nodes hold over 2,000 seeds; those that are broken on purpose are found within 1,000; a seed
 * plays again to the byte.
 */

import assert from "node:assert/strict";
import { test } from "../../permission.ts";
import { CANARIES, type Canary } from "./canaries.ts";
import { loadModules } from "./modules.ts";
import { type RunReport, Simulation } from "./simulation.ts";

const CLEAN_SEEDS = 2000;
const CANARY_SEEDS = 1000;
const STEPS = 300;

/** Plays seeds until one fails or all are played. */
async function play(seeds: Iterable<number>, canary?: Canary): Promise<RunReport[]> {
  const broken = canary === undefined ? {} : { canary };
  const load = await loadModules();
  const reports: RunReport[] = [];
  for (const seed of seeds) {
    const report = await Simulation.run({ seed, steps: STEPS, load, ...broken });
    reports.push(report);
    if (report.result === "failed") break;
  }
  return reports;
}

function* from(first: number, count: number): Generator<number> {
  for (let seed = first; seed < first + count; seed++) yield seed;
}

test(`node simulation: clean over ${CLEAN_SEEDS} seeds`, async () => {
  const reports = await play(from(0, CLEAN_SEEDS));
  const last = reports.at(-1)!;
  const command = `deno task sim --seed ${last.seed} --steps ${STEPS}`;
  assert.equal(last.result, "ok", `${last.failure}\n${command}`);
  // What was not there cannot have held.
  const runsWith = (what: (report: RunReport) => boolean) => reports.filter(what).length;
  assert.equal(new Set(reports.map(({ history }) => history)).size, CLEAN_SEEDS);
  for (const workers of [1, 2, 4]) {
    assert.ok(runsWith((report) => report.workers === workers) > CLEAN_SEEDS / 5);
  }
  assert.ok(runsWith(({ tasks }) => tasks > 30) > CLEAN_SEEDS / 2);
  assert.ok(runsWith(({ faults }) => faults > 3) > CLEAN_SEEDS / 4);
  assert.ok(runsWith(({ points, steps }) => points > steps / 3) > CLEAN_SEEDS / 2);
});

test("node simulation: a history depends on nothing but its seed", async () => {
  const forwards = await play(from(40, 30));
  const backwards = await play([...from(40, 30)].reverse());
  assert.deepEqual(backwards.reverse(), forwards);
});

for (const canary of CANARIES) {
  test(`node simulation: ${canary.name} is found within ${CANARY_SEEDS} seeds`, async () => {
    const found = (await play(from(0, CANARY_SEEDS), canary)).at(-1)!;
    assert.equal(found.result, "failed");
    assert.match(found.failure!, canary.finds);
    const [again] = await play([found.seed], canary);
    assert.deepEqual(again, found);
    const [mended] = await play([found.seed]);
    assert.equal(mended!.result, "ok");
  });
}

async function run(...args: string[]) {
  const script = new URL("./main.ts", import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), { args: ["run", "-A", script, ...args] });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, lines: text(stdout).split("\n").filter(Boolean), stderr: text(stderr) };
}

test("node simulation: the command prints one JSON line per run, the same in every process", async () => {
  const { code, lines } = await run("--seed", "7", "--seeds", "2", "--steps", `${STEPS}`);
  assert.equal(code, 0);
  assert.deepEqual(lines.map((line) => JSON.parse(line)), await play([7, 8]));
});

test("node simulation: the command's exit code tells a failed run from bad usage", async () => {
  const canary = ["--canary", "forgotten_ring", "--steps", `${STEPS}`];
  const failed = await run("--seed", "0", "--seeds", "20", ...canary);
  assert.equal(failed.code, 1);
  assert.equal(failed.lines.length, 20);
  for (const args of [["--canary", "nobody"], ["--seeds", "many"], ["--what"]]) {
    const refused = await run(...args);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /usage: /);
  }
});
