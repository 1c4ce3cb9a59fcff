import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { test } from "../tests/permission.ts";
import { build, type BuildReport } from "./packaging/mod.ts";
import { USER_MODULE, USER_TONE, writeStandIn } from "./packaging/stand_in.ts";
import { exists, listFiles } from "./file_tree.ts";

/** The project's own cache: the runtime it holds compressed is the same. */
const CACHE = fileURLToPath(new URL("../node_modules/.cache/chimaera_build", import.meta.url));
const decoder = new TextDecoder();

let workshop: { folder: string; program: string; report: BuildReport } | undefined;

/** The packed stand-in, built once; tests run in the order of this file. */
async function packed() {
  if (workshop !== undefined) return workshop;
  const folder = Deno.makeTempDirSync({ prefix: "chimaera build " });
  addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const root = `${folder}/tree`;
  writeStandIn(root);
  const program = `${folder}/chimaera`;
  const report = await build({
    root,
    dist: `${root}/dist`,
    output: program,
    cache: CACHE,
    packaging: "self-extract",
  });
  workshop = { folder, program, report };
  return workshop;
}

interface RunOptions {
  readonly cache?: string;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly stdin?: string;
  readonly program?: string;
}

/** Runs the packed program with an environment of PATH and the cache only. */
async function run(args: readonly string[], options: RunOptions = {}) {
  const { folder, program } = await packed();
  const cache = options.cache ?? `${folder}/cache`;
  const child = new Deno.Command(options.program ?? program, {
    args: [...args],
    cwd: options.cwd ?? folder,
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", CHIMAERA_CACHE: cache, ...options.env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  // A program that ends without reading closes the pipe; that is not this test's matter.
  await writer.write(new TextEncoder().encode(options.stdin ?? "")).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function shown(args: readonly string[], options: RunOptions = {}): Promise<unknown> {
  const result = await run(args, options);
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(result.stdout);
}

test("self-extracting: unpacks at the first start, and says what it is", async () => {
  const { folder, program, report } = await packed();
  assert.equal(report.packaging, "self-extracting");
  const info = { packaging: "self-extracting", version: "1.2.3", self: [program] };
  assert.deepEqual(await shown(["info"]), info);
  const first = [...Deno.readDirSync(`${folder}/cache`)].map((entry) => entry.name);
  assert.deepEqual(await shown(["info"]), info);
  const second = [...Deno.readDirSync(`${folder}/cache`)].map((entry) => entry.name);
  assert.deepEqual(second.sort(), first.sort());
  assert.deepEqual(second.map((name) => name.replace(/-.*/, "")), ["app", "deno", "rt"]);
});

test("self-extracting: arguments, standard input and exit codes pass through", async () => {
  const args = ["", "two words", "a\nb", "--flag", "-x", "$HOME", "'\"", "*"];
  assert.deepEqual(await shown(["args", ...args]), args);
  assert.equal((await run(["stdin"], { stdin: "one\ntwo" })).stdout, "one\ntwo");
  assert.equal((await run(["exit", "42"])).code, 42);
});

test("self-extracting: starts by link, by PATH, by shell and by relative path", async () => {
  const { folder, program } = await packed();
  const bin = `${folder}/bin`;
  Deno.mkdirSync(bin);
  Deno.symlinkSync(program, `${bin}/linked`);
  const args = ["args", "x"];
  assert.deepEqual(await shown(args, { program: `${bin}/linked` }), ["x"]);
  assert.deepEqual(await shown(args, { program: "./chimaera" }), ["x"]);
  const env = { PATH: `${bin}:${Deno.env.get("PATH")}` };
  assert.deepEqual(await shown(["-c", "linked args x"], { program: "/bin/sh", env }), ["x"]);
  assert.deepEqual(await shown(["chimaera", ...args], { program: "/bin/sh" }), ["x"]);
});

test("self-extracting: starts itself again", async () => {
  assert.deepEqual(await shown(["again", "once more"]), ["once more"]);
});

test("self-extracting: loads TypeScript from disk, in main and in a worker, on one SDK", async () => {
  const { folder } = await packed();
  const module = `${folder}/user module`;
  Deno.mkdirSync(module);
  Deno.writeTextFileSync(`${module}/server.ts`, USER_MODULE);
  Deno.writeTextFileSync(`${module}/tone.ts`, USER_TONE);
  // Configuration that lies around must not reach the program.
  Deno.writeTextFileSync(`${module}/deno.json`, `{ "imports": { "chimaera": "./none.ts" } }`);
  Deno.writeTextFileSync(`${module}/package.json`, `{ "dependencies": { "chimaera": "1.0.0" } }`);
  const url = new URL(`file://${module}/server.ts`).href;
  const options = { cwd: module };
  assert.deepEqual(await shown(["load", url], options), { here: "user loud", worker: "user loud" });
});

test("self-extracting: core modules share the SDK, and their plain files are there", async () => {
  const echo = "chimods/echo/echo_runtime";
  assert.deepEqual(await shown(["load", echo]), { here: "echo", worker: "echo" });
  assert.equal(await shown(["asset", "chimods/echo/chimaera_mod.yaml"]), "name: echo\n");
  const template = "chimods/MOD_NAME/MOD_NAME_runtime.ts";
  assert.equal(await shown(["asset", template]), "/** The template. */\nexport {};\n");
});

test("self-extracting: carries what a user's repo gets: its files, and the types of its doors", async () => {
  const kit = await shown(["asset", "codegen/kit/kit.json"]) as string;
  const { id, files } = JSON.parse(kit) as { id: string; files: string[] };
  assert.match(id, /^[0-9a-f]{16}$/);
  for (const path of files) assert.notEqual(await shown(["asset", path]), undefined, path);
  const doors = ["sdk/mod", "sdk/node", "sdk/platform", "sdk/test", "chimods/echo/echo_tasks"];
  for (const door of doors) {
    assert.ok(files.includes(`${door}.js`), door);
    const text = await shown(["asset", `${door}.js`]) as string;
    assert.ok(text.startsWith(`// @ts-self-types="./${door.split("/").at(-1)}.d.ts"\n`), door);
  }
  assert.deepEqual(files.filter((path) => /^codegen|MOD_NAME/.test(path)), []);
  const types = JSON.parse(await shown(["asset", "codegen/kit/types.json"]) as string);
  // Of the doors, and of nothing that they do not reach.
  const paths = doors.map((door) => `${door}.d.ts`).sort();
  assert.deepEqual(Object.keys(types), paths);
  assert.match(types["sdk/test.d.ts"], /export \{ Module \} from "\.\/mod\.d\.ts";/);
});

test("self-extracting: first starts at the same moment all succeed", async () => {
  const { folder } = await packed();
  const cache = `${folder}/crowded`;
  const starts = Array.from({ length: 4 }, (_, index) => shown(["args", `${index}`], { cache }));
  assert.deepEqual(await Promise.all(starts), [["0"], ["1"], ["2"], ["3"]]);
  const left = [...Deno.readDirSync(cache)].map((entry) => entry.name.replace(/-.*/, ""));
  assert.deepEqual(left.sort(), ["app", "deno", "rt"]);
});

test("self-extracting: a cache that lost files is mended", async () => {
  const { folder } = await packed();
  const cache = `${folder}/cache`;
  const app = `${cache}/${nameIn(cache, "app-")}`;
  for (const file of ["main.js", nameIn(app, "chunk-"), "sdk/node.js", "files.txt"]) {
    Deno.removeSync(`${app}/${file}`);
    assert.deepEqual(await shown(["args", "x"]), ["x"], file);
    assert.ok(exists(`${app}/${file}`), file);
  }
});

test("self-extracting: what nobody has started for a month makes room for what is new", async () => {
  const { folder } = await packed();
  const cache = `${folder}/crowded with old builds`;
  const days = (count: number) => new Date(Date.now() - count * 86_400_000);
  for (const [name, age] of [["app-old", 40], ["rt-old", 40], ["app-recent", 20]] as const) {
    Deno.mkdirSync(`${cache}/${name}`, { recursive: true, mode: 0o700 });
    Deno.writeTextFileSync(`${cache}/${name}/used`, "");
    Deno.utimeSync(`${cache}/${name}/used`, days(age), days(age));
  }
  assert.deepEqual(await shown(["args", "x"], { cache }), ["x"]);
  const names = [...Deno.readDirSync(cache)].map((entry) => entry.name);
  assert.deepEqual(names.filter((name) => /-(old|recent)$/.test(name)), ["app-recent"]);
});

/** The one entry of a folder whose name begins so. */
function nameIn(folder: string, prefix: string): string {
  return [...Deno.readDirSync(folder)].find(({ name }) => name.startsWith(prefix))!.name;
}

test("self-extracting: a first start that was killed leaves nothing in the way", async () => {
  const { folder, program } = await packed();
  const cache = `${folder}/killed`;
  const child = new Deno.Command(program, {
    args: ["args", "x"],
    env: { CHIMAERA_CACHE: cache },
    stdout: "null",
    stderr: "null",
  }).spawn();
  while (!exists(cache) || [...Deno.readDirSync(cache)].length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  child.kill("SIGKILL");
  await child.status;
  assert.deepEqual(await shown(["args", "x"], { cache }), ["x"]);
});

test("self-extracting: a damaged file says so and starts nothing", async () => {
  const { folder, program } = await packed();
  const whole = Deno.readFileSync(program);
  const flipped = (offset: number) => {
    const copy = whole.slice();
    copy[offset] = (copy[offset] ?? 0) ^ 1;
    return copy;
  };
  const damaged = {
    runtime: flipped(whole.length >> 1),
    app: flipped(whole.length - 100),
    "cut short": whole.slice(0, whole.length - 1000),
  };
  for (const [name, bytes] of Object.entries(damaged)) {
    const file = `${folder}/damaged`;
    Deno.writeFileSync(file, bytes, { mode: 0o755 });
    const cache = `${folder}/cache of damaged ${name}`;
    const result = await run(["args"], { program: file, cache });
    assert.equal(result.code, 1, name);
    assert.match(
      result.stderr,
      /^error\[CHI-1902\]: start chimaera: this file is damaged .*\nhint: build .*\n$/,
      name,
    );
    assert.ok(!listFiles(cache).some((path) => path.endsWith("main.js")), name);
  }
});

test("self-extracting: a stub that is cut short does nothing", async () => {
  const { folder, program } = await packed();
  const file = `${folder}/stump`;
  Deno.writeFileSync(file, Deno.readFileSync(program).slice(0, 3000), { mode: 0o755 });
  const result = await run(["args"], { program: file, cache: `${folder}/cache of a stump` });
  assert.notEqual(result.code, 0);
  assert.equal(result.stdout, "");
});

test("self-extracting: a cache that cannot be used is an error that names it", async () => {
  const result = await run(["args"], { cache: "/dev/null/cache" });
  assert.equal(result.code, 1);
  assert.match(
    result.stderr,
    /^error\[CHI-1903\]: unpack into \/dev\/null\/cache: it is no .*\nhint: set CHIMAERA_CACHE/,
  );
});

test("build: the same tree gives the same bytes, wherever it stands", async () => {
  const { folder, program } = await packed();
  const root = `${folder}/another place/tree`;
  writeStandIn(root);
  const output = `${folder}/chimaera again`;
  const dist = `${root}/dist`;
  await build({ root, dist, output, cache: CACHE, packaging: "self-extract" });
  assert.ok(Deno.readFileSync(output).every((byte, index, all) => byte === all[index]));
  assert.equal(await hashOf(output), await hashOf(program));
});

async function hashOf(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", Deno.readFileSync(path));
  return new Uint8Array(digest).toHex();
}

test("build: a kit with other code has another id", async () => {
  const { folder } = await packed();
  const root = `${folder}/changed/tree`;
  writeStandIn(root);
  const idOf = (dist: string): string =>
    JSON.parse(Deno.readTextFileSync(`${dist}/codegen/kit/kit.json`)).id;
  Deno.writeTextFileSync(`${root}/chimods/echo/echo_tasks.ts`, `export const greeting = "oho";\n`);
  const dist = `${root}/dist`;
  await build({
    root,
    dist,
    output: `${folder}/changed/chimaera`,
    cache: CACHE,
    packaging: "self-extract",
  });
  assert.notEqual(idOf(dist), idOf(`${folder}/tree/dist`));
});

test("build: where the base binary is missing it says so and packs the other way", async () => {
  const { folder } = await packed();
  const report = await build({
    root: `${folder}/tree`,
    dist: `${folder}/tree/dist`,
    output: `${folder}/fallback`,
    cache: CACHE,
    packaging: "auto",
    // No cache and a network that refuses: the base binary cannot be had.
    compileEnv: { DENO_DIR: `${folder}/empty deno dir`, HTTPS_PROXY: "http://127.0.0.1:9" },
  });
  assert.equal(report.packaging, "self-extracting");
  assert.match(report.why ?? "", /denort/);
});

test("build: deno compile embeds the whole bundle and nothing else", async () => {
  const { folder } = await packed();
  const root = `${folder}/tree`;
  // What a project has around its dist/ and an executable must not carry.
  Deno.mkdirSync(`${root}/node_modules/stowaway`, { recursive: true });
  Deno.writeTextFileSync(`${root}/node_modules/stowaway/index.js`, "export const s = 'stowaway';");
  Deno.writeTextFileSync(`${root}/package.json`, `{ "dependencies": { "stowaway": "1.0.0" } }`);
  const output = `${folder}/compiled`;
  const report = await build({
    root,
    dist: `${root}/dist`,
    output,
    cache: CACHE,
    packaging: "compile",
    compileEnv: { DENORT_BIN: "/bin/true" },
  });
  assert.equal(report.packaging, "compiled");
  assert.equal(report.why, undefined);
  const embedded = new TextDecoder("latin1").decode(Deno.readFileSync(output));
  for (const path of listFiles(`${root}/dist`)) {
    const text = Deno.readTextFileSync(`${root}/dist/${path}`);
    assert.ok(embedded.includes(text.trim()), `${path} is not embedded`);
  }
  assert.ok(embedded.includes("./sdk/mod.js"), "no import map");
  assert.ok(!embedded.includes("stowaway"), "node_modules is embedded");
});

test("build: deno compile failing for another reason is an error", async () => {
  const { folder } = await packed();
  const root = `${folder}/tree`;
  const base = `${folder}/not a program`;
  Deno.writeTextFileSync(base, "no program");
  const building = build({
    root,
    dist: `${root}/dist`,
    output: `${folder}/never`,
    cache: CACHE,
    packaging: "auto",
    compileEnv: { DENORT_BIN: base },
  });
  await assert.rejects(building, { name: "BuildError", message: /deno compile failed/ });
  assert.ok(!listFiles(folder).some((path) => path.startsWith("never")));
});

test("build: a tree without an entry point is an error that names it", async () => {
  const { folder } = await packed();
  const root = `${folder}/incomplete`;
  writeStandIn(root);
  Deno.removeSync(`${root}/sdk/node.ts`);
  const building = build({
    root,
    dist: `${root}/dist`,
    output: `${folder}/never`,
    cache: CACHE,
    packaging: "auto",
  });
  await assert.rejects(building, { name: "BuildError", message: /no sdk\/node\.ts in/ });
});
