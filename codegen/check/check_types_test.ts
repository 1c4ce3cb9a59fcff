import assert from "node:assert/strict";
import { test } from "../../tests/permission.ts";
import { ScratchRepo } from "../testing/scratch_repo.ts";
import { checkTypesApart } from "./check_apart.ts";
import { checkTypes } from "./check_types.ts";
import { placeText } from "./problems.ts";

/** Each problem as `file:line:column code`. */
async function found(repo: ScratchRepo): Promise<string[]> {
  const problems = await checkTypes(repo.folder);
  return problems.map((problem) => `${placeText(problem)} ${problem.code}`);
}

test("type check: a fresh module has no problems", async () => {
  using repo = new ScratchRepo();
  assert.deepEqual(await checkTypes(repo.folder), []);
});

test("type check: what is wrong in a module and in its test is found, with its place", async () => {
  using repo = new ScratchRepo();
  const inModule = repo.breakType();
  repo.edit("echo/echo_test.ts", "new Client(started.session)", "new Client(started.sesion)");
  const inTest = repo.place("echo/echo_test.ts", "sesion");
  const problems = await checkTypes(repo.folder);
  assert.deepEqual(problems.map(({ code, message }) => `${code}: ${message}`), [
    "TS2345: Argument of type 'string' is not assignable to parameter of type 'number'.",
    "TS2551: Property 'sesion' does not exist on type 'TestNode'. Did you mean 'session'?",
  ]);
  assert.deepEqual(problems.map(placeText), [inModule, inTest]);
});

test("type check: a text that is no TypeScript is a problem with its place", async () => {
  using repo = new ScratchRepo();
  repo.write("echo/broken.ts", "export const two = ;\n");
  assert.deepEqual(await found(repo), ["echo/broken.ts:1:20 TS1109"]);
});

test("type check: names of modules lead to the repo's own files", async () => {
  using repo = new ScratchRepo();
  repo.write("user/chimaera_mod.yaml", "name: user\n");
  repo.write(
    "user/user_client.ts",
    `import { Client } from "example/echo_client";
import { Client as Admin } from "chimaera/admin_client";
import type { Missing } from "example/none_client";
import { helper } from "../echo/none.ts";
import "npm:left-pad";
export const echo: number = new Client();
export const admin: string = new Admin();
export type M = Missing;
helper();
`,
  );
  assert.deepEqual(await found(repo), [
    "user/user_client.ts:3:30 TS2307",
    "user/user_client.ts:4:24 TS2307",
    "user/user_client.ts:5:8 TS2882",
    "user/user_client.ts:6:14 TS2322",
    "user/user_client.ts:7:14 TS2322",
  ]);
});

test("type check: Deno, the web, node: modules and the language have their types", async () => {
  using repo = new ScratchRepo();
  repo.write("echo/table.json", `{ "rows": 3 }`);
  repo.write("echo/plain.js", `export const half = (value) => value / 2;\n`);
  repo.write(
    "echo/machine.ts",
    `import { gzipSync } from "node:zlib";
import { deflate } from "fflate";
import table from "./table.json" with { type: "json" };
import { half } from "./plain.js";
export const packed: number = gzipSync(new Uint8Array(1));
export const text: number = Deno.readTextFileSync("x");
export const host: number = new URL("x", import.meta.url).host;
export const hex: number = new Uint8Array(1).toHex();
export const timer: string = setTimeout(() => {}, 1);
export const rows: string = table.rows;
export const folder: number = import.meta.dirname;
export const any: number = half(deflate(1));
export const first: number = [1, 2][0];
export const page: number = await (await fetch("x")).text();
`,
  );
  const lines = [5, 6, 7, 8, 9, 10, 11, 13, 14];
  const places = (await checkTypes(repo.folder)).map(({ line, code }) => `${line} ${code}`);
  assert.deepEqual(places, lines.map((line) => `${line} TS2322`));
});

test("type check: deno.json of the repo says how strict it is", async () => {
  using repo = new ScratchRepo();
  repo.write("echo/loose.ts", "export const first: number = [1, 2][0];\n");
  assert.deepEqual(await found(repo), ["echo/loose.ts:1:14 TS2322"]);
  repo.edit("deno.json", `"noUncheckedIndexedAccess": true`, `"noUncheckedIndexedAccess": false`);
  assert.deepEqual(await found(repo), []);
  Deno.renameSync(`${repo.folder}/deno.json`, `${repo.folder}/deno.jsonc`);
  repo.edit("deno.jsonc", `"noUncheckedIndexedAccess": false`, `"noUncheckedIndexedAccess": true`);
  assert.deepEqual(await found(repo), ["echo/loose.ts:1:14 TS2322"]);
});

test("type check: a folder that is no repo is CHI-1301", async () => {
  await assert.rejects(checkTypes("/none"), { code: "CHI-1301" });
});

test("type check: in a process of its own it finds the same", async () => {
  using repo = new ScratchRepo();
  repo.breakType();
  const problems = await checkTypesApart(repo.folder);
  assert.deepEqual(problems, await checkTypes(repo.folder));
  assert.equal(problems.length, 1);
});

test("type check: a process that fails, or that is not waited for, is told", async () => {
  await assert.rejects(checkTypesApart("/none"), { code: "CHI-1307", message: /CHI-1301/ });
  using repo = new ScratchRepo();
  const checking = checkTypesApart(repo.folder, AbortSignal.timeout(1));
  await assert.rejects(checking, { name: "TimeoutError" });
});

test("type check: links that lead in a circle end nowhere", async () => {
  using repo = new ScratchRepo();
  Deno.symlinkSync(repo.folder, `${repo.folder}/echo/around`);
  assert.deepEqual(await checkTypes(repo.folder), []);
});
