import assert from "node:assert/strict";
import fc from "fast-check";
import { newSegment, throwsError } from "../../tests/torture/memory_harness.ts";
import { Heap, HEAP_OFFSET, type Offset, PAGE_BYTES, Segment } from "./mod.ts";

const MIB = 1 << 20;

/** Private memory: the heap is the same, and bare `deno test` can run this. */
function heapOf(sizeBytes: number): { segment: Segment; heap: Heap } {
  const segment = newSegment(sizeBytes, { private: true });
  return { segment, heap: new Heap(segment) };
}

/** Allocates until there is no room. */
function fill(heap: Heap, sizeBytes: number): Offset[] {
  const blocks: Offset[] = [];
  try {
    while (true) blocks.push(heap.alloc(sizeBytes));
  } catch (error) {
    throwsError("outOfMemory", () => {
      throw error;
    });
  }
  return blocks;
}

function assertEmpty(heap: Heap): void {
  heap.flush();
  const { usedBlocks, usedBytes } = heap.stats();
  assert.deepEqual({ usedBlocks, usedBytes }, { usedBlocks: 0, usedBytes: 0 });
}

const SIZES = [1, 63, 64, 65, 128, 129, 1000, 2048, 2049, 4095, 4096, 4097, 8192, 60_000, 200_000];

Deno.test("heap: blocks are aligned, large enough, and inside the heap", () => {
  const { segment, heap } = heapOf(8 * MIB);
  for (const size of [0, ...SIZES]) {
    const block = heap.alloc(size);
    assert.equal(block % (size >= PAGE_BYTES ? PAGE_BYTES : 64), 0, `${size} at ${block}`);
    assert.ok(heap.sizeOf(block) >= size);
    assert.ok(block > HEAP_OFFSET && block + heap.sizeOf(block) <= segment.sizeBytes);
  }
});

/** A block that the model knows: where it is, and the byte it was filled with. */
interface Known {
  readonly offset: Offset;
  readonly sizeBytes: number;
  readonly mark: number;
}

class Model {
  readonly #segment: Segment;
  readonly blocks: Known[] = [];
  #mark = 0;

  constructor(segment: Segment) {
    this.#segment = segment;
  }

  add(offset: Offset, sizeBytes: number): void {
    for (const other of this.blocks) {
      const apart = offset + sizeBytes <= other.offset || other.offset + other.sizeBytes <= offset;
      assert.ok(apart, `${offset}+${sizeBytes} overlaps ${other.offset}+${other.sizeBytes}`);
    }
    const mark = this.#mark = this.#mark % 255 + 1;
    this.#segment.u8.fill(mark, offset, offset + sizeBytes);
    this.blocks.push({ offset, sizeBytes, mark });
  }

  remove(index: number): Offset {
    const [block] = this.blocks.splice(index % this.blocks.length, 1);
    const { offset, sizeBytes, mark } = block!;
    const bytes = this.#segment.u8.subarray(offset, offset + sizeBytes);
    assert.ok(bytes.every((byte) => byte === mark), `block at ${offset} was overwritten`);
    return offset;
  }
}

type Action =
  | { kind: "alloc"; isolate: number; sizeBytes: number }
  | { kind: "free"; isolate: number; index: number }
  | { kind: "flush"; isolate: number }
  | { kind: "burst"; isolate: number; sizeBytes: number };

function act(action: Action, heap: Heap, model: Model): void {
  switch (action.kind) {
    case "alloc": {
      let offset: Offset;
      try {
        offset = heap.alloc(action.sizeBytes);
      } catch (error) {
        throwsError("outOfMemory", () => {
          throw error;
        });
        return;
      }
      assert.ok(heap.sizeOf(offset) >= action.sizeBytes);
      model.add(offset, heap.sizeOf(offset));
      return;
    }
    case "free":
      if (model.blocks.length > 0) heap.free(model.remove(action.index));
      return;
    case "flush":
      heap.flush();
      return;
    case "burst": { // More blocks than a cache holds, and back.
      const blocks: Offset[] = [];
      try {
        while (blocks.length < 300) blocks.push(heap.alloc(action.sizeBytes));
      } catch (error) {
        throwsError("outOfMemory", () => {
          throw error;
        });
      }
      assert.equal(new Set(blocks).size, blocks.length);
      for (const block of blocks) heap.free(block);
    }
  }
}

Deno.test("heap: any use by several isolates agrees with a model, and comes back whole", () => {
  const isolate = fc.nat(2);
  const action: fc.Arbitrary<Action> = fc.oneof(
    {
      arbitrary: fc.record({
        kind: fc.constant("alloc" as const),
        isolate,
        sizeBytes: fc.oneof(
          fc.constantFrom(...SIZES),
          fc.nat(5000),
        ),
      }),
      weight: 6,
    },
    {
      arbitrary: fc.record({ kind: fc.constant("free" as const), isolate, index: fc.nat() }),
      weight: 4,
    },
    { arbitrary: fc.record({ kind: fc.constant("flush" as const), isolate }), weight: 1 },
    {
      arbitrary: fc.record({
        kind: fc.constant("burst" as const),
        isolate,
        sizeBytes: fc.constantFrom(64, 100, 2048),
      }),
      weight: 1,
    },
  );
  fc.assert(
    fc.property(fc.array(action, { minLength: 20, maxLength: 120 }), (actions) => {
      const segment = newSegment(2 * MIB, { private: true });
      const heaps = [0, 1, 2].map(() => new Heap(segment));
      const model = new Model(segment);
      const whole = segment.sizeBytes - HEAP_OFFSET - 16 * PAGE_BYTES;
      for (const action of actions) {
        act(action, heaps[action.isolate]!, model);
      }
      while (model.blocks.length > 0) heaps[0]!.free(model.remove(0));
      for (const heap of heaps) heap.flush();
      assertEmpty(heaps[1]!);
      assert.equal(heaps[0]!.stats().sizeBytes, whole);
      assert.equal(fill(heaps[2]!, PAGE_BYTES).length, whole / PAGE_BYTES);
    }),
    { numRuns: 60 },
  );
});

for (const size of [64, 2048, 4096, 65536, MIB]) {
  Deno.test(`heap: full of blocks of ${size} bytes it says so, and recovers all of them`, () => {
    const { heap } = heapOf(6 * MIB);
    const first = fill(heap, size);
    assert.ok(first.length * size > heap.stats().sizeBytes * 0.6);
    assert.equal(heap.stats().usedBlocks, first.length);
    for (const block of first) heap.free(block);
    const second = fill(heap, size);
    assert.equal(second.length, first.length);
    for (const block of second.reverse()) heap.free(block);
    assertEmpty(heap);
  });
}

Deno.test("heap: memory that was small blocks can be large ones again, and the other way", () => {
  const { heap } = heapOf(4 * MIB);
  const large = fill(heap, 256 * 1024).length;
  const { heap: other } = heapOf(4 * MIB);
  for (const size of [64, 256, 2048]) {
    for (const block of fill(other, size)) other.free(block);
    // Not flushed: what the heap's own cache keeps must not stand in the way.
    const blocks = fill(other, 256 * 1024);
    assert.equal(blocks.length, large, `after ${size}`);
    for (const block of blocks) other.free(block);
  }
});

Deno.test("heap: out of memory names what was asked for and what is in use", () => {
  const { heap } = heapOf(2 * MIB);
  const error = throwsError("outOfMemory", () => heap.alloc(2 * MIB));
  assert.equal(error.code, "CHI-2001");
  assert.match(error.message, /allocate 2097152 bytes: 0 of \d+ bytes/);
  throwsError("outOfMemory", () => heap.alloc(0xffffffff));
  throwsError("outOfMemory", () => heap.alloc(2 ** 40));
  assertEmpty(heap);
});

Deno.test("heap: what is no size is refused", () => {
  const { heap } = heapOf(2 * MIB);
  for (const size of [-1, -4096, NaN, 0.5, 64.5, 4096.5, Infinity, -Infinity]) {
    throwsError("badSize", () => heap.alloc(size));
  }
  assertEmpty(heap);
});

Deno.test("heap: a page block that is freed twice is an error, and does no harm", () => {
  const { heap } = heapOf(4 * MIB);
  const [a, b] = [heap.alloc(PAGE_BYTES), heap.alloc(PAGE_BYTES)];
  heap.free(a!);
  throwsError("doubleFree", () => heap.free(a!));
  throwsError("doubleFree", () => heap.sizeOf(a!));
  heap.free(b!);
  const large = heap.alloc(MIB);
  heap.free(large);
  throwsError("doubleFree", () => heap.free(large));
  assertEmpty(heap);
});

Deno.test("heap: no offset but a block's own is taken for one", () => {
  const { segment, heap } = heapOf(4 * MIB);
  const small = heap.alloc(2000);
  const page = heap.alloc(PAGE_BYTES);
  const large = heap.alloc(5 * PAGE_BYTES);
  const wrong: number[] = [0, 64, 4096, HEAP_OFFSET, HEAP_OFFSET + PAGE_BYTES, segment.sizeBytes];
  for (let k = 1; k < 2048; k++) wrong.push(small + k);
  for (let k = 1; k < PAGE_BYTES; k++) wrong.push(page + k);
  for (let k = 64; k < 5 * PAGE_BYTES; k += 64) wrong.push(large + k);
  wrong.push(-64, NaN, 0.5, small + 0.5, small + 2 ** 32, page + 2 ** 32, 2 ** 53, Infinity);
  for (const offset of wrong) {
    throwsError("badPointer", () => heap.free(offset as Offset));
    throwsError("badPointer", () => heap.sizeOf(offset as Offset));
  }
  for (const block of [small, page, large]) heap.free(block);
  assertEmpty(heap);
});

Deno.test("heap: isolates that attach later find what is there", () => {
  const { segment, heap } = heapOf(4 * MIB);
  const blocks = [heap.alloc(100), heap.alloc(5000)];
  const other = new Heap(segment);
  assert.equal(other.sizeOf(blocks[0]!), 128);
  assert.equal(other.sizeOf(blocks[1]!), 8192);
  for (const block of blocks) other.free(block);
  heap.flush();
  assertEmpty(other);
});

Deno.test("heap: it fills from its start", () => {
  const { heap } = heapOf(64 * MIB);
  for (const [size, within] of [[64, MIB], [4096, MIB], [MIB, 8 * MIB]] as const) {
    heap.alloc(size);
    assert.ok(heap.stats().highWaterBytes <= within, `${size}: ${heap.stats().highWaterBytes}`);
  }
  const before = heap.stats().highWaterBytes;
  heap.free(heap.alloc(64 * 1024));
  assert.equal(heap.stats().highWaterBytes, before);
});

Deno.test("heap: a segment without room for one is refused", () => {
  for (const size of [65536, MIB]) throwsError("badSegment", () => heapOf(size));
  const { heap } = heapOf(MIB + 2 * 65536);
  assert.equal(fill(heap, PAGE_BYTES).length, 16);
});
