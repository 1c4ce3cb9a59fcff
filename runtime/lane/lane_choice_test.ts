import assert from "node:assert/strict";
import fc from "fast-check";
import type { Lane } from "./lane.ts";
import { LaneChoice } from "./lane_choice.ts";

interface FakeLane {
  load: number;
  done: number;
}

function lanesOf(count: number): FakeLane[] {
  return Array.from({ length: count }, () => ({ load: 0, done: 0 }));
}

const asLanes = (lanes: FakeLane[]) => lanes as unknown as Lane[];

Deno.test("lane choice: a burst is dealt out evenly though no lane counts it yet", () => {
  const lanes = lanesOf(3);
  const choice = new LaneChoice();
  const chosen = Array.from({ length: 9 }, () => lanes.indexOf(choice.next(asLanes(lanes))));
  assert.deepEqual(chosen, [0, 1, 2, 0, 1, 2, 0, 1, 2]);
});

Deno.test("lane choice: a lane that is slow gets less", () => {
  const lanes = lanesOf(2);
  const choice = new LaneChoice();
  const given = [0, 0];
  for (let k = 0; k < 100; k++) {
    given[lanes.indexOf(choice.next(asLanes(lanes)))]!++;
    if (given[1]! > lanes[1]!.done) lanes[1]!.done++;
  }
  assert.ok(given[0]! <= 2, `the slow lane got ${given[0]}`);
});

Deno.test("lane choice: loads made by others count", () => {
  const lanes = lanesOf(3);
  lanes[0]!.load = 5;
  lanes[2]!.load = 5;
  const choice = new LaneChoice();
  for (let k = 0; k < 5; k++) assert.equal(choice.next(asLanes(lanes)), lanes[1]);
});

Deno.test("lane choice: whatever the counters say, a lane is chosen", () => {
  const counters = fc.array(fc.record({ load: fc.integer(), done: fc.integer() }), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(fc.property(fc.array(counters, { maxLength: 30 }), (steps) => {
    const choice = new LaneChoice();
    for (const lanes of steps) assert.ok(lanes.includes(choice.next(asLanes(lanes))));
  }));
});
