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

/** Kills the first child that a program has, as soon as it has one. */
async function killChildOf(program: Deno.ChildProcess): Promise<void> {
  let over = false;
  void program.status.then(() => over = true);
  while (!over) {
    const child = numbersIn("/proc").find((one) => parentOf(one) === program.pid);
    if (child !== undefined) return Deno.kill(child, "SIGKILL");
    await new Promise((wake) => setTimeout(wake, 5));
  }
}

function numbersIn(folder: string): number[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => Number(name)).filter(Number.isInteger);
}

/** Null for a process that is gone. */
function parentOf(pid: number): number | null {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]);
  } catch {
    return null; // It ended between two looks.
  }
}

test("selftest: what is not as it must be is CHI-1201 and exit code 1", async () => {
  await using folder = new ProgramFolder();
  const program = folder.spawn(["selftest", "--json"]);
  const [{ code, stdout }] = await Promise.all([program.output(), killChildOf(program)]);
  const { ok, checks } = JSON.parse(new TextDecoder().decode(stdout));
  const failed: Result[] = checks.filter(({ ok }: Result) => !ok);
  assert.deepEqual(failed.map(({ name }) => name), ["another process"]);
  assert.match(failed[0]!.detail, /^CHI-1201: run another process: /);
  assert.equal(ok, false);
  assert.equal(code, 1);
});
