import assert from "node:assert/strict";
import { test } from "../tests/permission.ts";
import { ProgramFolder } from "./testing/program.ts";

interface Result {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

test("selftest: all is well on this machine, with FFI and without", async () => {
  await using folder = new ProgramFolder();
  for (const denyFfi of [false, true]) {
    const report = await folder.json(["selftest"], { denyFfi });
    const failed = report.checks.filter(({ ok }: Result) => !ok);
    assert.deepEqual(failed, []);
    assert.equal(report.ok, true);
    assert.ok(report.checks.length >= 10);
    for (const { name, detail } of report.checks as Result[]) assert.notEqual(detail, "", name);
  }
  assert.deepEqual([...Deno.readDirSync(`${folder.path}/run`)], [], "an instance is left");
});

test("selftest: a line per check for people", async () => {
  await using folder = new ProgramFolder();
  const { code, stdout } = await folder.run(["selftest"]);
  assert.equal(code, 0);
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.pop(), "all is well");
  for (const line of lines) assert.match(line, /^ok {6}\S.* \(\d+ ms\)$/);
});
