/**
 * The bench as a program. Every line runs once, with few and short rounds, so that none rots; no
 * figure is held against its bar but those of the canaries, which are sabotaged by far more than
 * a busy machine can hide: for them "ok" says that the bench noticed.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { ChimaeraError } from "../runtime/errors.ts";
import { parseBar } from "./harness/bar.ts";
import { parseResult } from "./harness/result.ts";
import { LINES } from "./lines/mod.ts";
import { runBench } from "./main.ts";
import { test } from "../tests/permission.ts";

const CANARIES = ["canary.slow_handler", "canary.copying_client"];
const MAIN = new URL("./main.ts", import.meta.url);

Deno.test("LINES: names are unique, bars can be read", () => {
  assert.equal(new Set(LINES.map(({ name }) => name)).size, LINES.length);
  for (const { bar } of LINES) parseBar(bar);
});

Deno.test("bench: a name that selects nothing is wrong usage", async () => {
  await assert.rejects(
    runBench(["task.s"]),
    (error) => error instanceof ChimaeraError && error.kind === "usage",
  );
});

test("bench --quick --json: every line gives one result, and none breaks", async () => {
  const { stdout, code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", fileURLToPath(MAIN), "--quick", "--json"],
    stderr: "inherit",
  }).output();
  const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
  const results = lines.map((line) => parseResult(line));
  assert.deepEqual(results.map((result) => result?.bench), LINES.map(({ name }) => name));
  for (const result of results) assert.ok(result && !("failed" in result), JSON.stringify(result));
  for (const name of CANARIES) {
    const canary = results.find((result) => result?.bench === name);
    assert.equal(canary?.ok, true, `not noticed: ${JSON.stringify(canary)}`);
  }
  assert.equal(code, 0);
});
