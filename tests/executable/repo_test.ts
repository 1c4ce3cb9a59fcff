/** Module repos and the built executable, on a machine with nothing else: no Deno, no network. */

import assert from "node:assert/strict";
import { kitImports, placeText } from "../../codegen/mod.ts";
import { ScratchRepo } from "../../codegen/testing/scratch_repo.ts";
import { test } from "../permission.ts";
import { BuiltProgram, runApart } from "./built_program.ts";

const TEST_NAME = "echo: a pool is made, and found again by its name";

test("executable: repo check passes a good module, with its tests", async () => {
  using repo = new ScratchRepo();
  const program = await BuiltProgram.get();
  const { code, stdout, stderr } = await program.run(["repo", "check"], `${repo.folder}/echo`);
  assert.equal(code, 0, stderr);
  const [test, summary, ...more] = stdout.trimEnd().split("\n");
  assert.match(test!, new RegExp(`^ok {6}echo/echo_test\\.ts  ${TEST_NAME} \\(\\d+ ms\\)$`));
  assert.equal(summary, "1 module: types are right, 1 test passed");
  assert.deepEqual(more, []);
});

test("executable: repo check fails on a type error, with its place", async () => {
  using repo = new ScratchRepo();
  const place = repo.breakType();
  const program = await BuiltProgram.get();
  const { code, stdout, stderr } = await program.run(["repo", "check", repo.folder]);
  assert.equal(code, 1);
  assert.ok(stdout.startsWith(`error   ${place}  TS2345: Argument of type `), stdout);
  assert.match(stderr, /^error\[CHI-1307\]: check .*: 1 type error\nhint: mend /);
});

test("executable: repo check fails on a failing test, with its place", async () => {
  using repo = new ScratchRepo();
  repo.edit("echo/echo_test.ts", "assert.equal(second", "assert.notEqual(second");
  const place = repo.place("echo/echo_test.ts", "notEqual(second");
  const program = await BuiltProgram.get();
  const { code, stdout, stderr } = await program.run(["repo", "check", repo.folder]);
  assert.equal(code, 1);
  assert.match(stdout, /^FAILED {2}echo\/echo_test\.ts {2}echo: a pool is made/);
  assert.match(stdout, /\n {4}AssertionError .*strictly unequal/);
  assert.ok(stdout.includes(`\n${place}: ${TEST_NAME}\n`), stdout);
  assert.match(stderr, /^error\[CHI-1307\]: check .*: 1 failed test\nhint: mend /);
});

test("executable: repo check --json has all of it, and --types-only runs no test", async () => {
  using repo = new ScratchRepo();
  const program = await BuiltProgram.get();
  const check = async (...words: string[]) => {
    const { code, stdout } = await program.run(["repo", "check", repo.folder, "--json", ...words]);
    return { code, report: JSON.parse(stdout) };
  };
  const good = await check("--types-only");
  assert.deepEqual(good, {
    code: 0,
    report: {
      ok: true,
      repo: repo.folder,
      namespace: "example",
      modules: 1,
      outOfDate: [],
      problems: [],
      types: [],
      tests: null,
    },
  });
  repo.edit("echo/echo_test.ts", "new Client(started.session)", "new Client(started.sesion)");
  const { code, report } = await check();
  assert.deepEqual([code, report.ok, report.error.code], [1, false, "CHI-1307"]);
  const [problem] = report.types;
  assert.equal(placeText(problem), repo.place("echo/echo_test.ts", "sesion"));
  const [result] = report.tests;
  assert.deepEqual([result.file, result.name, result.outcome], [
    "echo/echo_test.ts",
    TEST_NAME,
    "ok", // What types do not allow may still run.
  ]);
});

/** What writes the kit of the built program: that code of the program, bundled like the rest. */
async function kitWriter(): Promise<string> {
  const { dist, scratch } = await BuiltProgram.get();
  const source = new URL("../../codegen/kit/mod.ts", import.meta.url).pathname;
  const output = `${dist}/kit_writer.js`;
  const bundled = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "-q", "--platform", "deno", "-o", output, decodeURIComponent(source)],
  }).output();
  assert.ok(bundled.success, new TextDecoder().decode(bundled.stderr));
  const script = `${scratch}/write_kit.js`;
  Deno.writeTextFileSync(
    script,
    `import { writeKit } from "file://${output}";\nconsole.log(await writeKit(Deno.args[0]));\n`,
  );
  return script;
}

/** Writes the kit in a process; what `writeKit` returned. */
async function writeKit(script: string, repo: ScratchRepo): Promise<boolean> {
  const args = ["run", "-A", "-q", "--no-config", script, repo.folder];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  const text = new TextDecoder().decode(stdout).trim();
  assert.match(text, /^(true|false)$/, new TextDecoder().decode(stderr));
  return text === "true";
}

test("executable: Deno checks and tests a repo with the program's kit", async () => {
  using repo = new ScratchRepo(kitImports());
  const script = await kitWriter();
  assert.equal(await writeKit(script, repo), true);
  assert.equal(await writeKit(script, repo), false);
  const { scratch } = await BuiltProgram.get();
  const deno = (...words: string[]) =>
    runApart([Deno.execPath(), ...words], {
      cwd: repo.folder,
      env: { DENO_DIR: `${scratch}/deno`, HOME: scratch, NO_COLOR: "1", PATH: "/usr/bin:/bin" },
    });
  const checked = await deno("check");
  assert.equal(checked.code, 0, checked.stderr);
  const tested = await deno("test", "-P");
  assert.equal(tested.code, 0, tested.stdout + tested.stderr);
  assert.match(tested.stdout, /ok \| 1 passed \| 0 failed/);
  assert.doesNotMatch(tested.stdout, /\.chimaera/);
  const place = repo.breakType();
  const broken = await deno("check");
  assert.equal(broken.code, 1);
  assert.ok(broken.stderr.includes(place), broken.stderr);
});

test("executable: processes that write the kit at once leave one, and nothing else", async () => {
  using repo = new ScratchRepo();
  const script = await kitWriter();
  const written = await Promise.all(Array.from({ length: 4 }, () => writeKit(script, repo)));
  assert.ok(written.includes(true));
  const names = [...Deno.readDirSync(repo.folder)].map(({ name }) => name).sort();
  assert.deepEqual(names, [".chimaera", "chimaera_repo.yaml", "deno.json", "echo"]);
  const program = await BuiltProgram.get();
  const { id, files } = JSON.parse(Deno.readTextFileSync(`${program.dist}/codegen/kit/kit.json`));
  assert.equal(Deno.readTextFileSync(`${repo.folder}/.chimaera/id`), id);
  for (const path of files) assert.ok(Deno.statSync(`${repo.folder}/.chimaera/${path}`).isFile);
});

test("executable: TypeScript's own server knows the kit, by one line of configuration", async () => {
  using repo = new ScratchRepo();
  await writeKit(await kitWriter(), repo);
  const { default: ts } = await import("typescript"); // Asks for the environment at once.
  repo.write("tsconfig.json", `{ "extends": "./.chimaera/tsconfig.json" }`);
  repo.write(
    "echo/wrong.ts",
    `import { DomainQuery } from "chimaera";\nDomainQuery.getLocalIt();\n`,
  );
  const { config } = ts.readConfigFile(`${repo.folder}/tsconfig.json`, ts.sys.readFile);
  const parsed = ts.parseJsonConfigFileContent(config, ts.sys, repo.folder);
  const files = ["client", "runtime", "tasks", "lib_exec"].map((role) => `echo_${role}`);
  const names = [...files, "wrong"].map((name) => `${repo.folder}/echo/${name}.ts`);
  const program = ts.createProgram(names, { ...parsed.options, types: [] });
  const found = ts.getPreEmitDiagnostics(program)
    .filter(({ file }) => file?.fileName.startsWith(`${repo.folder}/`));
  assert.deepEqual(found.map(({ file, code }) => [file!.fileName.split("/").at(-1), code]), [
    ["wrong.ts", 2551],
  ]);
});

test("executable: commands other than repo check do not load the compiler", async () => {
  const program = await BuiltProgram.get();
  const reached = new Set<string>();
  const visit = (path: string) => {
    if (reached.has(path)) return;
    reached.add(path);
    const text = Deno.readTextFileSync(`${program.dist}/${path}`);
    for (const [, name] of text.matchAll(/\bfrom\s*"(\.[^"]+\.js)"|^import\s*"(\.[^"]+\.js)"/gm)) {
      if (name !== undefined) visit(new URL(name, `file:///${path}`).pathname.slice(1));
    }
  };
  for (const entry of ["main.js", "sdk/mod.js", "sdk/test.js"]) visit(entry);
  assert.ok(reached.size > 5);
  assert.deepEqual([...reached].filter((path) => path.startsWith("codegen/")), []);
  for (const path of reached) {
    const text = Deno.readTextFileSync(`${program.dist}/${path}`);
    assert.doesNotMatch(text, /import\("typescript"\)/, path);
  }
});
