import assert from "node:assert/strict";
import { test } from "../../tests/permission.ts";
import { assetUrl, entryUrl, packaging, PROGRAM_ROOT, selfCommand, VERSION } from "./packaging.ts";

// The packed forms are tested by tools/build_test.ts, on programs that it packs.

Deno.test("packaging: a checkout is run from source", () => {
  assert.equal(packaging(), "source");
});

test("packaging: paths lead to the project's files", () => {
  const here = new URL("runtime/platform/packaging_test.ts", PROGRAM_ROOT);
  assert.equal(here.href, import.meta.url);
  assert.ok(entryUrl("main").endsWith("/main.ts"));
  const config = JSON.parse(Deno.readTextFileSync(assetUrl("deno.json")));
  assert.equal(VERSION, config.version);
});

test("selfCommand: starts main.ts with this runtime", () => {
  const [program, ...args] = selfCommand();
  assert.equal(program, Deno.execPath());
  assert.equal(args[0], "run");
  assert.ok(args.at(-1)?.endsWith("/main.ts"));
});
