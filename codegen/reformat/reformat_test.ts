import assert from "node:assert/strict";
import { test } from "../../tests/permission.ts";
import { planRefresh } from "../mod.ts";
import { planReformat, writeReformat } from "./mod.ts";

const METHODS = [
  "# Inherited Methods",
  "kCreate: 0        # 0",
  "kDestroy: 1       # 1",
  "kNodeFailure: -1  # 2",
  "kRecover: -1      # 3",
  "kMigrate: -1      # 4",
  "kUpgrade: -1       # 5",
  "",
  "# Custom Methods (start from 10)",
  "kPack: 10",
  "kUnpack: 11",
].join("\n"); // As many of them are: without an end of the last line.

const HEADER = `
struct CreateTaskParams {
  CLS_CONST char *lib_name_ = "example_packer";
  IN int level_;
};
struct PackTask : public Task, TaskFlags<TF_SRL_SYM> {
  IN hipc::Pointer data_;
  INOUT   size_t
      data_size_;

  /** Emplace constructor */
  explicit PackTask(u32 x) { IN_PLACE(x); }
};
struct UnpackTask : public Task {
  OUT u64 ret_;
};
`;

/** A folder with C++ modules of a test's own. */
class CppRepo {
  readonly folder = Deno.makeTempDirSync({ prefix: "chimaera-cpp-" });

  constructor(manifest = "namespace: example\n") {
    this.write("chimaera_repo.yaml", manifest);
    this.write("CMakeLists.txt", "project(example)\n");
  }

  write(path: string, text: string): void {
    Deno.mkdirSync(`${this.folder}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(`${this.folder}/${path}`, text);
  }

  read(path: string): string {
    return Deno.readTextFileSync(`${this.folder}/${path}`);
  }

  /** A module in the structure from March 2025 on, or in the one before. */
  addModule(name: string, isOld = false, methods = METHODS): void {
    const include = `${name}/include/${name}/${name}`;
    this.write(`${name}/chimaera_mod.yaml`, "");
    this.write(`${name}/CMakeLists.txt`, "add_subdirectory(src)\n");
    this.write(`${include}_methods.yaml`, methods);
    this.write(`${include}_tasks.h`, HEADER);
    this.write(`${include}_methods.h`, "// generated\n");
    this.write(`${include}_lib_exec.h`, "// generated\n");
    this.write(`${include}${isOld ? "" : "_client"}.h`, "class Client {};\n");
    this.write(`${name}/src/${name}${isOld ? "" : "_runtime"}.cc`, "class Server {};\n");
    if (!isOld) this.write(`${name}/src/${name}_client.cc`, "// client\n");
    this.write(`${name}/src/${name}_monitor.py`, "# models\n");
    this.write(`${name}/src/tables.h`, "// its own\n");
  }

  /** All files and their texts; the kit, which is not the author's, left out. */
  get texts(): Record<string, string> {
    const found: Record<string, string> = {};
    const walk = (path: string) => {
      for (const { name, isDirectory } of Deno.readDirSync(`${this.folder}/${path}`)) {
        if (name === ".chimaera") continue;
        if (isDirectory) walk(`${path}${name}/`);
        else found[`${path}${name}`] = this.read(`${path}${name}`);
      }
    };
    walk("");
    return found;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** Reformats, and looks that all that was there is there as it was. */
async function reformat(repo: CppRepo) {
  const before = repo.texts;
  const plan = await planReformat(repo.folder);
  assert.deepEqual(plan.problems, []);
  const written = await writeReformat(plan);
  const after = repo.texts;
  for (const [file, text] of Object.entries(before)) {
    if (!["chimaera_repo.yaml", "deno.json"].includes(file)) assert.equal(after[file], text, file);
  }
  return { plan, written };
}

async function problemsOf(repo: CppRepo): Promise<string[]> {
  const before = repo.texts;
  const plan = await planReformat(repo.folder);
  await assert.rejects(writeReformat(plan));
  assert.deepEqual(repo.texts, before);
  return plan.problems.map(({ code, message }) => `${code} ${message.replaceAll(repo.folder, "")}`);
}

test("reformat: a C++ repo gets a TypeScript module with every declared method", async () => {
  using repo = new CppRepo();
  repo.addModule("packer");
  const { plan, written } = await reformat(repo);
  assert.equal(plan.namespace, "example");
  assert.deepEqual(plan.modules, ["packer"]);
  assert(written.includes("packer/packer_runtime.ts"));
  assert.equal(repo.read("chimaera_repo.yaml"), "namespace: example\nlayout: 1\n");
  assert.equal(repo.read("packer/packer_methods.yaml"), METHODS);
  assert.match(repo.read("packer/packer_tasks.ts"), /libName = "example_packer"/);
  assert.match(repo.read("packer/packer_client.ts"), /asyncUnpack = taskMethod\(UnpackTask\);/);
  assert.match(repo.read("packer/packer_runtime.ts"), /^ {2}monitorPack\(/m);
  assert.match(repo.read("packer/packer_lib_exec.ts"), /Method\.kUnpack/);
  const { imports } = JSON.parse(repo.read("deno.json"));
  assert.equal(imports["example/packer_client"], "./packer/packer_client.ts");
  const refresh = await planRefresh(repo.folder);
  assert.deepEqual([refresh.changes, refresh.unused, refresh.problems], [[], [], []]);
});

test("reformat: each C++ file that needs a person is told, with what it becomes", async () => {
  using repo = new CppRepo();
  repo.addModule("packer");
  repo.addModule("former", true);
  const { plan } = await reformat(repo);
  assert.deepEqual(plan.forPeople.map(({ file, becomes }) => `${file} -> ${becomes}`), [
    "former/include/former/former.h -> former/former_client.ts",
    "former/include/former/former_tasks.h -> former/former_tasks.ts",
    "former/src/former.cc -> former/former_runtime.ts",
    "former/src/former_monitor.py -> former/former_monitor.ts",
    "former/src/tables.h -> null",
    "packer/include/packer/packer_client.h -> packer/packer_client.ts",
    "packer/include/packer/packer_tasks.h -> packer/packer_tasks.ts",
    "packer/src/packer_client.cc -> packer/packer_client.ts",
    "packer/src/packer_monitor.py -> packer/packer_monitor.ts",
    "packer/src/packer_runtime.cc -> packer/packer_runtime.ts",
    "packer/src/tables.h -> null",
  ]);
});

test("reformat: the fields of the C++ tasks are remarks in the TypeScript ones", async () => {
  using repo = new CppRepo();
  repo.addModule("packer");
  await reformat(repo);
  const blocks = repo.read("packer/packer_tasks.ts").split("// CHI_BEGIN").slice(1)
    .map((block) => block.split("\n").filter((line) => line.startsWith("// In C++:")));
  assert.deepEqual(blocks, [
    ["// In C++: IN int level_;"],
    ["// In C++: IN hipc::Pointer data_;", "// In C++: INOUT size_t data_size_;"],
    ["// In C++: OUT u64 ret_;"],
  ]);
});

test("reformat: a second time there is nothing to do", async () => {
  using repo = new CppRepo();
  repo.addModule("packer");
  const first = await reformat(repo);
  repo.write("packer/packer_runtime.ts", `${repo.read("packer/packer_runtime.ts")}// mine\n`);
  const { plan, written } = await reformat(repo);
  assert.deepEqual(written, []);
  assert.deepEqual([plan.modules, plan.ready], [[], ["packer"]]);
  assert.deepEqual(plan.forPeople, first.plan.forPeople);
  for (const part of ["include", "src"]) {
    Deno.removeSync(`${repo.folder}/packer/${part}`, { recursive: true });
  }
  assert.deepEqual((await reformat(repo)).plan.forPeople, []);
});

test("reformat: C++ files outside of modules are told too", async () => {
  using repo = new CppRepo();
  repo.addModule("packer");
  repo.write("shared/include/shared.h", "// no module\n");
  repo.write("shared/src/shared.cc", "// no module\n");
  repo.write("tools/plot.py", "# no C++\n");
  repo.write("main.cc", "int main() {}\n");
  const { plan } = await reformat(repo);
  const stray = plan.forPeople.filter(({ file }) => !file.startsWith("packer/"));
  assert.deepEqual(
    stray,
    ["main.cc", "shared/include/shared.h", "shared/src/shared.cc"].map(
      (file) => ({ file, becomes: null }),
    ),
  );
});

test("reformat: a repo of ours without a layout line gets it, and its names in deno.json", async () => {
  using repo = new CppRepo("# mine\r\nnamespace: example");
  repo.addModule("packer");
  await reformat(repo);
  assert.equal(repo.read("chimaera_repo.yaml"), "# mine\r\nnamespace: example\r\nlayout: 1\r\n");
  repo.write("chimaera_repo.yaml", "namespace: example\n");
  repo.write("deno.json", '{\n  "tasks": {} // mine\n}\n');
  const { written } = await reformat(repo);
  assert.deepEqual(written, ["chimaera_repo.yaml", "deno.json"]);
  assert.match(repo.read("deno.json"), /^\{\n {2}"tasks": \{\}, \/\/ mine\n {2}"imports": \{/);
});

test("reformat: all that is in the way is told, and nothing is written", async () => {
  using repo = new CppRepo();
  repo.addModule("packer", false, "kCreate: 0\nkPack: 7\nkUnpack: ten\n");
  repo.addModule("Upper");
  repo.addModule("half");
  repo.write("half/half_tasks.ts", "export {};\n");
  repo.write("empty/chimaera_mod.yaml", "");
  repo.write("bare/bare_methods.yaml", "kCreate: 0\n");
  const problems = await problemsOf(repo);
  assert.equal(problems.length, 6);
  assert(problems.some((text) => text.startsWith("CHI-1302 /bare/chimaera_mod.yaml: it is miss")));
  assert(problems.some((text) => text.startsWith("CHI-1303 module Upper:")));
  assert(problems.some((text) => text.startsWith("CHI-1308 /half/half_tasks.ts:")));
  assert(problems.some((text) => text.startsWith("CHI-1308 /empty:")));
  const inYaml = problems.filter((text) => text.startsWith("CHI-1304 "));
  assert.match(inYaml[0]!, /^CHI-1304 \/packer\/include\/packer\/packer_methods\.yaml:2:8: /);
  assert.match(inYaml[1]!, /^CHI-1304 \/packer\/include\/packer\/packer_methods\.yaml:3:10: /);
});

test("reformat: namespaces, layouts and settings that cannot be taken over", async () => {
  const cases: readonly (readonly [manifest: string, problem: RegExp])[] = [
    ["namespace: chimaera\n", /^CHI-1303 namespace `chimaera`: it is that of the core modules$/],
    ["namespace: My-Mods\n", /^CHI-1303 namespace `My-Mods`: /],
    ["layout: 1\n", /^CHI-1302 \/chimaera_repo\.yaml: it has no `namespace:` line$/],
    ["namespace: a\nlayout: 9\n", /^CHI-1308 \/chimaera_repo\.yaml:2:9: layout 9 is none /],
    ["namespace:\t- x: [\n", /^CHI-1302 \/chimaera_repo\.yaml:1:/],
  ];
  for (const [manifest, problem] of cases) {
    using repo = new CppRepo(manifest);
    repo.addModule("packer");
    const [first = ""] = await problemsOf(repo);
    assert.match(first, problem);
  }
  using repo = new CppRepo();
  repo.addModule("packer");
  repo.write("deno.json", "{ no json");
  assert.match((await problemsOf(repo))[0]!, /^CHI-1302 deno\.json:1/);
});

test("reformat: what is no repo is CHI-1308, with what to do", async () => {
  using repo = new CppRepo();
  await assert.rejects(planReformat(`${repo.folder}/nowhere`), {
    code: "CHI-1301",
    why: "no such folder",
  });
  Deno.removeSync(`${repo.folder}/chimaera_repo.yaml`);
  await assert.rejects(planReformat(repo.folder), { code: "CHI-1308", hint: /a new one is made/ });
  repo.addModule("packer");
  await assert.rejects(planReformat(repo.folder), { code: "CHI-1308", hint: /namespace: my_mods/ });
});

test("reformat: a header in Latin-1, and folders that lead in a circle, stop nothing", async () => {
  using repo = new CppRepo();
  repo.addModule("packer");
  const header = `${repo.folder}/packer/include/packer/packer_tasks.h`;
  const bytes = Deno.readFileSync(header);
  Deno.writeFileSync(header, new Uint8Array([0x2f, 0x2f, 0xfc, ...bytes]));
  Deno.symlinkSync("..", `${repo.folder}/packer/src/around`);
  const { problems, forPeople } = await planReformat(repo.folder);
  assert.deepEqual(problems, []);
  assert.ok(forPeople.every(({ file }) => !file.includes("around")));
});
