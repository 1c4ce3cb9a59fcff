/// <reference lib="deno.unstable" />

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import plugin from "./lint_plugin.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The ids of the rules that `source` breaks as the file of this project path. */
function broken(path: string, source: string): string[] {
  const found = Deno.lint.runPlugin(plugin, ROOT + path, source).map(({ id }) => id);
  return [...new Set(found)].map((id) => id.replace("house/", ""));
}

/** Checks cases of [path, source, rules broken]. */
function expect(cases: readonly (readonly [string, string, ...string[]])[]): void {
  for (const [path, source, ...rules] of cases) {
    assert.deepEqual(broken(path, source), rules, `${path}: ${source}`);
  }
}

Deno.test("house/seam: the engine takes nothing from the machine but by the platform", () => {
  const engine = "runtime/lane/worker.ts";
  const machine = [
    "Date.now();",
    "new Date();",
    "Math.random();",
    "performance.now();",
    "crypto.randomUUID();",
    "setTimeout(() => {}, 1);",
    "globalThis; new Worker(url);",
    "await fetch(url);",
    "Deno.openSync(path);",
    "Deno.env.get('X');",
    "await Deno.connect(to);",
    "const { dlopen } = Deno; Deno.dlopen(path, {});",
    "import { readFileSync } from 'node:fs';",
    "import { writeFile } from 'node:fs/promises';",
    "const os = await import('node:os');",
  ];
  for (const source of machine) expect([[engine, source, "seam"]]);
  expect([
    ["runtime/platform/clock.ts", "Date.now(); Deno.openSync(path);"],
    ["runtime/lane/worker_test.ts", "Date.now(); Deno.openSync(path);"],
    ["cli/serve.ts", "Date.now(); Deno.openSync(path);"],
    [engine, "new Date(0); Math.max(1, 2); Deno.build.os; Deno.errors.NotFound;"],
    [engine, "import { createHash } from 'node:crypto'; this.setTimeout(1); clock.now();"],
  ]);
});

Deno.test("house/atomics: one file names them", () => {
  expect([
    ["runtime/lane/worker.ts", "Atomics.load(words, 0);", "atomics"],
    ["sdk/mod.ts", "Atomics.wait(words, 0, 0);", "atomics"],
    ["chimods/admin/admin_runtime.ts", "const { load } = Atomics;", "atomics"],
    ["runtime/lane/worker.ts", "futexWake(address);", "atomics"],
    ["runtime/platform/libc.ts", "export function futexWake(address: number) {}"],
    ["runtime/platform/libc.ts", "Atomics.store(words, 0, 1);", "atomics"],
    ["runtime/platform/shared.ts", "Atomics.load(words, 0); futexWait(address);"],
    ["bench/peers/ring.ts", "Atomics.load(words, 0);"],
  ]);
});

Deno.test("house/no-back-door: a core module names no machine but the SDK's", () => {
  const codec = "chimods/compressor/codecs/zstd/libzstd.ts";
  const backDoors = [
    "Deno.dlopen(name, {});",
    "Deno.env.get('X');",
    "const address = Deno.UnsafePointer.value(pointer);",
    "let context: Deno.PointerValue = null;",
    "type Library = Deno.DynamicLibrary<Symbols>;",
    "const { dlopen } = Deno;",
    "Deno['dlopen'](name, {});",
  ];
  for (const source of backDoors) expect([[codec, source, "no-back-door"]]);
  expect([
    [codec, "Deno.build.os; throw new Deno.errors.NotFound();"],
    [codec, "import { openLibrary } from 'chimaera/platform';"],
    ["chimods/compressor/codecs/block_test.ts", "Deno.test('x', () => {});"],
    ["chimods/compressor/codecs/testing/programs.ts", "new Deno.Command('lz4');"],
    ["runtime/platform/native_library.ts", "Deno.dlopen(name, {});"],
  ]);
});

Deno.test("house/no-exit: the engine never ends the process", () => {
  expect([
    ["runtime/platform/threads.ts", "Deno.exit(1);", "no-exit"],
    ["runtime/platform/threads.ts", "Deno.exit = refuse;"],
    ["cli/serve.ts", "Deno.exit(1);"],
  ]);
});

Deno.test("house/layers: seen in every form of import", () => {
  const path = "runtime/memory/heap.ts";
  expect([
    [path, "import { Task } from '../task/mod.ts';", "layers"],
    [path, "import type { Task } from '../task/mod.ts';", "layers"],
    [path, "export { Task } from '../task/mod.ts';", "layers"],
    [path, "export * from '../task/mod.ts';", "layers"],
    [path, "await import('../task/mod.ts');", "layers"],
    [path, "await import(url); export const x = 1;"],
  ]);
});

Deno.test("house/no-enum, no-default-export, private-names, function-lines", () => {
  const long = `export function long() {\n${"  step();\n".repeat(70)}}`;
  expect([
    ["cli/serve.ts", "enum Colour { red }", "no-enum"],
    ["cli/serve.ts", "export default function serve() {}", "no-default-export"],
    ["cli/serve.ts", "class A { private x = 1; }", "private-names"],
    ["cli/serve.ts", "class A { private run() {} }", "private-names"],
    ["cli/serve.ts", "class A { #x = 1; protected y = 2; private constructor() {} }"],
    ["cli/serve.ts", long, "function-lines"],
    ["cli/serve_test.ts", long],
  ]);
});
