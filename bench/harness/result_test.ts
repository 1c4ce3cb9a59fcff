import assert from "node:assert/strict";
import { parseResult, resultOf, skippedResult } from "./result.ts";

const LINE = { name: "task.x", unit: "us", better: "lower", bar: "ratio<=2" } as const;

Deno.test("resultOf: the ratio is the median of the pairs' ratios", () => {
  // The ratio of the medians would be 3 / 2; the pairs say 2, 0.75 and 1.
  const samples = [[4, 2], [3, 4], [1, 1]] as const;
  const result = resultOf(LINE, { peer: "p", samples, checksum: 7 });
  assert.deepEqual(result, {
    bench: "task.x",
    ours: 3,
    unit: "us",
    peer: "p",
    peerValue: 2,
    ratio: 1,
    mad: 0.25,
    better: "lower",
    bar: "ratio<=2",
    ok: true,
    n: 3,
    samples: [[4, 2], [3, 4], [1, 1]],
    checksum: 7,
  });
});

Deno.test("resultOf: a line without a peer has no ratio, and its bar asks for ours", () => {
  const line = { ...LINE, bar: "ours<=400" };
  const samples = [[300, null], [500, null], [310, null]] as const;
  const result = resultOf(line, { peer: null, samples, checksum: 0 });
  assert.equal(result.ratio, null);
  assert.equal(result.peerValue, null);
  assert.equal(result.ours, 310);
  assert.equal(result.ok, true);
});

Deno.test("resultOf: the bar is held against exact figures, not the rounded ones", () => {
  const samples = [[2.0000001, 1]] as const;
  const result = resultOf(LINE, { peer: "p", samples, checksum: 0 });
  assert.equal(result.ratio, 2);
  assert.equal(result.ok, false);
});

Deno.test("skippedResult: shape of a line that cannot run", () => {
  assert.equal(
    JSON.stringify(skippedResult("a.b", "no cc", false)),
    '{"bench":"a.b","skipped":"no cc","ok":false}',
  );
  assert.equal(skippedResult("a.b", "died", true).failed, true);
});

Deno.test("parseResult: reads its own lines and nothing else", () => {
  const result = skippedResult("a.b", "no cc", false);
  assert.deepEqual(parseResult(JSON.stringify(result)), result);
  assert.equal(parseResult("listening on …"), undefined);
  assert.equal(parseResult('{"bench":"a.b","ou'), undefined);
});
