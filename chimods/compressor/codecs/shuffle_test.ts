import assert from "node:assert/strict";
import fc from "fast-check";

import { shuffle, unshuffle } from "./mod.ts";

Deno.test("shuffle sorts bytes by their place in an element", () => {
  const src = Uint8Array.of(0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23, 99);
  const dst = new Uint8Array(13);
  shuffle(src, dst, 4);
  assert.deepEqual([...dst], [0, 10, 20, 1, 11, 21, 2, 12, 22, 3, 13, 23, 99]);
});

Deno.test("unshuffle undoes shuffle, at any length, offset and element size", () => {
  const typeSize = fc.constantFrom(2, 4, 8);
  const offset = fc.integer({ min: 0, max: 8 });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), typeSize, offset, (src, size, at) => {
    const shuffled = new Uint8Array(src.length + 8).subarray(at, at + src.length);
    const input = new Uint8Array(src.length + 8).subarray(at, at + src.length);
    const restored = new Uint8Array(src.length + 8).subarray(8 - at, 8 - at + src.length);
    const bytes = src.subarray(0, input.length);
    input.set(bytes);
    shuffle(input, shuffled, size);
    unshuffle(shuffled, restored, size);
    assert.deepEqual(restored.subarray(0, input.length), bytes);
  }));
});
