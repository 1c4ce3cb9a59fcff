import assert from "node:assert/strict";
import { planRuns, selectTests } from "./plan.ts";
import { parseSummary } from "./summary.ts";

const TESTS = ["runtime/memory/heap_test.ts", "sdk/mod_test.ts", "tests/tutorial/a_test.ts"];

Deno.test("selectTests: folders, files, and everything", () => {
  assert.deepEqual(selectTests(TESTS, []), TESTS);
  assert.deepEqual(selectTests(TESTS, ["./tests/"]), ["tests/tutorial/a_test.ts"]);
  assert.deepEqual(selectTests(TESTS, ["sdk/mod_test.ts", "runtime"]), TESTS.slice(0, 2));
  assert.deepEqual(selectTests(TESTS, ["runtime/mem"]), []);
});

Deno.test("planRuns: plain code shares a process, everything else has its own", () => {
  assert.deepEqual(planRuns(TESTS).map((run) => run.args), [
    ["--parallel", "runtime/memory/heap_test.ts"],
    ["sdk/mod_test.ts"],
    ["tests/tutorial/a_test.ts"],
  ]);
});

Deno.test("planRuns: what minds no company runs beside others, the long ones first", () => {
  const tests = [...TESTS, "cli/mod_test.ts", "tests/simulation/a_test.ts"];
  const beside = planRuns(tests).filter((run) => run.isBeside).map((run) => run.title);
  assert.deepEqual(beside, [
    "tests/simulation/a_test.ts",
    "tests/tutorial/a_test.ts",
    "cli/mod_test.ts",
  ]);
});

Deno.test("parseSummary: all forms of the last line, with and without colour", () => {
  const counts = { passed: 5, failed: 0, ignored: 0 };
  assert.deepEqual(parseSummary("ok | 5 passed | 0 failed (3s)"), counts);
  assert.deepEqual(parseSummary("ok | 5 passed (2 steps) | 0 failed (3s)"), counts);
  assert.deepEqual(parseSummary("\x1b[0m\x1b[32mok\x1b[0m | 5 passed | 0 failed (3s)"), counts);
  assert.deepEqual(
    parseSummary("FAILED | 1 passed | 3 failed (1 step) | 1 ignored | 2 filtered out (67ms)"),
    { passed: 1, failed: 3, ignored: 1 },
  );
  assert.equal(parseSummary("lane 3 ok | 5 passed"), null);
});
