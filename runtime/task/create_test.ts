/** Create parameters: what a client passes is what `create` sees, or an error that says refresh. */

import assert from "node:assert/strict";
import { carryParams, decodeParams, defineCreateTask, encodeParams } from "./create.ts";
import { IN } from "./fields.ts";

class CreateTask extends defineCreateTask("tests_nothing", {
  lanes: IN.u32(4),
  name: IN.string(20),
  wide: IN.u64(2 ** 40),
}) {}

Deno.test("create parameters: defaults are filled in, and others kept", () => {
  const { hash } = CreateTask.layout;
  const none = decodeParams(CreateTask, encodeParams(CreateTask, {}), hash);
  assert.deepEqual([none.lanes, none.name, none.wide], [4, "", 2 ** 40]);
  const some = decodeParams(CreateTask, encodeParams(CreateTask, { lanes: 9, name: "ä" }), hash);
  assert.deepEqual([some.lanes, some.name, some.wide], [9, "ä", 2 ** 40]);
});

Deno.test("create parameters: of another layout or length are refused", () => {
  const bytes = encodeParams(CreateTask, {});
  const refused = { code: "CHI-3002" };
  assert.throws(() => decodeParams(CreateTask, bytes, CreateTask.layout.hash ^ 1), refused);
  assert.throws(() => decodeParams(CreateTask, bytes.slice(1), CreateTask.layout.hash), refused);
  assert.throws(() => decodeParams(CreateTask, new Uint8Array(), CreateTask.layout.hash), refused);
});

Deno.test("create parameters: are data and not a task", () => {
  const task = decodeParams(CreateTask, encodeParams(CreateTask, {}), CreateTask.layout.hash);
  for (const use of [() => task.submit(), () => task.waitSync()]) {
    assert.throws(use, { code: "CHI-3010" });
  }
  task.free();
});

Deno.test("create parameters: a wrong value names its field", () => {
  assert.throws(() => encodeParams(CreateTask, { wide: -1 }), {
    code: "CHI-3001",
    message: /wide/,
  });
  assert.throws(() => encodeParams(CreateTask, { name: "x".repeat(21) }), { code: "CHI-3001" });
});

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
