import assert from "node:assert/strict";
import { test } from "../tests/permission.ts";
import { ProgramFolder } from "./testing/program.ts";

const MODULE_FILES = [
  "chimaera_mod.yaml",
  "compressor_client.ts",
  "compressor_lib_exec.ts",
  "compressor_methods.ts",
  "compressor_methods.yaml",
  "compressor_monitor.ts",
  "compressor_runtime.ts",
  "compressor_tasks.ts",
  "compressor_test.ts",
];

/** Names in a folder of the program's, and those that begin with a point. */
function namesIn(folder: ProgramFolder, path: string): string[] {
  return [...Deno.readDirSync(`${folder.path}/${path}`)].map(({ name }) => name).sort();
}

function textOf(folder: ProgramFolder, path: string): string {
  return Deno.readTextFileSync(`${folder.path}/${path}`);
}

function declare(folder: ProgramFolder, repo: string, lines: readonly string[]): void {
  const path = `${folder.path}/${repo}/compressor/compressor_methods.yaml`;
  Deno.writeTextFileSync(path, ["kCreate: 0", ...lines, ""].join("\n"));
}

test("repo, mod: from nothing to a module with methods", async () => {
  await using folder = new ProgramFolder();
  const repo = await folder.run(["repo", "new", "my_mods", "example"]);
  assert.equal(repo.code, 0, repo.stderr);
  assert.match(repo.stdout, /^made the module repo example in .*\/my_mods\n/);
  assert.deepEqual(
    namesIn(folder, "my_mods").filter((name) => name !== ".chimaera"),
    [".gitignore", "chimaera_repo.yaml", "deno.json"],
  );
  assert.match(textOf(folder, "my_mods/chimaera_repo.yaml"), /^namespace: example\nlayout: 1\n$/m);
  assert.equal(textOf(folder, "my_mods/.gitignore"), ".chimaera/\n*.temp\n");

  const made = await folder.run(["mod", "new", "my_mods/compressor/"]);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /^made the module example_compressor in .*\/my_mods\/compressor\n/);
  assert.deepEqual(namesIn(folder, "my_mods/compressor"), MODULE_FILES);
  const yaml = textOf(folder, "my_mods/compressor/compressor_methods.yaml");
  assert.match(yaml, /^# Inherited Methods\nkCreate: 0 # 0\n[^]*# kCustom: 10\n[^]*files\.\n$/);
  const { imports } = JSON.parse(textOf(folder, "my_mods/deno.json"));
  assert.equal(imports["example/compressor_client"], "./compressor/compressor_client.ts");

  const idle = await folder.run(["repo", "refresh", "my_mods"]);
  assert.equal(idle.stdout, "example: nothing to do\n");
  declare(folder, "my_mods", ["kCompress: 10", "kDecompress: 11"]);
  const check = await folder.run(["repo", "refresh", "my_mods", "--check"]);
  assert.equal(check.code, 1);
  assert.match(check.stdout, /^--- a\/compressor\/compressor_client\.ts\n\+\+\+ b\//);
  assert.match(check.stdout, /^\+ {2}asyncCompress = taskMethod\(CompressTask\);$/m);
  assert.match(check.stderr, /^error\[CHI-1305\]: .*\/my_mods: 5 files are behind: .*\nhint: run /);
  const refreshed = await folder.run(["repo", "refresh", "my_mods"]);
  assert.equal(refreshed.code, 0, refreshed.stderr);
  assert.match(
    refreshed.stdout,
    /^example: wrote 5 files\n {2}compressor\/compressor_client\.ts\n/,
  );
  const again = await folder.run(["repo", "refresh", "my_mods", "--check"]);
  assert.deepEqual([again.code, again.stdout], [0, "example: up to date\n"]);
});

test("repo refresh: what is gone is told, and pruned when asked", async () => {
  await using folder = new ProgramFolder();
  await folder.run(["repo", "new", "my_mods"]);
  await folder.run(["mod", "new", "my_mods/compressor"]);
  declare(folder, "my_mods", ["kCompress: 10"]);
  await folder.run(["repo", "refresh", "my_mods"]);
  declare(folder, "my_mods", []);
  const told = await folder.json(["repo", "refresh", "my_mods"]);
  assert.deepEqual(told.unused[0], {
    file: "compressor/compressor_tasks.ts",
    block: "Compress",
    firstLine: 14,
    lastLine: 21,
    isPruned: false,
  });
  assert.deepEqual(told.modules, ["compressor"]);
  assert.deepEqual(told.errors, []);
  const words = await folder.run(["repo", "refresh", "my_mods"]);
  assert.equal(words.code, 0);
  assert.equal(words.stdout, "my_mods: left for you to do: compressor/compressor_tasks.ts\n");
  const checked = await folder.run(["repo", "refresh", "my_mods", "--check"]);
  assert.deepEqual([checked.code, checked.stdout], [1, ""]);
  assert.match(checked.stderr, /CHI-1305\]: .*: left for you to do: compressor\/compressor_tasks/);
  assert.match(
    words.stderr,
    new RegExp(
      "^compressor/compressor_tasks\\.ts:14-21: kCompress is not on any more, and the module does " +
        "not load while its code is there: `chimaera repo refresh my_mods --prune` removes it\n",
    ),
  );
  const shown = await folder.run(["repo", "refresh", "my_mods", "--check", "--prune"]);
  assert.equal(shown.code, 1);
  assert.match(shown.stderr, /CHI-1305\]: .*\nhint: run `chimaera repo refresh my_mods --prune`\n/);
  assert.match(textOf(folder, "my_mods/compressor/compressor_tasks.ts"), /CompressTask/);
  const pruned = await folder.run(["repo", "refresh", "my_mods", "--prune"]);
  assert.equal(pruned.code, 0, pruned.stderr);
  assert.match(pruned.stdout, /^-export class CompressTask/m);
  assert.doesNotMatch(textOf(folder, "my_mods/compressor/compressor_tasks.ts"), /CompressTask/);
});

test("repo refresh: every mistake of every module, on both streams", async () => {
  await using folder = new ProgramFolder();
  await folder.run(["repo", "new", "my_mods"]);
  await folder.run(["mod", "new", "my_mods/compressor"]);
  declare(folder, "my_mods", ["kOne: 6", "kTwo: ten"]);
  const { code, stdout, stderr } = await folder.run(["repo", "refresh", "my_mods", "--json"]);
  assert.equal(code, 1);
  const report = JSON.parse(stdout);
  assert.deepEqual(report.errors.map(({ code }: { code: string }) => code), [
    "CHI-1304",
    "CHI-1304",
  ]);
  assert.deepEqual(report.error, report.errors[0]);
  assert.equal(
    stderr.match(/^error\[CHI-1304\]: compressor\/compressor_methods\.yaml:\d:\d: /gm)?.length,
    2,
  );
  const early = await folder.run(["mod", "new", "my_mods/other"]);
  assert.equal(early.code, 1);
  assert.match(early.stderr, /CHI-1304/);
  assert.deepEqual(namesIn(folder, "my_mods").includes("other"), false);
});

test("repo refresh: a method without a task that is off keeps nothing from loading", async () => {
  await using folder = new ProgramFolder();
  await folder.run(["repo", "new", "my_mods"]);
  await folder.run(["mod", "new", "my_mods/compressor"]);
  declare(folder, "my_mods", ["kUpgrade: 5"]);
  await folder.run(["repo", "refresh", "my_mods"]);
  declare(folder, "my_mods", ["kUpgrade: -1"]);
  const { stderr } = await folder.run(["repo", "refresh", "my_mods"]);
  assert.match(
    stderr,
    /^compressor\/compressor_runtime\.ts:\d+-\d+: kUpgrade is not on any more, and nothing calls its code: `/,
  );
});

test("repo refresh: a file that is missing is said to be, and is made", async () => {
  await using folder = new ProgramFolder();
  await folder.run(["repo", "new", "my_mods"]);
  await folder.run(["mod", "new", "my_mods/compressor"]);
  const file = `${folder.path}/my_mods/compressor/compressor_client.ts`;
  const text = Deno.readTextFileSync(file);
  Deno.removeSync(file);
  const checked = await folder.run(["repo", "refresh", "my_mods", "--check"]);
  assert.equal(checked.code, 1);
  assert.match(
    checked.stderr,
    /^compressor\/compressor_client\.ts: the file was missing, and would be made as in a new module\n/,
  );
  const made = await folder.run(["repo", "refresh", "my_mods"]);
  assert.equal(made.stdout, "my_mods: wrote one file\n  compressor/compressor_client.ts\n");
  assert.equal(
    made.stderr,
    "compressor/compressor_client.ts: the file was missing, and is made as in a new module\n",
  );
  assert.equal(Deno.readTextFileSync(file), text);
});

test("repo clear-temp: removes what refresh puts beside, and nothing else", async () => {
  await using folder = new ProgramFolder();
  await folder.run(["repo", "new", "my_mods"]);
  await folder.run(["mod", "new", "my_mods/compressor"]);
  const at = `${folder.path}/my_mods/compressor`;
  Deno.writeTextFileSync(
    `${at}/compressor_tasks.ts`,
    'export const libName = "my_mods_compressor";\n',
  );
  declare(folder, "my_mods", ["kCompress: 10"]);
  const refreshed = await folder.run(["repo", "refresh", "my_mods"]);
  assert.equal(refreshed.code, 0, refreshed.stderr);
  assert.match(
    refreshed.stderr,
    /compressor_tasks\.ts: it has no CHI marks to put kCompress at; take/,
  );
  const half = `compressor_client.ts.${crypto.randomUUID()}.temp`;
  for (const name of ["mine.temp", half]) Deno.writeTextFileSync(`${at}/${name}`, "");
  Deno.mkdirSync(`${folder.path}/my_mods/.chimaera-1.temp`);
  const { removed } = await folder.json(["repo", "clear-temp", "my_mods"]);
  assert.deepEqual(removed.toSorted(), [
    ".chimaera-1.temp",
    `compressor/${half}`,
    "compressor/compressor_tasks.ts.temp",
  ]);
  assert.deepEqual(namesIn(folder, "my_mods/compressor"), [...MODULE_FILES, "mine.temp"]);
  const nothing = await folder.run(["repo", "clear-temp", "my_mods"]);
  assert.match(nothing.stdout, /^nothing to remove in /);
  const checked = await folder.run(["repo", "refresh", "my_mods", "--check"]);
  assert.deepEqual([checked.code, checked.stdout], [1, ""]);
  assert.match(checked.stderr, /kCompress at; refresh shows them in .*_tasks\.ts\.temp\n/);
  assert.match(
    checked.stderr,
    /CHI-1305\]: .*: left for you to do: compressor\/compressor_tasks\.ts\nhint: do what is said above\n$/,
  );
});

test("repo new: in a folder with things in it, nothing of them is lost", async () => {
  await using folder = new ProgramFolder();
  const at = `${folder.path}/My Project-2`;
  Deno.mkdirSync(at);
  Deno.writeTextFileSync(
    `${at}/deno.json`,
    '{\n  // mine\n  "imports": { "a": "b" },\n  "fmt": {}\n}\n',
  );
  Deno.writeTextFileSync(`${at}/.gitignore`, "node_modules\n*.temp");
  Deno.writeTextFileSync(`${at}/main.ts`, "export {};\n");
  const made = await folder.json(["repo", "new", "My Project-2"]);
  assert.deepEqual([made.namespace, made.folder], ["my_project_2", at]);
  assert.equal(textOf(folder, "My Project-2/.gitignore"), "node_modules\n*.temp\n.chimaera/\n");
  const config = textOf(folder, "My Project-2/deno.json");
  assert.match(
    config,
    /^\{\n {2}\/\/ mine\n {2}"imports": \{ "a": "b", "chimaera": .* \},\n {2}"fmt": \{\}\n\}\n$/,
  );
  assert.equal(textOf(folder, "My Project-2/main.ts"), "export {};\n");
});

test("mod new: outside of any repo it makes ./mods, once, and says so", async () => {
  await using folder = new ProgramFolder();
  const first = await folder.run(["mod", "new", "compressor"]);
  assert.equal(first.code, 0, first.stderr);
  assert.match(
    first.stdout,
    /^no module repo here: made .*\/mods\nmade the module mods_compressor in/,
  );
  assert.match(first.stdout, /, then: chimaera repo refresh mods\n$/);
  const refreshed = await folder.run(["repo", "refresh", "mods"]);
  assert.equal(refreshed.stdout, "mods: nothing to do\n");
  const second = await folder.json(["mod", "new", "other"]);
  assert.deepEqual([second.madeRepo, second.namespace, second.name], [false, "mods", "other"]);
});

test("repo, mod: what cannot be made is an error that says why", async () => {
  await using folder = new ProgramFolder();
  await folder.run(["repo", "new", "my_mods"]);
  await folder.run(["mod", "new", "my_mods/compressor"]);
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  Deno.mkdirSync(`${folder.path}/123`);
  for (
    const [words, code, text] of [
      [["repo", "new", "my_mods"], 1, /CHI-1306\]: .*my_mods: it is a module repo already/],
      [["repo", "new", "file"], 1, /CHI-1306\]: .*file: it is a file\nhint: nothing was over/],
      [["repo", "new", "file/below"], 1, /CHI-1101\]: make a repo in file\/below: a part of its/],
      [["repo", "new", "x", "My-Mods"], 1, /CHI-1303\]: namespace `My-Mods`: it is not in snake/],
      [["repo", "new", "x", "chimaera"], 1, /CHI-1303\]: namespace `chimaera`: it is that of the/],
      [
        ["repo", "new", "123"],
        1,
        /CHI-1303\]: namespace ``: .*\nhint: name one: `chimaera repo new/,
      ],
      [["mod", "new", "my_mods/compressor"], 1, /CHI-1306\]: .*: there is such a folder already/],
      [["mod", "new", "my_mods/MOD_NAME"], 1, /CHI-1303\]: module `MOD_NAME`: it is not in snake/],
      [["mod", "new", "my_mods/a__b"], 1, /CHI-1303\]/],
      [["mod", "new", "nowhere/a"], 1, /CHI-1301\]: .*nowhere: no such folder\n/],
      [["mod", "new", "."], 2, /CHI-1001\]: mod new: `\.` names no module/],
      [["repo", "refresh"], 1, /CHI-1301\]: .*: neither this folder nor one above it is a module/],
      [["repo", "refresh", "nowhere"], 1, /CHI-1301\]: \/.*\/nowhere: no such folder\n/],
      [["repo", "check", "nowhere"], 1, /CHI-1301\]: \/.*\/nowhere: no such folder\n/],
      [["repo", "reformat", "nowhere"], 1, /CHI-1301\]: \/.*\/nowhere: no such folder\n/],
      [["repo", "clear-temp", "nowhere"], 1, /CHI-1301\]: \/.*\/nowhere: no such folder\n/],
    ] as const
  ) {
    const result = await folder.run(words);
    assert.match(result.stderr, text);
    assert.equal(result.code, code, result.stderr);
    assert.equal(result.stdout, "", words.join(" "));
  }
  Deno.writeTextFileSync(
    `${folder.path}/my_mods/chimaera_repo.yaml`,
    "namespace: my_mods\nlayout: 7\n",
  );
  const { code, stderr } = await folder.run(["repo", "refresh", "my_mods"]);
  assert.equal(code, 1);
  assert.match(stderr, /CHI-1302\]: .*chimaera_repo\.yaml:2:9: layout 7 is not one that/);
});
