import assert from "node:assert/strict";
import { ERRORS } from "../../runtime/errors.ts";

const entries = Object.entries(ERRORS);

Deno.test("errors: every code is unique", () => {
  const byCode = Map.groupBy(entries, ([, { code }]) => code);
  const shared = [...byCode].filter(([, named]) => named.length > 1)
    .map(([code, named]) => `${code}: ${named.map(([name]) => name).join(", ")}`);
  assert.deepEqual(shared, []);
});

Deno.test("errors: the table is in the order of its groups", () => {
  const groups = entries.map(([, { code }]) => Math.floor(code / 1000));
  assert.deepEqual(groups, groups.toSorted((a, b) => a - b));
  assert.ok(groups.every((group) => group >= 1 && group <= 7));
});

Deno.test("errors: every hint is a sentence part that says what to do", () => {
  for (const [name, { hint }] of entries) {
    assert.match(hint, /^[a-z`A-Z]/, name);
    assert.doesNotMatch(hint, /\.$/, name);
  }
});
