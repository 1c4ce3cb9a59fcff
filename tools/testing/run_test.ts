import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { test } from "../../tests/permission.ts";
import { runTests, workerCounts } from "./run.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** Runs `source` as a test file and returns what the runner says of it. */
async function outcome(source: string, limitMs = 60_000) {
  const folder = Deno.makeTempDirSync();
  const temporary = `${folder}/temporary`;
  Deno.mkdirSync(temporary);
  const file = `${folder}/sample_test.ts`;
  Deno.writeTextFileSync(file, source);
  try {
    const run = { title: "sample", args: [file], isChecked: true };
    const write = () => {};
    return await runTests(run, { root: PROJECT, temporary, limitMs, laneSeed: "7", write });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

test("runTests: counts what passed, failed and was ignored", async () => {
  const { counts, ignored, faults } = await outcome(`
    Deno.test("passes", () => {});
    Deno.test("passes too", () => {});
    Deno.test("fails", () => { throw new Error("on purpose"); });
    Deno.test.ignore("is ignored", () => {});
  `);
  assert.deepEqual(counts, { passed: 2, failed: 1, ignored: 1 });
  assert.deepEqual(ignored, ["is ignored"]);
  assert.deepEqual(faults, []);
});

test("runTests: tests see the debug heap, the order of lanes and a runtime directory of their own", async () => {
  const { counts } = await outcome(`
    Deno.test("heap", () => { if (Deno.env.get("CHIMAERA_DEBUG_HEAP") !== "1") throw 1; });
    Deno.test("order", () => { if (Deno.env.get("CHIMAERA_LANE_SEED") !== "7") throw 1; });
    Deno.test("folder", () => {
      const folder = Deno.env.get("CHIMAERA_RUNTIME_DIR");
      if (!folder.startsWith(Deno.env.get("TMPDIR"))) throw folder;
    });
  `);
  assert.deepEqual(counts, { passed: 3, failed: 0, ignored: 0 });
});

test("runTests: a leaked timer fails its test", async () => {
  const { counts } = await outcome(`Deno.test("leaks", () => { setTimeout(() => {}, 1e6); });`);
  assert.deepEqual(counts, { passed: 0, failed: 1, ignored: 0 });
});

test("runTests: a file that throws while it loads counts as failed", async () => {
  const { counts, faults } = await outcome(`throw new Error("on purpose");`);
  assert.equal(counts.failed + faults.length, 1);
});

test("runTests: a file that cannot be loaded is a fault", async () => {
  const { faults } = await outcome(`import "./absent.ts";`);
  assert.deepEqual(faults, ["exit code 1"]);
});

test("runTests: a crash is a fault that names the signal", async () => {
  const { faults } = await outcome(`
    const { symbols } = Deno.dlopen("libc.so.6", {
      memset: { parameters: ["usize", "i32", "usize"], result: "void" },
    });
    Deno.test("crashes", () => symbols.memset(8n, 0, 8n));
  `);
  assert.deepEqual(faults, ["ended by SIGSEGV"]);
});

test("runTests: a hang is ended and is a fault", async () => {
  const { faults } = await outcome(`Deno.test("hangs", () => { for (;;); });`, 2000);
  assert.deepEqual(faults, ["not done after 2 s"]);
});

test("runTests: processes and files that stay are faults", async () => {
  const { counts, faults } = await outcome(`
    Deno.test("leaves things", async () => {
      await new Deno.Command("sh", { args: ["-c", "sleep 600 &"] }).spawn().status;
      Deno.makeTempFileSync({ prefix: "left" });
    });
  `);
  assert.equal(counts.passed, 1);
  assert.equal(faults[0], "left processes running");
  assert.match(faults[1] ?? "", /^left temporary files: left/);
});

Deno.test("workerCounts: files of one run have different numbers, and each file all of them in turn", () => {
  const pairs = ["1,2", "1,4", "2,4"];
  const ofSeeds = ["7", "8", "9"].map((seed) => workerCounts("tests/system/a_test.ts", seed));
  assert.deepEqual(ofSeeds.toSorted(), pairs);
  const ofFiles = ["a", "b", "c"].map((name) => workerCounts(`tests/system/${name}_test.ts`, "7"));
  assert.deepEqual(ofFiles.toSorted(), pairs);
  assert.ok(pairs.includes(workerCounts("a", "a word")));
});
