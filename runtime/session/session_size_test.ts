import assert from "node:assert/strict";
import { portRingsBytes } from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import { type Allocator, DebugHeap, Heap, Segment, SegmentKind } from "../memory/mod.ts";
import { smallestSessionBytes } from "./mod.ts";

Deno.test("session size: the smallest has room for a port and more, whatever the workers are", () => {
  for (const workers of [1, 2, 51, 52, LIMITS.workersMax]) {
    for (const debug of [false, true]) {
      const sizeBytes = smallestSessionBytes(workers);
      const kind = SegmentKind.session;
      const segment = Segment.create({ id: 16, kind, sizeBytes, workers, private: true });
      const plain = new Heap(segment);
      const heap: Allocator = debug ? new DebugHeap(plain, segment, 1) : plain;
      heap.alloc(LIMITS.slotsPerPort * LIMITS.slotBytes);
      heap.alloc(LIMITS.slotsPerPort * LIMITS.errorRecordBytes);
      heap.alloc(portRingsBytes(workers));
      heap.alloc(1 << 20);
      segment.discard();
    }
  }
  assert.equal(smallestSessionBytes(2), LIMITS.sessionBytesMin);
});
