import assert from "node:assert/strict";
import { ScratchRepo } from "../codegen/testing/scratch_repo.ts";
import { test } from "../tests/permission.ts";
import { ProgramFolder } from "./testing/program.ts";

test("repo check: a folder that is in no repo is CHI-1301", async () => {
  await using folder = new ProgramFolder();
  const { code, stderr } = await folder.run(["repo", "check"]);
  assert.equal(code, 1);
  assert.match(stderr, /^error\[CHI-1301\]: .*\nhint: name a folder with a chimaera_repo\.yaml/);
});

test("repo check: wrong words are usage errors", async () => {
  await using folder = new ProgramFolder();
  for (const words of [["--limit", "0"], ["a", "b"], ["--types"]]) {
    const { code, stderr } = await folder.run(["repo", "check", ...words]);
    assert.equal(code, 2, words.join(" "));
    assert.match(stderr, /^error\[CHI-1001\]/);
  }
});

test("repo check: what tests print goes to standard error, results to standard output", async () => {
  using repo = new ScratchRepo();
  repo.write("echo/echo_test.ts", `Deno.test("says", () => console.log("from a test"));\n`);
  await using folder = new ProgramFolder();
  const { code, stdout, stderr } = await folder.run(["repo", "check", repo.folder]);
  assert.equal(code, 0);
  assert.match(stdout, /^ok {6}echo\/echo_test\.ts {2}says .*\n1 module: types are right, 1 test/);
  assert.match(stderr, /from a test/);
});

test("repo check: a type error and a failed test are both told, with CHI-1307", async () => {
  using repo = new ScratchRepo();
  repo.write("echo/echo_test.ts", `Deno.test("fails", () => { throw new Error("no"); });\n`);
  repo.write("echo/wrong.ts", `export const word: string = 1;\n`);
  await using folder = new ProgramFolder();
  const { code, stdout, stderr } = await folder.run(["repo", "check", repo.folder]);
  assert.equal(code, 1);
  assert.match(stdout, /^error {3}echo\/wrong\.ts:1:14 {2}TS2322: /);
  assert.match(stdout, /\necho\/echo_test\.ts:1:34: fails\n {4}Error: no\n/);
  assert.match(stderr, /error\[CHI-1307\]: check .*: 1 type error, 1 failed test/);
});

test("repo check: a test that takes too long is named, and the check goes on", async () => {
  using repo = new ScratchRepo();
  repo.write("echo/echo_test.ts", `Deno.test("loops", () => { while (true); });\n`);
  repo.write("echo/other_test.ts", `Deno.test("good", () => {});\n`);
  await using folder = new ProgramFolder();
  const words = ["repo", "check", repo.folder, "--limit", "1"];
  const { code, stdout } = await folder.run(words);
  assert.equal(code, 1);
  assert.match(stdout, /(?:^|\n)FAILED {2}echo\/echo_test\.ts {2}loops \(1000 ms\)\n/);
  assert.match(stdout, /\nok {6}echo\/other_test\.ts {2}good /);
  assert.match(stdout, /loops\n {4}it did not end within 1 s, and was ended/);
});

test("repo check: Ctrl-C ends the tests and leaves nothing", async () => {
  using repo = new ScratchRepo();
  repo.write(
    "echo/echo_test.ts",
    `Deno.test("waits", async () => {
  console.log("begun in " + Deno.pid);
  await new Promise(() => setInterval(() => {}, 1000));
});
`,
  );
  await using folder = new ProgramFolder();
  const child = folder.spawn(["repo", "check", repo.folder]);
  let told = "";
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  while (!/begun in \d+/.test(told)) {
    const { value, done } = await reader.read();
    assert.ok(!done, told);
    told += value;
  }
  const pid = Number(/begun in (\d+)/.exec(told)![1]);
  child.kill("SIGINT");
  await reader.cancel();
  await child.stdout.cancel();
  assert.equal((await child.status).code, 130);
  assert.throws(() => Deno.kill(pid, "SIGCONT"), Deno.errors.NotFound);
});

test("repo check: what is generated must be what the YAML says", async () => {
  using repo = new ScratchRepo();
  await using folder = new ProgramFolder();
  repo.write("echo/echo_methods.yaml", "kCreate: 0\nkSay: 10\n");
  const { code, stdout, stderr } = await folder.run(["repo", "check", repo.folder, "--types-only"]);
  assert.equal(code, 1);
  assert.match(stdout, /^behind {2}echo\/echo_methods\.ts {2}`chimaera repo refresh` brings/m);
  assert.match(stderr, /^error\[CHI-1307\]: check .*: \d+ files out of date\nhint: /m);
  repo.write("echo/echo_methods.yaml", "kCreate: 0\nkSay: 7\n");
  const wrong = await folder.json(["repo", "check", repo.folder, "--types-only"]);
  assert.equal(wrong.ok, false);
  assert.match(wrong.problems[0].what, /echo_methods\.yaml:2:7$/);
});

test("repo check: a module's folder means the repo that it is in", async () => {
  using repo = new ScratchRepo();
  await using folder = new ProgramFolder();
  const words = ["repo", "check", `${repo.folder}/echo`, "--types-only", "--json"];
  const { code, stdout, stderr } = await folder.run(words);
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).repo, repo.folder);
});
