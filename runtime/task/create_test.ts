import assert from "node:assert/strict";
import { carryParams, decodeParams, defineCreateTask, encodeParams } from "./create.ts";
import { IN } from "./fields.ts";

const NAME = "tests_carried";

Deno.test("carryParams: values go along by name, in structs too; new fields have their defaults", () => {
  const from = defineCreateTask(NAME, {
    s: IN.struct({ a: IN.u32(1), gone: IN.u32(2) }),
    n: IN.u64(3),
    big: IN.u64(0).big,
    text: IN.string(16),
    turned: IN.u32(4),
    list: IN.vec("u16", 4),
  });
  const to = defineCreateTask(NAME, {
    list: IN.vec("u16", 8),
    more: IN.u32(6),
    s: IN.struct({ added: IN.u32(7), a: IN.u32(8) }),
    n: IN.u64(0).big,
    big: IN.u64(0),
    text: IN.string(32),
    turned: IN.f64(5),
  });
  const values = { s: { a: 77, gone: 1 }, n: 9, big: 10n, text: "kept", turned: 11, list: [1, 2] };
  const params = [...encodeParams(from, values)];
  const carried = carryParams(from, to, { params, paramsLayout: from.layout.hash });
  assert.equal(carried.paramsLayout, to.layout.hash);
  const found = decodeParams(to, Uint8Array.from(carried.params), carried.paramsLayout);
  assert.deepEqual([found.s.a, found.s.added, found.n, found.big], [77, 7, 9n, 10]);
  assert.deepEqual([found.text, found.turned, found.more], ["kept", 5, 6]);
  assert.deepEqual([...found.list], [1, 2]);
});

Deno.test("carryParams: a value that has no room any more is an error that names its field", () => {
  const from = defineCreateTask(NAME, { text: IN.string(16) });
  const to = defineCreateTask(NAME, { text: IN.string(2) });
  const params = [...encodeParams(from, { text: "too long" })];
  assert.throws(
    () => carryParams(from, to, { params, paramsLayout: from.layout.hash }),
    { code: "CHI-3001", message: /text/ },
  );
});
