import assert from "node:assert/strict";
import { permitted, test } from "../tests/permission.ts";
import { COMMANDS } from "./command_table.ts";
import { ProgramFolder, sample } from "./testing/program.ts";

const ROOT = new URL("../", import.meta.url);

test("command line: without words it shows its commands, and that is wrong usage", async () => {
  await using folder = new ProgramFolder();
  const { code, stdout, stderr } = await folder.run([]);
  assert.equal(code, 2);
  assert.equal(stdout, "");
  for (const { name, hidden } of COMMANDS) {
    assert.equal(stderr.includes(`  ${name}  `), hidden !== true, name);
  }
});

test("command line: every command has a help text with an example", async () => {
  await using folder = new ProgramFolder();
  await Promise.all(COMMANDS.map(async ({ name, summary }) => {
    const { code, stdout, stderr } = await folder.run([...name.split(" "), "--help"]);
    assert.equal(code, 0, stderr);
    assert.ok(stdout.startsWith(`Usage: chimaera ${name}`), stdout);
    assert.ok(stdout.includes(`${summary}.`), stdout);
    assert.match(stdout, /--json .*JSON/);
    assert.ok(stdout.includes(`Example: chimaera ${name}`), stdout);
  }));
});

test("command line: help is a command too, and groups have theirs", async () => {
  await using folder = new ProgramFolder();
  const [all, help, group, grouped, lanes, mods, repos, serve] = await Promise.all([
    folder.run(["--help"]),
    folder.run(["help", "stop"]),
    folder.run(["pool", "--help"]),
    folder.run(["pool"]),
    folder.run(["lane", "--help"]),
    folder.run(["mod", "--help"]),
    folder.run(["repo", "--help"]),
    folder.run(["serve", "--help"]),
  ]);
  assert.equal(all.code, 0);
  assert.match(all.stdout, /Exit codes: 0 done, 1 failed, 2 wrong usage/);
  assert.match(help.stdout, /^Usage: chimaera stop/);
  assert.match(all.stdout, /^Example: chimaera serve$/m);
  assert.match(group.stdout, /^Usage: chimaera pool <command>/);
  assert.match(group.stdout, /^Example: chimaera pool list$/m);
  assert.match(group.stdout, /^Pools: instances of modules/m);
  assert.match(mods.stdout, /^Example: chimaera mod new compressor$/m);
  assert.match(repos.stdout, /^Example: chimaera repo new my_mods example$/m);
  assert.doesNotMatch(serve.stdout, /\[\]/);
  assert.match(lanes.stdout, /^Lanes: the queues of a pool/m);
  assert.doesNotMatch(group.stdout + lanes.stdout, /An I\/O runtime/);
  assert.equal(grouped.code, 2);
});

test("command line: what it does not know is CHI-1001 and exit code 2", async () => {
  await using folder = new ProgramFolder();
  const cases = [
    [["stat"], /there is no command `stat`; `status` perhaps/],
    [["-V"], /`-V` is no command/],
    [["pool", "drain"], /there is no command `pool drain`\n/],
    [["module", "--help"], /there is no command `module`; `mod` perhaps\n/],
    [["module", "new", "a"], /there is no command `module`; `mod new` perhaps\n/],
    [["repos"], /there is no command `repos`; `repo` perhaps\n/],
    [["xyz"], /there is no command `xyz`\n/],
    [["srve"], /there is no command `srve`; `serve` perhaps\n/],
    [["repo", "chek"], /there is no command `repo chek`; `repo check` perhaps\n/],
    [["lane", "mvoe"], /there is no command `lane mvoe`; `lane move` perhaps\n/],
    [["version", "--fast"], /unknown option '--fast'/],
    [["version", "now"], /too many arguments/],
    [["compress"], /missing required argument 'file'/],
    [["compress", "a", "--codec", "rar"], /'rar' is invalid\. Allowed choices are lz4, zstd, gzip/],
    [["compress", "a", "--level", "many"], /--level: `many` is not a whole number/],
    [["compress", "a", "--codec", "gzip", "--level", "12"], /gzip has levels 1 to 9/],
    [["compress", "a", "--block-size", "1k"], /`1k` is outside 64 KiB to 32 MiB/],
    [["serve", "--workers", "0"], /--workers: `0` is not a whole number from 1 to 64/],
    [["serve", "--memory", "5GiB"], /--memory: `5GiB` is outside 64 MiB to 4 GiB/],
    [["serve", "--memory", "100TiB"], /--memory: `100TiB` is outside 64 MiB to 4 GiB/],
    [["compress", "a", "--block-size", "1MB"], /`1MB` is not a size\nhint: .*powers of 1024/],
    [["compress", "a", "-o", ""], /--output: it is empty/],
    [["decompress", "a.gz", "--output="], /--output: it is empty/],
    [["serve", "--instance", "a/b"], /a name has 1 to 32 letters.*\nhint: begin it with/s],
    [["decompress", "a.zip"], /its name does not end in one of \.lz4, \.zst, \.gz/],
  ] as const;
  await Promise.all(cases.map(async ([words, why]) => {
    const { code, stdout, stderr } = await folder.run(words);
    assert.equal(code, 2, words.join(" "));
    assert.equal(stdout, "");
    assert.match(stderr, /^error\[CHI-1001\]: .+\nhint: .+\n$/);
    assert.match(stderr, why);
    if (words[1] === "--workers") assert.match(stderr, /^hint: run `chimaera serve --help`$/m);
  }));
});

test("command line: with --json an error is a line on stdout as well", async () => {
  await using folder = new ProgramFolder();
  const { code, stdout, stderr } = await folder.run(["status", "--json"]);
  assert.equal(code, 1);
  assert.match(stderr, /^error\[CHI-5001\]/);
  const { error } = JSON.parse(stdout);
  assert.deepEqual(Object.keys(error), ["code", "what", "why", "hint"]);
  assert.equal(error.code, "CHI-5001");
  assert.equal(error.hint, "start one with `chimaera serve`");
});

test("command line: with --json an error stays out of data on stdout", async () => {
  await using folder = new ProgramFolder();
  const cases = [
    [["compress", "nowhere", "-o", "-"], false],
    [["compress", "nowhere", "--output=-"], false],
    [["decompress", "nowhere", "-fo-"], false],
    [["decompress", "-"], false],
    [["compress", "nowhere", "-o", "-", "--wrong"], false],
    [["compress", "nowhere"], true],
    [["decompress", "-", "-o", "file"], true],
  ] as const;
  await Promise.all(cases.map(async ([words, onStdout]) => {
    const { code, stdout, stderr } = await folder.run([...words, "--json"]);
    assert.ok(code > 0, words.join(" "));
    const line = stderr.split("\n").find((text) => text.startsWith("{"));
    assert.equal(line !== undefined, !onStdout, words.join(" "));
    assert.match(JSON.parse(onStdout ? stdout : line!).error.code, /^CHI-/);
    if (!onStdout) assert.equal(stdout, "", words.join(" "));
  }));
});

const FULL = "/dev/full";
const noFull = !permitted() || Deno.build.os !== "linux";

test("command line: output that cannot be written is an error", { ignore: noFull }, async () => {
  await using folder = new ProgramFolder();
  folder.write("data", sample(1000));
  const cases = [
    [["version"], "CHI-1105"],
    [["--help"], "CHI-1105"],
    [["serve"], "CHI-1105"],
    [["compress", "data", "--json"], "CHI-1105"],
    [["status", "--json"], "CHI-5001"],
  ] as const;
  for (const [words, errorCode] of cases) {
    const { code, stderr } = await folder.runInto(FULL, words);
    assert.equal(code, 1, words.join(" "));
    const errors = stderr.split("\n").filter((line) => line.startsWith("error"));
    assert.equal(errors.length, 1, stderr);
    assert.ok(errors[0]!.startsWith(`error[${errorCode}]: `), stderr);
    assert.doesNotMatch(stderr, /\n {4}at |defect/, "no stack");
    if (errorCode !== "CHI-1105") continue;
    assert.match(stderr, /: write to standard output: No space left/);
    assert.match(stderr, /^hint: the result was not written: /m);
  }
  assert.ok(folder.list().includes("data.lz4"), "the file itself was written");
});

test("command line: a reader that has gone is no failure", async () => {
  await using folder = new ProgramFolder();
  const child = folder.spawn(["version"]);
  await child.stdout.cancel();
  assert.equal(await new Response(child.stderr).text(), "");
  assert.equal((await child.status).code, 0);
});

test("version: says what it is", async () => {
  await using folder = new ProgramFolder();
  const report = await folder.json(["version"]);
  assert.deepEqual(Object.keys(report), ["version", "deno", "packaging", "platform"]);
  assert.equal(report.deno, Deno.version.deno);
  for (const isSource of [true, false]) {
    const { stdout } = await folder.run(["--version"], { isSource });
    const isBundle = !isSource && Deno.env.has("CHIMAERA_TEST_DIST");
    const [, packaging] = /^chimaera \d+\.\d+\.\d+ \((\w+), Deno /.exec(stdout)!;
    assert.equal(packaging, isBundle ? "bundle" : "source");
  }
});

test("version: loads nothing of the engine", () => {
  const loaded = new Set<string>();
  const load = (path: string) => {
    if (loaded.has(path)) return;
    loaded.add(path);
    const text = Deno.readTextFileSync(new URL(path, ROOT));
    for (
      const [, specifier] of text.matchAll(/^(?:import|export) (?!type)[^;]*? from "(\.[^"]+)"/gm)
    ) {
      load(new URL(specifier!, `file:///${path}`).pathname.slice(1));
    }
  };
  for (const path of ["main.ts", "cli/command.ts", "cli/version.ts"]) load(path);
  assert.ok(loaded.has("runtime/platform/packaging.ts"));
  const engine = [...loaded].filter((path) =>
    /^runtime\/(?!platform\/|errors|limits|source_paths)|^sdk\/|^chimods\//.test(path)
  );
  assert.deepEqual(engine, []);
});
