/** Neither priority waits for ever, nor is low latency hurt; queues that break that are found. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { LIMITS } from "../limits.ts";
import type { Task } from "../task/mod.ts";
import { LaneQueue } from "./lane_queue.ts";

const QUOTA = LIMITS.highLatencyQuota;

interface Waiting {
  readonly number: number;
  readonly isHigh: boolean;
  /** Tasks of the other priority that went since it was the first of its own. */
  passedBy: number;
}

/** What is sent, and how many run, step by step. */
const STEPS = fc.array(
  fc.record({
    low: fc.integer({ min: 0, max: 50 }),
    high: fc.integer({ min: 0, max: 50 }),
    run: fc.integer({ min: 0, max: 80 }),
  }),
  { maxLength: 40 },
);

/** Runs a queue through the steps, and to its end; fails where it breaks what it promises. */
function runThrough(
  queue: LaneQueue,
  steps: readonly { low: number; high: number; run: number }[],
) {
  const waiting = { low: [] as Waiting[], high: [] as Waiting[] };
  let number = 0;
  const send = (isHigh: boolean) => {
    const task: Waiting = { number: number++, isHigh, passedBy: 0 };
    (isHigh ? queue.high : queue.low).push(task as unknown as Task);
    (isHigh ? waiting.high : waiting.low).push(task);
  };
  const runOne = () => {
    const task = queue.next() as unknown as Waiting;
    const [own, other] = task.isHigh ? [waiting.high, waiting.low] : [waiting.low, waiting.high];
    assert.equal(task, own.shift(), "each priority goes in its order");
    const first = other[0];
    if (first === undefined) return;
    first.passedBy++;
    const most = first.isHigh ? QUOTA : 1;
    assert.ok(first.passedBy <= most, `${first.isHigh ? "high" : "low"} starves`);
  };
  for (const { low, high, run } of steps) {
    for (let k = 0; k < low; k++) send(false);
    for (let k = 0; k < high; k++) send(true);
    for (let k = 0; k < run && queue.waiting > 0; k++) runOne();
  }
  while (queue.waiting > 0) runOne();
  assert.equal(queue.next(), null);
  assert.equal(waiting.low.length + waiting.high.length, 0, "all have run");
}

Deno.test("lane queue: high never starves, and low waits for one high at most", () => {
  fc.assert(fc.property(STEPS, (steps) => runThrough(new LaneQueue(), steps)));
});

for (
  const [what, quota, finding] of [
    ["has no quota", Infinity, /high starves/],
    ["lets high-latency tasks go first", 0, /low starves/],
  ] as const
) {
  Deno.test(`lane queue: one that ${what} is found`, () => {
    const found = fc.check(fc.property(STEPS, (steps) => runThrough(new LaneQueue(quota), steps)));
    assert.ok(found.failed);
    assert.match(String(found.errorInstance), finding);
  });
}
