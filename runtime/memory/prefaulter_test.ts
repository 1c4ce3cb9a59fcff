import assert from "node:assert/strict";
import { LIMITS } from "../limits.ts";
import type { Allocator } from "./heap.ts";
import { HEAP_OFFSET } from "./layout.ts";
import { Prefaulter } from "./prefaulter.ts";
import type { Segment } from "./segment.ts";

const MIB = 1 << 20;

/** A prefaulter of a segment that notes what is asked of it, and a heap that has come so far. */
function prefaulterOf(sizeBytes: number) {
  const asked: [number, number][] = [];
  const heap = { highWaterBytes: 0 };
  const segment = {
    sizeBytes,
    prefault(offset: number, bytes: number) {
      asked.push([offset - HEAP_OFFSET, bytes]);
      return Promise.resolve();
    },
  };
  const stats = { stats: () => heap };
  const prefaulter = new Prefaulter(
    segment as unknown as Segment,
    stats as unknown as Allocator,
  );
  return { prefaulter, asked, heap };
}

Deno.test("prefaulter: begins with a part of a small segment, and 32 MiB of a large one", () => {
  for (const [sizeBytes, first] of [[64, 8], [128, 16], [256, 32], [4095, 32]] as const) {
    const { prefaulter, asked } = prefaulterOf(sizeBytes * MIB);
    prefaulter.start();
    assert.deepEqual(asked, [[0, first * MIB]]);
  }
});

Deno.test("prefaulter: stays a step ahead of the heap, one step at a time", async () => {
  const { prefaulter, asked, heap } = prefaulterOf(64 * MIB);
  prefaulter.start();
  prefaulter.advance(); // It is at work.
  assert.equal(asked.length, 1);
  await prefaulter.idle;
  heap.highWaterBytes = 7 * MIB;
  prefaulter.advance();
  await prefaulter.idle;
  prefaulter.advance();
  assert.deepEqual(asked, [[0, 8 * MIB], [8 * MIB, LIMITS.prefaultStepBytes]]);
});
