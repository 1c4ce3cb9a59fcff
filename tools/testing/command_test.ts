import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { test } from "../../tests/permission.ts";

const COMMAND = fileURLToPath(new URL("../test.ts", import.meta.url));

/** Runs the command behind `deno task test`; returns its exit code and last line. */
async function command(...args: string[]) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", COMMAND, "--no-install", ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  });
  const { code, stdout } = await child.output();
  const lastLine = new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1);
  return { code, lastLine };
}

test("deno task test: ends with the totals", async () => {
  const result = await command("tools/testing/plan_test.ts");
  assert.deepEqual(result, { code: 0, lastLine: "4 passed, 0 failed" });
});

test("deno task test: a filter chooses by name", async () => {
  const result = await command("tools/testing/plan_test.ts", "--filter", "planRuns");
  assert.deepEqual(result, { code: 0, lastLine: "2 passed, 0 failed" });
});

test("deno task test: no tests is a failure", async () => {
  const nothing = { code: 1, lastLine: "0 passed, 0 failed" };
  assert.deepEqual(await command("no/such/folder"), nothing);
  assert.deepEqual(
    await command("tools/testing/plan_test.ts", "--filter", "no such test"),
    nothing,
  );
});

test("deno task test: an unknown option is a usage error", async () => {
  assert.equal((await command("--fliter", "x")).code, 2);
});
