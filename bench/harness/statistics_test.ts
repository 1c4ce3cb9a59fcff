import assert from "node:assert/strict";
import fc from "fast-check";
import { median, medianAbsoluteDeviation, quantile } from "./statistics.ts";

Deno.test("median: the middle value, or halfway between the two middle ones", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(median([7]), 7);
});

Deno.test("quantile: ends are the least and the greatest value", () => {
  assert.equal(quantile([5, 1, 9], 0), 1);
  assert.equal(quantile([5, 1, 9], 1), 9);
  assert.equal(quantile([0, 10], 0.25), 2.5);
});

Deno.test("quantile: no values is an error and not NaN", () => {
  assert.throws(() => quantile([], 0.5), RangeError);
});

Deno.test("medianAbsoluteDeviation: one wild sample does not move it", () => {
  assert.equal(medianAbsoluteDeviation([1, 1, 1, 1, 1000]), 0);
  assert.equal(medianAbsoluteDeviation([1, 2, 3, 4, 5]), 1);
});

Deno.test("median: at least half of the values lie on each side", () => {
  const values = fc.array(
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
    {
      minLength: 1,
      maxLength: 50,
    },
  );
  fc.assert(fc.property(values, (list) => {
    const middle = median(list);
    const half = list.length / 2;
    assert.ok(list.filter((value) => value <= middle).length >= half);
    assert.ok(list.filter((value) => value >= middle).length >= half);
  }));
});
