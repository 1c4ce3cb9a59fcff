/** Every name that the SDK exports says what it is, and what it names is exported too. */

import assert from "node:assert/strict";
import { test } from "../permission.ts";
import { ROOT } from "./source_tree.ts";

const DOORS = ["sdk/mod.ts", "sdk/node.ts", "sdk/platform.ts", "sdk/test.ts"];

test("public names: each has a comment, and its signature names public types only", () => {
  const { success, stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", ...DOORS],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).outputSync();
  const decoder = new TextDecoder();
  assert.ok(success, decoder.decode(stdout) + decoder.decode(stderr));
});
