/** What refresh does to the files of a repo, and what it leaves as it is. */

import assert from "node:assert/strict";
import { test } from "../tests/permission.ts";
import { kitImports } from "./kit/mod.ts";
import { RepoFolder } from "./testing/repo_folder.ts";
import { isWithin } from "./testing/text_within.ts";

const TASKS = "compressor/compressor_tasks.ts";
const CLIENT = "compressor/compressor_client.ts";
const RUNTIME = "compressor/compressor_runtime.ts";
const AUTHORS = [TASKS, CLIENT, RUNTIME];
const KINDS = /CHI_(?:BEGIN|END)\((\w+)\)/g;

/** The blocks of a file in their order. */
function blocksIn(text: string): string[] {
  return [...new Set([...text.matchAll(KINDS)].map(([, name]) => name!))];
}

test("refresh: of a new module changes nothing, and so does every second one", async () => {
  using folder = await RepoFolder.withModule();
  assert.deepEqual((await folder.plan()).changes, []);
  folder.declare(["kDestroy: 1", "kMigrate: 4", "kUpgrade: 5", "kCompress: 10"]);
  const { changes } = await folder.refresh();
  assert.deepEqual(changes.map(({ file }) => file), [
    CLIENT,
    "compressor/compressor_lib_exec.ts",
    "compressor/compressor_methods.ts",
    RUNTIME,
    TASKS,
  ]);
  const texts = folder.texts();
  assert.deepEqual((await folder.refresh()).changes, []);
  assert.deepEqual(folder.texts(), texts);
});

test("refresh: a block goes behind that of the method before it, by number", async () => {
  using folder = await RepoFolder.withModule();
  folder.declare(["kLast: 30", "kFirst: 10"]);
  await folder.refresh();
  folder.declare(["kLast: 30", "kMiddle: 20", "kFirst: 10", "kMigrate: 4"]);
  await folder.refresh();
  for (const file of AUTHORS) {
    const order = blocksIn(folder.read(file));
    assert.deepEqual(order, ["Create", "Migrate", "First", "Middle", "Last"], file);
  }
});

test("refresh: without a block before it, it goes above CHI_AUTOGEN_METHODS", async () => {
  using folder = await RepoFolder.withModule();
  folder.edit(RUNTIME, (text) => text.replace(/ *\/\/ CHI_(BEGIN|END).*\n/g, ""));
  const before = folder.read(RUNTIME);
  folder.declare(["kMd: 10", "kIo: 11"]);
  await folder.refresh();
  const after = folder.read(RUNTIME);
  assert.ok(isWithin(before, after));
  assert.match(
    after,
    / {2}}\n\n {2}\/\/ CHI_BEGIN\(Md\)\n[^]* {2}\/\/ CHI_END\(Md\)\n\n {2}\/\/ CHI_BEGIN\(Io\)/,
  );
  assert.match(
    after,
    / {2}\/\/ CHI_END\(Io\)\n {2}\/\/ CHI_AUTOGEN_METHODS {2}\/\/ keep at class bottom\n}\n$/,
  );
  assert.deepEqual((await folder.plan()).changes, []);
});

test("refresh: without any mark the block is shown in a file beside, and the file stays", async () => {
  using folder = await RepoFolder.withModule();
  folder.edit(TASKS, (text) => text.replace(/\/\/ CHI_.*\n/g, ""));
  const before = folder.read(TASKS);
  folder.declare(["kMd: 10"]);
  const { temps } = await folder.refresh();
  assert.deepEqual(temps, [{ file: TASKS, temp: `${TASKS}.temp`, methods: ["kMd"] }]);
  assert.equal(folder.read(TASKS), before);
  assert.match(folder.read(`${TASKS}.temp`), /export class MdTask extends defineTask\(Method\.kMd/);
  assert.match(folder.read(`${TASKS}.temp`), /libName = "example_compressor"/);
  // The author takes it over; nothing is missing then, marks or no marks.
  folder.write(TASKS, folder.read(`${TASKS}.temp`).replace(/\/\/ CHI_.*\n/g, ""));
  const again = await folder.plan();
  assert.deepEqual([again.temps, again.changes], [[], []]);
});

test("refresh: a file that is gone is made anew, whole, with the methods that are on", async () => {
  for (const file of AUTHORS) {
    using folder = await RepoFolder.withModule();
    folder.declare(["kMd: 10"]);
    await folder.refresh();
    const before = folder.read(file);
    Deno.removeSync(`${folder.path}/${file}`);
    const { temps, missing, changes } = await folder.refresh();
    assert.deepEqual([temps, missing, changes.map(({ file }) => file)], [[], [file], [file]]);
    assert.equal(folder.read(file), before);
    assert.equal(folder.has(`${file}.temp`), false);
    assert.deepEqual((await folder.plan()).changes, []);
  }
});

test("refresh: a file beside an author's is no part of what is up to date", async () => {
  using folder = await RepoFolder.withModule();
  folder.edit(TASKS, (text) => text.replace(/\/\/ CHI_.*\n/g, ""));
  folder.declare(["kMd: 10"]);
  await folder.refresh();
  Deno.removeSync(`${folder.path}/${TASKS}.temp`);
  const { changes, tempChanges } = await folder.refresh();
  assert.deepEqual(changes, []);
  assert.deepEqual(tempChanges.map(({ file }) => file), [`${TASKS}.temp`]);
  assert.ok(folder.has(`${TASKS}.temp`));
});

test("refresh: what the author has declared without marks is not declared again", async () => {
  using folder = await RepoFolder.withModule();
  const insert = (file: string, text: string) =>
    folder.edit(file, (before) => before.replace(/^ *\/\/ CHI_AUTOGEN/m, `${text}\n$&`));
  insert(TASKS, "export class MdTask {}");
  insert(CLIENT, "  asyncMd = 1;");
  insert(RUNTIME, "  monitorMd(): void {}");
  const before = AUTHORS.map((file) => folder.read(file));
  folder.declare(["kMd: 10"]);
  await folder.refresh();
  assert.deepEqual(AUTHORS.map((file) => folder.read(file)), before);
  // The word alone is no declaration.
  folder.declare(["kIo: 10"]);
  folder.edit(RUNTIME, (text) => `${text}// monitorIo(\nthis.monitorIo();\n"monitorIo(";\n`);
  await folder.refresh();
  assert.ok(blocksIn(folder.read(RUNTIME)).includes("Io"));
});

test("refresh: marks in strings, templates and comments are no marks", async () => {
  using folder = await RepoFolder.withModule();
  const traps = [
    "/*\n// CHI_BEGIN(InComment)\n*/",
    "const template = `\n// CHI_END(Create)\n${[`\n// CHI_BEGIN(Nested)\n`]}\n// CHI_AUTOGEN_METHODS\n`;",
    "const continued = 'a\\\n// CHI_BEGIN(InString)\\\n';",
    'const plain = "// CHI_BEGIN(Plain)"; // CHI_BEGIN(BehindCode)',
    "const pattern = /[`'\"]\\/\\*/; // not the beginning of anything",
    "/** CHI_BEGIN(Doc) */",
    "// see CHI_BEGIN(Prose)",
  ].join("\n");
  folder.edit(TASKS, (text) => text.replace("// CHI_BEGIN(Create)", `${traps}\n$&`));
  const before = folder.read(TASKS);
  folder.declare(["kMd: 10"]);
  const { unused } = await folder.refresh();
  assert.deepEqual(unused, []);
  const after = folder.read(TASKS);
  assert.ok(isWithin(before, after));
  assert.ok(after.indexOf("// CHI_BEGIN(Md)") > after.lastIndexOf("// CHI_END(Create)"));
  assert.ok(after.includes(traps));
});

test("refresh: line ends, indentation and a missing last line end are the author's", async () => {
  const forms: readonly (readonly [what: string, make: (text: string) => string])[] = [
    ["CRLF", (text) => text.replaceAll("\n", "\r\n")],
    ["no final line end", (text) => text.replace(/\n$/, "")],
    ["tabs", (text) => text.replace(/^( {2})+/gm, (blanks) => "\t".repeat(blanks.length / 2))],
    ["four spaces", (text) => text.replace(/^( {2})+/gm, (blanks) => blanks + blanks)],
    ["a byte order mark", (text) => `\uFEFF${text}`],
    ["old line ends", (text) => text.replaceAll("\n", "\r")],
    ["other letters", (text) => `${text}// ἀρχή 🧵 \u2028 \u0000\n`],
  ];
  for (const [what, make] of forms) {
    using folder = await RepoFolder.withModule();
    for (const file of AUTHORS) folder.write(file, make(folder.read(file)));
    const before = AUTHORS.map((file) => folder.read(file));
    folder.declare(["kMd: 10"]);
    await folder.refresh();
    AUTHORS.forEach((file, at) => {
      const after = folder.read(file);
      assert.ok(isWithin(before[at]!, after), `${what}: ${file}`);
      if (what === "CRLF") assert.doesNotMatch(after, /(?<!\r)\n/, file);
      if (what === "old line ends") assert.doesNotMatch(after, /\n/, file);
      if (what === "tabs" && file !== TASKS) assert.doesNotMatch(after, /^ +[^ *]/m, file);
      if (what === "four spaces" && file !== TASKS) assert.match(after, /^ {8}(?:const|await|if)/m);
    });
    assert.deepEqual((await folder.plan()).changes, [], what);
  }
});

test("refresh: marks that do not match are errors, and nothing is written", async () => {
  const mark = (word: string, name: string) => `// CHI_${word}(${name})\n`;
  const cases: readonly (readonly [text: string, problems: readonly string[]])[] = [
    [mark("BEGIN", "A"), ["13: CHI_BEGIN(A) has no CHI_END"]],
    [mark("END", "A"), ["13: CHI_END(A) has no CHI_BEGIN(A) before it"]],
    [mark("BEGIN", "A") + mark("BEGIN", "B") + mark("END", "B"), [
      "14: CHI_BEGIN(B) stands within CHI_BEGIN(A) of line 13",
    ]],
    [mark("BEGIN", "A") + mark("END", "B"), ["14: CHI_END(B) stands where CHI_END(A) is missing"]],
    [mark("BEGIN", "Create") + mark("END", "Create"), [
      "13: CHI_BEGIN(Create) stands in line 8 already",
    ]],
    [mark("BEGIN", "a b") + mark("END", ""), [
      "13: CHI_BEGIN(a b) has no method's name in its brackets",
      "14: CHI_END() has no method's name in its brackets",
    ]],
    ["// CHI_AUTOGEN_METHODS\n", ["13: CHI_AUTOGEN_METHODS stands in line 12 already"]],
    [mark("BEGIN", "A") + "// CHI_AUTOGEN_METHODS\n" + mark("END", "A"), [
      "14: it stands within CHI_BEGIN(A) of line 13",
      "14: CHI_AUTOGEN_METHODS stands in line 12 already",
    ]],
    ["import { a from 'b\n", []],
    ["`never closed\n", ["13: the template that begins here has no end"]],
  ];
  for (const [text, problems] of cases) {
    using folder = await RepoFolder.withModule();
    folder.edit(TASKS, (before) => before + text);
    folder.declare(["kMd: 10"]);
    const { changes, problems: found } = await folder.plan();
    const messages = found.map(({ message }) => message.replace(`${TASKS}:`, ""));
    if (problems.length > 0) assert.deepEqual(messages, problems, text);
    else assert.match(messages[0]!, /its syntax is wrong/);
    assert.ok(found.every(({ code }) => code === "CHI-1309"), `${found[0]!.code}`);
    assert.deepEqual(changes, []);
  }
});

test("refresh: all that is wrong in all modules is told, and nothing is written", async () => {
  using folder = await RepoFolder.withModule("a");
  folder.write("b/chimaera_mod.yaml", "name: b\n");
  folder.write("c/chimaera_mod.yaml", "name: d\n");
  folder.write("e/chimaera_mod.yaml", "name: e\n");
  folder.write("e/e_methods.yaml", "kCreate: 0\n");
  folder.write("e/e_tasks.ts", "export const x = 1;\n");
  folder.edit("a/a_client.ts", (text) => `${text}// CHI_END(X)\n`);
  folder.write("a/a_methods.yaml", "kCreate: 0\nkX: 7\nkY: 10\nkZ: 10\n");
  const texts = folder.texts();
  const { problems, changes } = await folder.plan();
  assert.deepEqual(
    problems.map(({ code, message }) => `${code} ${message.replace(folder.path, "")}`),
    [
      "CHI-1302 /c/chimaera_mod.yaml:1:7: it names the module `d`, and its folder is `c`",
      "CHI-1304 a/a_methods.yaml:2:5: kX: 7 is kept for inherited methods to come; own methods are " +
      "numbered from 10 on",
      "CHI-1304 a/a_methods.yaml:4:5: kZ: 10 is the number of kY in line 3; give it another",
      "CHI-1309 a/a_client.ts:24: CHI_END(X) has no CHI_BEGIN(X) before it",
      "CHI-1304 b/b_methods.yaml: it is missing: it declares the module's methods",
      "CHI-1309 e/e_tasks.ts: it does not export the library's name",
    ],
  );
  assert.equal(problems.at(-1)!.hint, 'add the line: export const libName = "example_e";');
  assert.deepEqual(changes, []);
  await assert.rejects(() => folder.refresh(), { code: "CHI-1302" });
  assert.deepEqual(folder.texts(), texts);
});

test("refresh: a file that is no UTF-8 is an error", async () => {
  using folder = await RepoFolder.withModule();
  Deno.writeFileSync(`${folder.path}/${CLIENT}`, Uint8Array.of(0x2f, 0x2f, 0xff, 0x0a));
  assert.deepEqual(await folder.problems(), [`${CLIENT}: it is no text in UTF-8`]);
});

test("refresh: a method that goes, or changes its number: generated code follows at once", async () => {
  using folder = await RepoFolder.withModule();
  folder.declare(["kMd: 10", "kIo: 11", "kEnd: 12"]);
  await folder.refresh();
  const before = AUTHORS.map((file) => folder.read(file));
  folder.declare(["kMd: 20", "kIo: -1"]);
  const { unused } = await folder.refresh();
  assert.deepEqual(unused, [
    { file: TASKS, block: "Io", firstLine: 23, lastLine: 30 },
    { file: TASKS, block: "End", firstLine: 32, lastLine: 39 },
    { file: CLIENT, block: "Io", firstLine: 32, lastLine: 39 },
    { file: CLIENT, block: "End", firstLine: 41, lastLine: 48 },
    { file: RUNTIME, block: "Io", firstLine: 35, lastLine: 44 },
    { file: RUNTIME, block: "End", firstLine: 46, lastLine: 55 },
  ]);
  assert.deepEqual(AUTHORS.map((file) => folder.read(file)), before);
  const names = folder.read("compressor/compressor_methods.ts");
  assert.match(names, /\{\n {2}kCreate: 0,\n {2}kMd: 20,\n\} as const/);
  assert.doesNotMatch(folder.read("compressor/compressor_lib_exec.ts"), /Io|End/);
});

test("prune: takes out what stands between the marks, and what only it was imported for", async () => {
  using folder = await RepoFolder.withModule();
  folder.declare(["kMd: 10", "kEnd: 12"]);
  await folder.refresh();
  const without = AUTHORS.map((file) => folder.read(file));
  folder.declare(["kMd: 10", "kIo: 11", "kEnd: 12"]);
  await folder.refresh();
  folder.edit(RUNTIME, (text) => text.replace("io(_task", "// mine\n  io(_task"));
  folder.declare(["kMd: 10", "kEnd: 12"]);
  const { changes } = await folder.refresh({ prune: true });
  assert.deepEqual(changes.map(({ file }) => file), [
    CLIENT,
    "compressor/compressor_lib_exec.ts",
    "compressor/compressor_methods.ts",
    RUNTIME,
    TASKS,
  ]);
  assert.deepEqual(AUTHORS.map((file) => folder.read(file)), without);
  assert.deepEqual((await folder.plan({ prune: true })).changes, []);
});

test("prune: an import of nothing else goes whole; others lose a name each", async () => {
  using folder = await RepoFolder.withModule();
  folder.declare(["kA: 10", "kB: 11", "kC: 12", "kD: 13"]);
  await folder.refresh();
  const own =
    'import {\n  ATask,\n  BTask as B,\n  CTask,\n  CreateTask,\n} from "./compressor_tasks.ts";\n' +
    'import { DTask } from "./compressor_tasks.ts"; // for D\n';
  folder.edit(
    CLIENT,
    (text) => text.replace(/import \{[^}]*\} from "\.\/compressor_tasks\.ts";\n/, own),
  );
  folder.declare(["kC: 12"]);
  await folder.refresh({ prune: true });
  const [imports] = /import \{\n[^]*?\n\n/.exec(folder.read(CLIENT))!;
  assert.equal(imports, 'import {\n  CTask,\n  CreateTask,\n} from "./compressor_tasks.ts";\n\n');
});

test("imports: a name is added where the formatter would have it, or in a statement of its own", async () => {
  const forms: readonly (readonly [before: string, after: string])[] = [
    // By line, sorted, with and without the last comma.
    [
      'import {\n  createMethod,\n  Zebra,\n} from "chimaera";',
      'import {\n  createMethod,\n  type DomainQuery,\n  taskMethod,\n  Zebra,\n} from "chimaera";',
    ],
    [
      'import {\n  createMethod\n} from "chimaera";',
      'import {\n  createMethod,\n  type DomainQuery,\n  taskMethod\n} from "chimaera";',
    ],
    // On one line.
    [
      'import { createMethod } from "chimaera"',
      'import { createMethod, type DomainQuery, taskMethod } from "chimaera"',
    ],
    // A type statement takes types only.
    [
      'import type { Submitter } from "chimaera";',
      'import type { DomainQuery, Submitter } from "chimaera";\nimport { taskMethod } from "chimaera";',
    ],
    // Comments between the names, a namespace, a name of its own: nothing is put in there.
    [
      'import { createMethod /* mine */ } from "chimaera";',
      'import { createMethod /* mine */ } from "chimaera";\nimport { type DomainQuery, taskMethod } from "chimaera";',
    ],
    [
      'import * as chimaera from "chimaera"; // all',
      'import * as chimaera from "chimaera"; // all\nimport { type DomainQuery, taskMethod } from "chimaera";',
    ],
    // What is there under another name is used by that.
    [
      'import { type DomainQuery as Query, taskMethod as stub } from "chimaera";',
      'import { type DomainQuery as Query, taskMethod as stub } from "chimaera";',
    ],
    // A type alone does not do at run time.
    [
      'import { DomainQuery, type taskMethod } from "chimaera";',
      'import { DomainQuery, type taskMethod, taskMethod as taskMethodValue } from "chimaera";',
    ],
    // No room on the line.
    [
      `import { createMethod as ${"a".repeat(60)} } from "chimaera";`,
      `import { createMethod as ${"a".repeat(60)} } from "chimaera";\n` +
      'import { type DomainQuery, taskMethod } from "chimaera";',
    ],
    // A name that is something else here.
    [
      'import { DomainQuery } from "chimaera";\nimport taskMethod from "./mine.ts";',
      'import { DomainQuery, taskMethod as taskMethodValue } from "chimaera";\nimport taskMethod from "./mine.ts";',
    ],
  ];
  for (const [before, after] of forms) {
    using folder = await RepoFolder.withModule();
    const body = "\n\nclass Client {\n  // CHI_BEGIN(Create)\n  // CHI_END(Create)\n}\n";
    const tasks = 'import { MdTask } from "./compressor_tasks.ts";\n';
    folder.write(CLIENT, `#!/usr/bin/env deno\n${tasks}${before}${body}`);
    folder.declare(["kMd: 10"]);
    await folder.refresh();
    const text = folder.read(CLIENT);
    const imports = text.slice(text.indexOf(tasks) + tasks.length, text.indexOf("\n\nclass"));
    assert.equal(imports, after);
    assert.deepEqual((await folder.plan()).changes, []);
  }
});

test("imports: a file without any gets its own above everything", async () => {
  using folder = await RepoFolder.withModule();
  folder.write(RUNTIME, "#!/usr/bin/env deno\nclass Server {\n  // CHI_AUTOGEN_METHODS\n}\n");
  folder.declare(["kMd: 10"]);
  await folder.refresh();
  const lines = folder.read(RUNTIME).split("\n");
  assert.equal(lines[0], "#!/usr/bin/env deno");
  assert.deepEqual(lines.slice(1, 3).sort(), [
    'import type { MdTask } from "./compressor_tasks.ts";',
    'import { MonitorMode, type RunContext } from "chimaera";',
  ]);
  assert.equal(lines[3], "class Server {");
});

test("namespace: a change renames libraries, names and imports, and nothing else", async () => {
  using folder = await RepoFolder.withModule();
  folder.edit(
    "deno.json",
    (text) =>
      text.replace('"example/compressor_client"', '// kept\n    "lodash": "npm:lodash",\n    $&')
        .replace(/\n {2}\},/, ',\n    "example/elsewhere_client": "../elsewhere/client.ts"$&'),
  );
  folder.write(
    "app.ts",
    [
      'import { Client } from "example/compressor_client";',
      'import type { CreateTask } from "example/compressor_tasks";',
      'export * from "example/elsewhere_client";',
      'const text = "example/compressor_client";',
      'await import("example/compressor_client");',
      "",
    ].join("\n"),
  );
  const config = folder.read("deno.json");
  const app = folder.read("app.ts");
  const runtime = folder.read(RUNTIME);
  folder.edit("chimaera_repo.yaml", (text) => text.replace("example", "other"));
  const { changes } = await folder.refresh();
  assert.deepEqual(changes.map(({ file }) => file), ["app.ts", TASKS, "deno.json"]);
  assert.equal(
    folder.read("deno.json"),
    config.replace(/example\/compressor/g, "other/compressor"),
  );
  assert.match(folder.read(TASKS), /export const libName = "other_compressor";/);
  assert.equal(
    folder.read("app.ts"),
    app.replace(/(from |import\()"example\/compressor/g, '$1"other/compressor'),
  );
  assert.equal(folder.read(RUNTIME), runtime);
  assert.deepEqual((await folder.plan()).changes, []);
});

test("deno.json: only names of the SDK and of the repo's modules are changed", async () => {
  const client = '"example/compressor_client": "./compressor/compressor_client.ts"';
  const tasks = '"example/compressor_tasks": "./compressor/compressor_tasks.ts"';
  const sdk = Object.keys(kitImports()).map((name) => `"${name}": "mine"`).join(", ");
  const forms: readonly (readonly [before: string, after: string])[] = [
    [`{ "imports": { ${sdk} } }`, `{ "imports": { ${sdk}, ${client}, ${tasks} } }`],
    [
      `// settings\n{\n\t"imports": {\n\t\t"b": "x", // one\n\t\t${sdk}, // last\n\t},\n\t"tasks": {}, /* end */\n}\n`,
      `// settings\n{\n\t"imports": {\n\t\t"b": "x", // one\n\t\t${sdk}, // last\n\t\t${client},\n\t\t${tasks},\n\t},\n\t"tasks": {}, /* end */\n}\n`,
    ],
    [
      `{\r\n    "imports": {\r\n        ${sdk} // last\r\n    }\r\n}`,
      `{\r\n    "imports": {\r\n        ${sdk}, // last\r\n        ${client},\r\n        ${tasks}\r\n    }\r\n}`,
    ],
    // A name that leads to the wrong place, and one of a module that is gone.
    [
      `{\n  "imports": {\n    ${sdk},\n    "example/compressor_client": "./old.ts",\n    ${tasks},\n    "example/gone_tasks": "./gone/gone_tasks.ts"\n  }\n}\n`,
      `{\n  "imports": {\n    ${sdk},\n    ${client},\n    ${tasks}\n  }\n}\n`,
    ],
  ];
  for (const [before, after] of forms) {
    using folder = await RepoFolder.withModule();
    folder.write("deno.json", before);
    await folder.refresh();
    assert.equal(folder.read("deno.json"), after);
    assert.deepEqual((await folder.plan()).changes, []);
  }
});

test("deno.json: one without names gets them, deno.jsonc counts, a missing one is made", async () => {
  using folder = await RepoFolder.withModule();
  const made = folder.read("deno.json");
  Deno.removeSync(`${folder.path}/deno.json`);
  await folder.refresh();
  assert.equal(folder.read("deno.json"), made);
  const names = JSON.parse(made).imports;
  for (const text of ["{}", '{\n  // mine\n  "lock": false\n}\n', '{ "imports": {} }\n']) {
    folder.write("deno.json", text);
    await folder.refresh();
    const after = folder.read("deno.json");
    assert.deepEqual(JSON.parse(after.replace("// mine", "")).imports, names);
    assert.ok(after.includes("// mine") === text.includes("// mine"));
  }
  Deno.removeSync(`${folder.path}/deno.json`);
  folder.write("deno.jsonc", "{}\n");
  await folder.refresh();
  assert.equal(folder.has("deno.json"), false);
  assert.deepEqual(JSON.parse(folder.read("deno.jsonc")).imports, names);
});

test("deno.json: what is no JSON is an error with its place", async () => {
  const cases = [
    ["[]", "deno.json:1:1: it is no object"],
    ["{\n", "deno.json:1:2: the text ends too early"],
    ["", "deno.json:1:1: the text ends too early"],
    ['{\n  "a": 1\n  "b": 2\n}', "deno.json:3:3: a comma is missing"],
    ["{\n  a: 1\n}", "deno.json:2:3: a name in quotes is missing"],
    ['{\n  "a" 1\n}', "deno.json:2:7: `:` is missing"],
    ['{\n  "a": }\n', "deno.json:2:8: a value is missing before `}`"],
    ["{}\n{}", "deno.json:2:1: nothing may stand here"],
    ["\uFEFF{} {}", "deno.json:1:4: nothing may stand here"],
    ["{\r\n  a: 1\r\n}", "deno.json:2:3: a name in quotes is missing"],
    ['{ "imports": "map.json" }', "deno.json:1:14: its `imports` are no object"],
  ] as const;
  using folder = await RepoFolder.withModule();
  for (const [text, problem] of cases) {
    folder.write("deno.json", text);
    const { problems } = await folder.plan();
    assert.deepEqual(problems.map(({ code, message }) => `${code} ${message}`), [
      `CHI-1302 ${problem}`,
    ]);
  }
});

test("refresh: a file keeps its permissions, and a link stays one", async () => {
  using folder = await RepoFolder.withModule();
  Deno.renameSync(`${folder.path}/${TASKS}`, `${folder.path}/real.ts`);
  Deno.symlinkSync("../real.ts", `${folder.path}/${TASKS}`);
  Deno.chmodSync(`${folder.path}/${CLIENT}`, 0o640);
  folder.declare(["kMd: 10"]);
  await folder.refresh();
  assert.ok(Deno.lstatSync(`${folder.path}/${TASKS}`).isSymlink);
  assert.match(folder.read("real.ts"), /MdTask/);
  assert.equal(Deno.statSync(`${folder.path}/${CLIENT}`).mode! & 0o777, 0o640);
});

test("namespace: links to folders are not followed, and what is no UTF-8 is passed over", async () => {
  using folder = await RepoFolder.withModule();
  const imports = 'import "example/compressor_client";\n';
  Deno.mkdirSync(`${folder.path}/../outside`);
  Deno.writeTextFileSync(`${folder.path}/../outside/app.ts`, imports);
  Deno.symlinkSync("..", `${folder.path}/compressor/around`);
  Deno.symlinkSync("../outside", `${folder.path}/linked`);
  Deno.writeFileSync(`${folder.path}/latin.js`, new Uint8Array([0x2f, 0x2f, 0xfc]));
  folder.edit("chimaera_repo.yaml", (text) => text.replace("example", "other"));
  const { changes } = await folder.refresh();
  assert.deepEqual(changes.map(({ file }) => file), [TASKS, "deno.json"]);
  assert.equal(Deno.readTextFileSync(`${folder.path}/../outside/app.ts`), imports);
});

test("prune: a task that the author uses elsewhere stays imported", async () => {
  using folder = await RepoFolder.withModule();
  folder.declare(["kMd: 10", "kIo: 11"]);
  await folder.refresh();
  folder.edit(CLIENT, (text) => `${text}export const Mine = MdTask;\n`);
  folder.declare([]);
  await folder.refresh({ prune: true });
  const imports = folder.read(CLIENT).split("class Client")[0]!;
  assert.match(imports, /\bMdTask\b/);
  assert.doesNotMatch(imports, /\bIoTask\b/);
});
