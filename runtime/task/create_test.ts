/** Create parameters: what a client passes is what `create` sees, or an error that says refresh. */

import assert from "node:assert/strict";
import { decodeParams, defineCreateTask, encodeParams } from "./create.ts";
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
