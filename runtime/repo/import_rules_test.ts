/** What a module may import, and how a refusal says what to do. */

import assert from "node:assert/strict";
import { importProblem, MODULE_PACKAGES, namedModule } from "./import_rules.ts";

const problemOf = (specifier: string, path = "cache_runtime.ts") =>
  importProblem(path, specifier, "example");

Deno.test("import rules: the SDK, own files, modules by name, node:, embedded packages", () => {
  const allowed = [
    "chimaera",
    "chimaera/node",
    "chimaera/platform",
    "chimaera/test",
    "chimaera/admin_client",
    "example/compressor_client",
    "example/small_cache_tasks",
    "./cache_tasks.ts",
    "./codecs/lz4.js",
    "./table.json",
    "./codec.wasm",
    "node:fs",
    ...MODULE_PACKAGES,
    "fflate/node",
  ];
  for (const specifier of allowed) assert.equal(problemOf(specifier), null, specifier);
  assert.equal(problemOf("../cache_tasks.ts", "codecs/lz4.ts"), null);
  assert.equal(problemOf("./../cache_tasks.ts", "codecs/lz4.ts"), null);
});

Deno.test("import rules: everything else is refused, with the reason", () => {
  const refusals: readonly (readonly [string, string, RegExp])[] = [
    ["../other/other_tasks.ts", "cache_runtime.ts", /leads out of the module's folder$/],
    ["../../cache_tasks.ts", "codecs/lz4.ts", /leads out of the module's folder$/],
    ["./../../x.ts", "codecs/lz4.ts", /leads out of the module's folder$/],
    ["./a/../../x.ts", "cache_runtime.ts", /no plain path: only its beginning may lead upwards$/],
    ["./a/../x.ts", "cache_runtime.ts", /no plain path/],
    ["./%2e%2e/x.ts", "cache_runtime.ts", /no plain path/],
    ["./..\\..\\x.ts", "cache_runtime.ts", /no plain path/],
    ["./a//x.ts", "cache_runtime.ts", /no plain path/],
    ["./a.ts?b=.ts", "cache_runtime.ts", /no plain path/],
    ["./cache_tasks", "cache_runtime.ts", /does not end in \.ts, \.js, \.json or \.wasm$/],
    ["./notes.md", "cache_runtime.ts", /does not end in/],
    ["chimaera/runtime", "cache_runtime.ts", /is none of: chimaera and its sub-paths/],
    ["other/cache_client", "cache_runtime.ts", /a module of another repo; only those of example/],
    ["example/cache_runtime", "cache_runtime.ts", /is none of/],
    ["left-pad", "cache_runtime.ts", /is none of/],
    ["npm:left-pad", "cache_runtime.ts", /is none of/],
    ["jsr:@std/path", "cache_runtime.ts", /is none of/],
    ["https://example.org/x.ts", "cache_runtime.ts", /is none of/],
    ["file:///etc/passwd.json", "cache_runtime.ts", /is none of/],
    ["/etc/passwd.json", "cache_runtime.ts", /is none of/],
    ["data:text/javascript,0", "cache_runtime.ts", /is none of/],
    ["fflatest", "cache_runtime.ts", /is none of/],
    ["npm:fflate", "cache_runtime.ts", /^write "fflate" without npm:$/],
    ["npm:fflate@0.8.2", "cache_runtime.ts", /^write "fflate" without npm:$/],
    ["npm:/fflate@^0.8.2/node", "cache_runtime.ts", /^write "fflate\/node" without npm:$/],
  ];
  for (const [specifier, path, why] of refusals) {
    const problem = problemOf(specifier, path);
    assert.ok(problem !== null, `${specifier} is allowed in ${path}`);
    assert.match(problem, why, specifier);
  }
});

Deno.test("import rules: a module's name is taken apart", () => {
  assert.deepEqual(namedModule("example/small_cache_client"), {
    namespace: "example",
    module: "small_cache",
    file: "small_cache_client",
  });
  for (
    const other of ["chimaera", "chimaera/node", "example/cache", "a/b/c_client", "./a_client"]
  ) {
    assert.equal(namedModule(other), null, other);
  }
});
