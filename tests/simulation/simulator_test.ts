/** What the interleaving simulator promises, shown with scenarios made for that. */

import assert from "node:assert/strict";
import { type RunReport, Simulation } from "../../runtime/platform/interleave.ts";
import { test } from "../permission.ts";
import { findScenario } from "./registry.ts";
import { startSimulation } from "./start.ts";

const SEEDS = 40;

async function play(name: string): Promise<RunReport[]> {
  const simulation = await startSimulation(findScenario(`simulator.${name}`));
  const reports: RunReport[] = [];
  for (let seed = 0; seed < SEEDS; seed++) reports.push(await simulation.run(seed));
  await simulation.close();
  return reports;
}

function failures(reports: readonly RunReport[]): string[] {
  return reports.flatMap(({ failure }) => failure === undefined ? [] : [failure]);
}

test("simulator: finite time-outs fire in order when nothing else can run", async () => {
  const reports = await play("timeouts_in_order");
  assert.deepEqual(failures(reports), []);
  assert.equal(reports[4]!.timeouts, 3);
  assert.equal(reports[5]!.timeouts, 0);
});

test("simulator: a scenario may call the need of a time-out a failure", async () => {
  const found = failures(await play("timeout_needed"));
  assert.equal(found.length, SEEDS);
  assert.match(found[0]!, /^lost wake: only a time-out goes on: thread 0 sleeps on word 3/);
});

test("simulator: as with a futex, a word that only changes wakes nobody", async () => {
  const found = failures(await play("change_wakes_nobody"));
  // Where thread 1 was first, thread 0 did not lie down.
  assert.ok(found.length > 0 && found.length < SEEDS, `${found.length} of ${SEEDS}`);
  assert.match(found[0]!, /^lost wake: nobody can run: thread 0 sleeps on word 3/);
});

test("simulator: a word that already differs is not waited for", async () => {
  assert.deepEqual(failures(await play("changed_word")), []);
});

test("simulator: a wake reaches every sleeper of the word", async () => {
  assert.deepEqual(failures(await play("wake_reaches_all")), []);
});

test("simulator: a run without end is cut off", async () => {
  const reports = await play("endless");
  assert.match(failures(reports)[0]!, /^no end after 500 steps: thread 0 runs, thread 1 runs/);
});

test("simulator: what a thread throws is the failure, and ends the other threads", async () => {
  const found = failures(await play("throws"));
  assert.equal(found.length, SEEDS);
  assert.equal(found[0], "thread 1: RangeError: on purpose");
});

test("simulator: control words outside the memory under test are refused", async () => {
  assert.match(failures(await play("foreign_memory"))[0]!, /outside the memory under test/);
});

test("simulator: a killed thread does nothing more", async () => {
  const reports = await play("killed");
  assert.deepEqual(failures(reports), []);
  assert.ok(reports.some((report) => report.faults > 0));
  assert.ok(reports.some((report) => report.faults === 0));
});

test("simulator: a thread that cannot start is an error, not a hang", async () => {
  const scenario = findScenario("ring");
  const moduleUrl = new URL("./no_such_registry.ts", import.meta.url).href;
  await assert.rejects(
    Simulation.start({ moduleUrl, scenario }),
    /simulated thread \d cannot start: .*no_such_registry/,
  );
});

async function run(...args: string[]) {
  const script = new URL("./run.ts", import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), { args: ["run", "-A", script, ...args] });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, lines: text(stdout).split("\n").filter(Boolean), stderr: text(stderr) };
}

test("simulator: the command prints one JSON line per run", async () => {
  const { code, lines } = await run("--scenario", "ring", "--seed", "7", "--seeds", "3");
  assert.equal(code, 0);
  const reports = lines.map((line) => JSON.parse(line) as RunReport);
  assert.deepEqual(reports.map((report) => report.seed), [7, 8, 9]);
  assert.deepEqual(Object.keys(reports[0]!), [
    "scenario",
    "seed",
    "steps",
    "points",
    "preemptions",
    "switches",
    "faults",
    "timeouts",
    "history",
    "result",
  ]);
});

test("simulator: the command's exit code tells a failed run from bad usage", async () => {
  const failed = await run("--scenario", "simulator.throws");
  assert.equal(failed.code, 1);
  assert.equal(JSON.parse(failed.lines[0]!).result, "failed");
  for (const args of [["--scenario", "nobody"], ["--seeds", "many"], ["--what"]]) {
    const refused = await run(...args);
    assert.equal(refused.code, 2);
    assert.deepEqual(refused.lines, []);
    assert.match(refused.stderr, /usage: /);
  }
});
