import assert from "node:assert/strict";
import { LIMITS } from "../limits.ts";
import { holderText, LOADING, type Stall, StallWatch } from "./mod.ts";

const TASKS = 1;
const POOL = 2;
const METHOD = 3;

/** One worker that runs a handler, and a clock that a test sets. */
function watched() {
  const clock = { ms: 1000, nowMs: () => clock.ms, wallMs: () => 0 };
  const words = new Int32Array(16);
  words[POOL] = 7;
  words[METHOD] = 3;
  const reports: Stall[] = [];
  const names = { name: "files", libName: "test_files", methodNames: { 3: "read" } };
  const watch = new StallWatch(
    { words, worker: () => 0 },
    1,
    () => names,
    new Map([[0, "test_loaded"]]),
    (stall) => reports.push(stall),
    clock,
  );
  /** Looks after so long. */
  const look = (afterMs: number) => {
    clock.ms += afterMs;
    watch.look();
  };
  look(0);
  return { words, reports, watch, look };
}

Deno.test("stall watch: what holds its lane is told once, and how long by the clock", () => {
  const { words, reports, watch, look } = watched();
  for (let ms = 0; ms + 330 < LIMITS.stallMs; ms += 330) look(330); // Late each time.
  assert.equal(reports.length, 0);
  look(330);
  look(330);
  assert.deepEqual(reports.map(({ methodName, forMs }) => [methodName, forMs]), [["read", 1320]]);
  assert.equal(watch.stalled.get(0)?.forMs, 1650);
  words[TASKS] = 1;
  look(100);
  assert.equal(watch.stalled.size, 0);
});

Deno.test("stall watch: a process that was stopped for an hour has no stall of an hour", () => {
  const { words, reports, watch, look } = watched();
  look(3_600_000);
  assert.equal(reports.length, 0);
  words[TASKS] = 1;
  look(100);
  assert.equal(watch.stalled.size, 0);
});

Deno.test("stall watch: a module's top level is told of by the module's name", () => {
  const { words, watch, look } = watched();
  words[POOL] = LOADING;
  for (let ms = 0; ms <= LIMITS.stallMs; ms += 330) look(330);
  const stall = watch.stalled.get(0)!;
  assert.equal(holderText(stall), "the top level of test_loaded");
});
