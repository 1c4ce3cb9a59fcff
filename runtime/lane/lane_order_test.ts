/** Turns of lanes by seed: fair in every round, repeatable, and different from seed to seed. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Lane } from "./lane.ts";
import { LaneOrder, laneSeedOf } from "./lane_order.ts";

const SEED = fc.integer({ min: 0, max: 0xffffffff });

/** The numbers of some lanes in the orders of some rounds. */
function rounds(seed: number, worker: number, lanes: number, count: number): number[][] {
  const order = new LaneOrder(seed, worker);
  const ready = Array.from({ length: lanes }, (_, id) => ({ id }) as Lane);
  return Array.from({ length: count }, () => {
    order.shuffle(ready);
    return ready.map((lane) => lane.id);
  });
}

Deno.test("lane order: each round has every lane once, and a seed repeats", () => {
  fc.assert(fc.property(SEED, fc.nat(7), fc.integer({ min: 1, max: 12 }), (seed, worker, lanes) => {
    const all = Array.from({ length: lanes }, (_, id) => id);
    const orders = rounds(seed, worker, lanes, 6);
    for (const order of orders) assert.deepEqual(order.toSorted((a, b) => a - b), all);
    assert.deepEqual(rounds(seed, worker, lanes, 6), orders);
  }));
});

Deno.test("lane order: every lane is first some time, whatever the seed", () => {
  fc.assert(fc.property(SEED, (seed) => {
    const first = new Set(rounds(seed, 0, 4, 200).map((order) => order[0]));
    assert.equal(first.size, 4);
  }));
});

Deno.test("lane order: workers and seeds differ", () => {
  const orders = [rounds(1, 0, 8, 4), rounds(1, 1, 8, 4), rounds(2, 0, 8, 4)];
  assert.equal(new Set(orders.map((order) => JSON.stringify(order))).size, orders.length);
});

Deno.test("lane order: a seed is a whole number, or there is none", () => {
  assert.equal(laneSeedOf(undefined), null);
  assert.equal(laneSeedOf("0"), 0);
  assert.equal(laneSeedOf("4294967295"), 0xffffffff);
  for (const text of ["often", "1.5", "-1", "4294967296"]) {
    assert.throws(() => laneSeedOf(text), { code: "CHI-1001" }, text);
  }
});
