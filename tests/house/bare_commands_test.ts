import assert from "node:assert/strict";
import { listTests } from "../../tools/testing/plan.ts";
import { test } from "../permission.ts";
import { ROOT } from "./source_tree.ts";

/** Runs `deno <command>` as a newcomer would, with no permissions; it must succeed. */
async function bare(command: string, ...args: string[]): Promise<string> {
  const process = new Deno.Command(Deno.execPath(), {
    args: [command, "--no-check", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await process.output();
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout) + decoder.decode(stderr);
  const failures = text.slice(Math.max(0, text.indexOf("\n FAILURES")));
  assert.ok(success, `deno ${command} failed; see tests/permission.ts\n${failures}`);
  return text;
}

test("bare deno test succeeds and names -P for what it left out", async () => {
  // Finds what the command finds by itself, and loads none of it.
  await bare("test", "--no-run");
  // One file that leads to all of them: 200 isolates, each with the engine, take a minute.
  const folder = Deno.makeTempDirSync();
  try {
    const imports = listTests(ROOT).map((path) => `import "file://${ROOT}/${path}";\n`);
    Deno.writeTextFileSync(`${folder}/all_test.ts`, imports.join(""));
    const text = await bare("test", "--config", `${ROOT}/deno.json`, `${folder}/all_test.ts`);
    assert.match(text, /\[needs permissions: deno test -P\] \.\.\. ignored/);
    assert.match(text, /ok \| [1-9]\d* passed/);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

test("bare deno bench succeeds and names -P for what it left out", async () => {
  assert.match(await bare("bench"), /\[needs permissions: deno bench -P\]/);
});

test("deno test -P and deno bench -P are granted everything", () => {
  const config = JSON.parse(Deno.readTextFileSync(`${ROOT}/deno.json`));
  assert.deepEqual(config.permissions, { default: { all: true } });
  // With these keys the bare commands would fail.
  assert.equal(config.test?.permissions, undefined);
  assert.equal(config.bench?.permissions, undefined);
});
