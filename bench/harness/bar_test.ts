import assert from "node:assert/strict";
import { meetsBar, parseBar } from "./bar.ts";

Deno.test("parseBar: reads subject, comparison and limit of each part", () => {
  assert.deepEqual(parseBar("ratio<=1.5"), [{ subject: "ratio", comparison: "<=", limit: 1.5 }]);
  assert.deepEqual(parseBar("ratio >= 0.3 && ours>=2e6"), [
    { subject: "ratio", comparison: ">=", limit: 0.3 },
    { subject: "ours", comparison: ">=", limit: 2_000_000 },
  ]);
});

Deno.test("parseBar: a malformed bar names itself", () => {
  for (const text of ["", "ratio", "ratio=1", "speed>=1", "ratio<=1.5 &&", "ratio<=x"]) {
    assert.throws(() => parseBar(text), TypeError, text);
  }
});

Deno.test("meetsBar: every condition counts, limits included or not as written", () => {
  assert.equal(meetsBar("ratio<=1.5", { ours: 1, ratio: 1.5 }), true);
  assert.equal(meetsBar("ratio<1.5", { ours: 1, ratio: 1.5 }), false);
  assert.equal(meetsBar("ratio>=0.3 && ours>=2e6", { ours: 2e6, ratio: 0.3 }), true);
  assert.equal(meetsBar("ratio>=0.3 && ours>=2e6", { ours: 1.9e6, ratio: 0.9 }), false);
  assert.equal(meetsBar("ratio>=0.3 && ours>=2e6", { ours: 9e6, ratio: 0.2 }), false);
});

Deno.test("meetsBar: a ratio without a peer, or not a number, is never met", () => {
  assert.equal(meetsBar("ratio<=1.5", { ours: 1, ratio: null }), false);
  assert.equal(meetsBar("ratio<=1.5", { ours: 1, ratio: NaN }), false);
});
