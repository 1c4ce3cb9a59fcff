import assert from "node:assert/strict";
import { IN, INOUT, OUT } from "./fields.ts";
import { fnv1a, layOut } from "./layout.ts";

const refused = (message: RegExp) => ({ code: "CHI-3001", message });

Deno.test("layout: fields keep their order, at multiples of their alignment", () => {
  const { fields, sizeBytes } = layOut(10, {
    small: IN.u8(),
    wide: IN.u64(),
    text: IN.string(5),
    half: IN.u16(),
    list: OUT.vec("f64", 2),
    data: INOUT.bulk("wide"),
    last: IN.bool(),
  });
  assert.deepEqual(fields.map((f) => f.offsetBytes), [0, 8, 16, 26, 32, 56, 64]);
  assert.deepEqual(fields.map((f) => f.sizeBytes), [1, 8, 9, 2, 24, 8, 1]);
  assert.equal(sizeBytes, 72);
});

Deno.test("layout: the hash is that of the documented text", () => {
  const { hash } = layOut(7, {
    head: OUT.struct({ a: IN.u16(), inner: IN.struct({ b: IN.u8() }) }),
    list: IN.vec("u16", 3),
  });
  const inner = "inner:struct{b:u8:8:1:2::}:8:8:2::";
  const text = `7|head:struct{a:u16:0:2:2::|${inner}}:0:16:2::|list:vecu16:16:14:1::`;
  assert.equal(hash, fnv1a(text));
  assert.equal(layOut(16, {}).hash, fnv1a("16|"));
});

Deno.test("layout: FNV-1a is the published one", () => {
  assert.equal(fnv1a(""), 0x811c9dc5);
  assert.equal(fnv1a("a"), 0xe40c292c);
  assert.equal(fnv1a("foobar"), 0xbf9cf968);
});

Deno.test("layout: what cannot be laid out is refused with the field's name", () => {
  const bulk = { size: IN.u64(), data: IN.bulk("size") };
  assert.throws(() => layOut(10, { inside: IN.struct(bulk) }), refused(/inside\.data/));
  assert.throws(() => layOut(10, { data: IN.bulk("size") }), refused(/data.*`size`/));
  assert.throws(() => layOut(10, { size: IN.u32(), data: IN.bulk("size") }), refused(/`size`/));
  assert.throws(() => layOut(10, { "not a name": IN.u8() }), refused(/not a name/));
  assert.throws(() => layOut(10, { wait: IN.u8() }), refused(/wait/));
  assert.throws(() => layOut(10, { text: IN.string(0) }), refused(/text/));
  assert.throws(() => layOut(10, { text: IN.string(70_000) }), refused(/text/));
});
