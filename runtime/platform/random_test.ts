import assert from "node:assert/strict";
import { seededRandom, uniqueName } from "./mod.ts";

function numbers(seed: number, count: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random.nextU32());
}

Deno.test("random: a seed gives the same numbers each time, and another seed others", () => {
  assert.deepEqual(numbers(1, 5), [2693262067, 11749833, 2265367787, 4213581821, 4159151403]);
  assert.deepEqual(numbers(7, 100), numbers(7, 100));
  assert.notDeepEqual(numbers(7, 10), numbers(8, 10));
  assert.deepEqual(numbers(-1, 3), numbers(0xffffffff, 3));
});

Deno.test("random: each bit is set about half of the time", () => {
  const count = 20_000;
  const all = numbers(3, count);
  assert.ok(all.every((number) => number >= 0 && number <= 0xffffffff && Number.isInteger(number)));
  for (let bit = 0; bit < 32; bit++) {
    const set = all.filter((number) => (number >>> bit) & 1).length;
    assert.ok(Math.abs(set - count / 2) < count / 40, `bit ${bit}: ${set}`);
  }
});

Deno.test("random: names do not repeat", () => {
  const names = Array.from({ length: 1000 }, uniqueName);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.every((name) => /^[0-9a-f]{8}$/.test(name)));
});
