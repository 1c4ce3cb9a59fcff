import assert from "node:assert/strict";
import { newSegment, throwsError } from "../../tests/torture/memory_harness.ts";
import { DebugHeap, Heap, type Offset, PAGE_BYTES } from "./mod.ts";

const MIB = 1 << 20;
const OWNER = 42;

function debugHeap(sizeBytes = 8 * MIB) {
  const segment = newSegment(sizeBytes, { private: true });
  return { segment, heap: new DebugHeap(new Heap(segment), segment, OWNER) };
}

Deno.test("debug heap: blocks are aligned and of the size that was asked for", () => {
  const { heap } = debugHeap();
  for (const size of [0, 1, 64, 100, 2048, 4095, 4096, 10_000]) {
    const block = heap.alloc(size);
    assert.equal(block % (size >= PAGE_BYTES ? PAGE_BYTES : 64), 0, `${size}`);
    assert.equal(heap.sizeOf(block), size);
    heap.check(block);
  }
});

for (const size of [1, 100, 4096, 100_000]) {
  Deno.test(`debug heap: a block of ${size} bytes that is freed twice is an error`, () => {
    const { heap } = debugHeap();
    const block = heap.alloc(size);
    heap.free(block);
    const error = throwsError("doubleFree", () => heap.free(block));
    assert.equal(error.code, "CHI-2003");
    assert.match(error.why, /allocation 1 of owner 42/);
  });

  Deno.test(`debug heap: use of a block of ${size} bytes after it was freed is an error`, () => {
    const { segment, heap } = debugHeap();
    const block = heap.alloc(size);
    segment.u8.fill(7, block, block + size);
    heap.free(block);
    throwsError("useAfterFree", () => heap.check(block));
    throwsError("useAfterFree", () => heap.sizeOf(block));
    segment.u8[block + size - 1] = 1;
    const error = throwsError("useAfterFree", () => heap.flush());
    assert.equal(error.code, "CHI-2004");
    assert.match(error.what, new RegExp(`${block}`));
  });

  Deno.test(`debug heap: writes around a block of ${size} bytes are errors`, () => {
    const before = debugHeap();
    const first = before.heap.alloc(size);
    before.segment.u8[first - 1] = 0;
    const error = throwsError("redZone", () => before.heap.free(first));
    assert.equal(error.code, "CHI-2005");
    assert.match(error.why, /before/);

    for (const distance of [0, 1, 63]) {
      const after = debugHeap();
      const second = after.heap.alloc(size);
      after.segment.u8[second + size + distance] = 0;
      assert.match(throwsError("redZone", () => after.heap.free(second)).why, /after/);
    }
  });
}

Deno.test("debug heap: freed memory is poisoned, and is not handed out at once", () => {
  const { segment, heap } = debugHeap();
  const block = heap.alloc(300);
  segment.u8.fill(1, block, block + 300);
  heap.free(block);
  assert.ok(segment.u8.subarray(block, block + 300).every((byte) => byte === 0xdd));
  const next = Array.from({ length: 20 }, () => heap.alloc(300));
  assert.ok(!next.includes(block));
});

Deno.test("debug heap: a write after the free is found when the block leaves the queue", () => {
  const { segment, heap } = debugHeap();
  const block = heap.alloc(200);
  heap.free(block);
  segment.u8[block + 5] = 1;
  throwsError("useAfterFree", () => {
    for (let k = 0; k < 200; k++) heap.free(heap.alloc(200));
  });
});

Deno.test("debug heap: one damaged block does not keep others from coming back", () => {
  const { segment, heap } = debugHeap();
  const blocks = Array.from({ length: 10 }, () => heap.alloc(5000));
  for (const block of blocks) heap.free(block);
  segment.u8[blocks[0]! + 1] = 1; // A write to the block.
  segment.u8[blocks[5]! - 60] = 1; // A write to its tag.
  throwsError("useAfterFree", () => heap.flush());
  const { usedBlocks, usedBytes } = heap.stats();
  assert.deepEqual({ usedBlocks, usedBytes }, { usedBlocks: 0, usedBytes: 0 });
});

Deno.test("debug heap: no offset but a block's own is taken for one", () => {
  const { segment, heap } = debugHeap();
  const block = heap.alloc(256);
  segment.u8.fill(0xfd, block, block + 256); // As the fences are filled.
  for (let k = -256; k < 400; k++) {
    if (k !== 0) throwsError("badPointer", () => heap.free((block + k) as Offset));
  }
  for (const offset of [0, 1, -64, NaN, segment.sizeBytes, segment.sizeBytes + 64, 2 ** 40]) {
    throwsError("badPointer", () => heap.free(offset as Offset));
  }
  heap.free(block);
});

Deno.test("debug heap: a block may be freed by another isolate than allocated it", () => {
  const { segment, heap } = debugHeap();
  const other = new DebugHeap(new Heap(segment), segment, 2);
  const block = heap.alloc(500);
  other.free(block);
  const error = throwsError("doubleFree", () => heap.free(block));
  assert.match(error.why, /owner 42/);
  other.flush();
  heap.flush();
  assert.equal(heap.stats().usedBytes, 0);
});

Deno.test("debug heap: the queue never is why memory is exhausted", () => {
  const { heap } = debugHeap(16 * MIB);
  for (let k = 0; k < 100; k++) heap.free(heap.alloc(4 * MIB));
  const blocks = [heap.alloc(MIB), heap.alloc(MIB), heap.alloc(MIB)];
  for (const block of blocks) heap.free(block);
  heap.free(heap.alloc(6 * MIB));
  heap.flush();
  const { usedBlocks, usedBytes } = heap.stats();
  assert.deepEqual({ usedBlocks, usedBytes }, { usedBlocks: 0, usedBytes: 0 });
});

Deno.test("debug heap: what is no size is refused, and too much is out of memory", () => {
  const { heap } = debugHeap();
  for (const size of [-1, -100, NaN, 1.5, Infinity]) throwsError("badSize", () => heap.alloc(size));
  throwsError("outOfMemory", () => heap.alloc(64 * MIB));
  throwsError("outOfMemory", () => heap.alloc(0xffffffff));
});
