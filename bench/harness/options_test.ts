import assert from "node:assert/strict";
import { parseOptions } from "./options.ts";

Deno.test("parseOptions: names and flags in any order", () => {
  assert.deepEqual(parseOptions(["task", "--quick", "idle.cpu", "--json"]), {
    prefixes: ["task", "idle.cpu"],
    quick: true,
    json: true,
    list: false,
    strict: false,
    help: false,
  });
});

Deno.test("parseOptions: an unknown flag is named", () => {
  assert.throws(() => parseOptions(["--fast"]), /--fast/);
});
