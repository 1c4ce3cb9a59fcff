/** What an isolate of the executable loads at its start: little, because each worker is one. */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { test } from "../permission.ts";
import { BuiltProgram } from "./built_program.ts";

const IMPORT = /^(?:import|export)\s(?:[^"';]*?\sfrom\s)?"([^"]+)";$|^import "([^"]+)";$/gm;

/** What a file of the bundle leads to by static imports: texts by path, and packages. */
function closureOf(dist: string, entry: string) {
  const texts = new Map<string, string>();
  const packages = new Set<string>();
  const visit = (path: string): void => {
    if (texts.has(path)) return;
    const text = Deno.readTextFileSync(`${dist}/${path}`);
    texts.set(path, text);
    for (const [, from, bare] of text.matchAll(IMPORT)) {
      const specifier = from ?? bare!;
      if (specifier.startsWith(".")) visit(join(dirname(path), specifier));
      else packages.add(specifier);
    }
  };
  visit(entry);
  return { text: [...texts.values()].join("\n"), packages: [...packages] };
}

test("bundle: a worker loads one part of Node's, and nothing of the thread that assembles a node", async () => {
  const { dist } = await BuiltProgram.get();
  const { text, packages } = closureOf(dist, "runtime/module/worker_main.js");
  // A second one, node:process above all, would be a fifth of a worker's start.
  assert.deepEqual(packages, ["node:async_hooks"]);
  assert.match(text, /^\/\/ runtime\/lane\/worker\.ts$/m);
  assert.doesNotMatch(text, /^\/\/ runtime\/(node|session\/\w+|module\/worker_crew)\.ts$/m);
});

test("bundle: a module that imports the SDK gets nothing that carries sessions", async () => {
  const { dist } = await BuiltProgram.get();
  const { text, packages } = closureOf(dist, "sdk/mod.js");
  assert.deepEqual(packages, ["node:async_hooks"]);
  assert.match(text, /^\/\/ sdk\/connect\.ts$/m);
  assert.doesNotMatch(text, /^\/\/ runtime\/(node|session\/\w+|module\/worker_crew)\.ts$/m);
});
