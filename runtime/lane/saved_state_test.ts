/** Parcels: what is packed is read, whatever it is; what a module must not save is refused. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { DebugHeap, Heap, Segment, SegmentKind } from "../memory/mod.ts";
import { type Task, TaskState } from "../task/mod.ts";
import { HeapBlock } from "./heap_block.ts";
import type { Lane } from "./lane.ts";
import { checkSaved, packParcel, readParcel, type SavedState } from "./saved_state.ts";
import { TaskQueue } from "./task_queue.ts";

const shape = { workers: 1, private: true, id: 1, kind: SegmentKind.node };
const node = Segment.create({ ...shape, sizeBytes: 16 << 20 });
const heap = new DebugHeap(new Heap(node), node, 0);

function blockOf(sizeBytes: number): HeapBlock {
  return new HeapBlock(node, heap, heap.alloc(sizeBytes), sizeBytes);
}

Deno.test("parcel: what is packed is read", () => {
  const blockWord = fc.integer({ min: 1, max: 2 ** 30 - 1 });
  const plain = { noNullPrototype: true };
  const task = fc.record({ block: blockWord, isGivenUp: fc.boolean() }, plain);
  const luggage = fc.record({
    v: fc.nat(),
    state: fc.uint8Array({ maxLength: 500 }),
    sizes: fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 5 }),
    low: fc.array(task, { maxLength: 40 }),
    high: fc.array(task, { maxLength: 40 }),
    periodics: fc.array(
      fc.record({
        block: blockWord,
        isQueued: fc.boolean(),
        isEnded: fc.boolean(),
        dueMs: fc.integer({ min: 0, max: 4_000_000 }),
        cover: fc.integer(),
      }, plain),
      { maxLength: 5 },
    ),
  });
  fc.assert(fc.property(luggage, ({ v, state, sizes, low, high, periodics }) => {
    const pointers = sizes.map(blockOf);
    const queueOf = (tasks: typeof low) => {
      const queue = new TaskQueue();
      for (const { block, isGivenUp } of tasks) {
        const state = isGivenUp ? TaskState.lapsed : TaskState.submitted;
        queue.push({ header: { block, state } } as Task);
      }
      return queue;
    };
    const lane = { low: queueOf(low), high: queueOf(high) } as Lane;
    const saved = { v, state: null, pointers };
    const parcel = packParcel(node, heap, lane, saved, state, periodics);
    const found = readParcel(node, parcel);
    assert.deepEqual(found, {
      v,
      state,
      blocks: pointers.map(({ pointer, size }) => ({ offset: pointer.offset, size })),
      tasks: [...low, ...high],
      periodics,
    });
    heap.free(parcel); // Its fences are whole.
    for (const block of pointers) block.free();
  }));
});

Deno.test("saved state: what a module must not save is refused", () => {
  const block = blockOf(10);
  const freed = blockOf(10);
  freed.free();
  const wrong = [
    null,
    7,
    { v: -1, state: 0, pointers: [] },
    { v: 1.5, state: 0, pointers: [] },
    { v: 0, state: 0 },
    { v: 0, state: 0, pointers: [{}] },
    { v: 0, state: 0, pointers: [block, block] },
    { v: 0, state: 0, pointers: [freed] },
  ];
  for (const saved of wrong) {
    assert.throws(() => checkSaved(saved as SavedState, "x"), { code: "CHI-4018" });
  }
  checkSaved({ v: 0, state: undefined, pointers: [block] }, "x");
  block.free();
});

Deno.test("heap block: one that is given away is not used and not freed here", () => {
  const block = blockOf(10);
  block.bytes.fill(1);
  block.give();
  assert.equal(block.isOwned, false);
  assert.throws(() => block.bytes, { code: "CHI-2004" });
  assert.throws(() => block.free(), { code: "CHI-2004" });
  block.takeBack();
  assert.equal(block.bytes[9], 1);
  block.free();
  assert.throws(() => block.free(), { code: "CHI-2003" });
});
