/** Links between workers: nothing is lost or reordered, however full a ring gets. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { LIMITS } from "../limits.ts";
import { Heap, Segment, SegmentKind } from "../memory/mod.ts";
import { LinkKind, Links, linksBytes } from "./links.ts";

/** Two participants on private memory. */
function pair(): [Links, Links] {
  const shape = { workers: 2, private: true };
  const node = Segment.create({ ...shape, id: 1, kind: SegmentKind.node, sizeBytes: 8 << 20 });
  const bells = Segment.create({ ...shape, id: 2, kind: SegmentKind.bell, sizeBytes: 1 << 20 });
  const offset = new Heap(node).alloc(linksBytes(2));
  return [
    new Links(node, bells.words, 0, 2, offset),
    new Links(node, bells.words, 1, 2, offset),
  ];
}

Deno.test("links: entries arrive once and in order, through full rings too", () => {
  const step = fc.record({
    push: fc.integer({ min: 0, max: 1500 }),
    flush: fc.boolean(),
    polls: fc.integer({ min: 0, max: 6 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const [from, to] = pair();
      let sent = 0;
      let seen = 0;
      const take = (sender: number, kind: number, a: number, b: number, c: number) => {
        assert.deepEqual([sender, kind, a, b, c], [0, LinkKind.done, seen, seen * 2, -seen | 0]);
        seen++;
      };
      for (const { push, flush, polls } of steps) {
        for (let k = 0; k < push; k++, sent++) from.push(1, LinkKind.done, sent, sent * 2, -sent);
        if (flush) from.flush();
        for (let k = 0; k < polls; k++) to.poll(take);
      }
      for (let k = 0; seen < sent; k++) {
        assert.ok(k < 10_000, "the rest never comes");
        from.flush();
        to.poll(take);
      }
      assert.equal(from.blocked, false);
      assert.equal(to.pending, false);
    }),
    { numRuns: 40 },
  );
});

Deno.test("links: new tasks are bounded, answers are not", () => {
  const [from, to] = pair();
  let offered = 0;
  while (from.offer(1, LinkKind.lane, offered, 0, 0)) offered++;
  assert.equal(offered, LIMITS.workerRingSlots + LIMITS.workerOverflowMax);
  for (let k = 0; k < 1000; k++) from.push(1, LinkKind.done, k, 0, 0);
  assert.equal(from.blocked, true);
  let seen = 0;
  while (seen < offered + 1000) {
    from.flush();
    to.poll(() => seen++);
  }
  assert.equal(from.offer(1, LinkKind.lane, 0, 0, 0), true);
});
