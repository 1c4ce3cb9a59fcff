import assert from "node:assert/strict";
import { newSegment, throwsError } from "../../tests/torture/memory_harness.ts";
import { asOffset, asSegmentId, NULL_POINTER, SegmentTable } from "./mod.ts";

const SIZE = 65536;

Deno.test("segment table: finds what was added, until it is removed", () => {
  const table = new SegmentTable();
  const segment = newSegment(SIZE, { private: true, id: 4 });
  assert.equal(table.find(segment.id), undefined);
  table.add(segment);
  assert.equal(table.get(segment.id), segment);
  table.remove(segment.id);
  throwsError("badPointer", () => table.get(segment.id));
  throwsError("badPointer", () => table.bytes(NULL_POINTER, 0));
});

Deno.test("segment table: bytes lie in their segment, or are refused", () => {
  const table = new SegmentTable();
  const segment = newSegment(SIZE, { private: true });
  table.add(segment);
  const bytes = (offset: number, size: number) =>
    table.bytes({ segment: asSegmentId(1), offset: asOffset(offset) }, size);
  bytes(100, 3).set([1, 2, 3]);
  assert.deepEqual([...segment.u8.subarray(99, 104)], [0, 1, 2, 3, 0]);
  assert.equal(bytes(SIZE, 0).length, 0);
  assert.equal(bytes(0, SIZE).length, SIZE);
  const wrong: readonly [number, number][] = [
    [SIZE, 1],
    [0, SIZE + 1],
    [1, SIZE],
    [-1, 10],
    [-SIZE, SIZE],
    [0, -1],
    [NaN, 1],
    [0, NaN],
    [2 ** 32, 1],
    [1, 2 ** 53],
  ];
  for (const [offset, size] of wrong) throwsError("badPointer", () => bytes(offset, size));
});
