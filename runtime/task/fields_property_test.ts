/** Properties of task fields: what is set is read, copied and carried, whatever the declaration. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { asOffset, asSegmentId, type Segment, SegmentTable } from "../memory/mod.ts";
import { InArchive, OutArchive } from "./archive.ts";
import { defineTask } from "./define.ts";
import { Direction, type Field, IN, INOUT, OUT, type ScalarKind, SCALARS } from "./fields.ts";
import type { Task, TaskOwner } from "./task.ts";
import type { TaskType } from "./task_layout.ts";

// ---- memory to put tasks in ----------------------------------------------------------------------

const SEGMENT = asSegmentId(9);
const MEMORY_BYTES = 1 << 20;

/** A segment of plain memory, as far as tasks look at one. */
function memory(): Segment {
  const buffer = new SharedArrayBuffer(MEMORY_BYTES);
  return {
    id: SEGMENT,
    buffer,
    sizeBytes: MEMORY_BYTES,
    i32: new Int32Array(buffer),
    u32: new Uint32Array(buffer),
    u8: new Uint8Array(buffer),
    f64: new Float64Array(buffer),
    view: new DataView(buffer),
  } as unknown as Segment;
}

const shared = memory();
const segments = new SegmentTable();
segments.add(shared);

const owner: TaskOwner = {
  segments,
  submit: () => {},
  wait: () => Promise.resolve(),
  waitSync: () => {},
  free: () => {},
};

/** A task whose fields lie at a byte offset of the memory, over whatever is there. */
function taskAt(type: TaskType, offsetBytes: number): Task {
  const task = new type(owner, type.layout);
  task.moveTo(shared, offsetBytes / 4);
  return task;
}

function fillWithGarbage(offsetBytes: number, sizeBytes: number): void {
  for (let k = 0; k < sizeBytes; k++) shared.u8[offsetBytes + k] = (k * 37 + 11) & 0xff;
}

const FIRST = 4096;
const SECOND = 256 << 10;
const THIRD = 512 << 10;
const BULKS = 768 << 10;

// ---- declarations and values ---------------------------------------------------------------------

/** A declared field with a way to make values of it. */
interface FieldCase {
  readonly make: (direction: Direction) => Field<unknown>;
  readonly value: fc.Arbitrary<unknown>;
}

function builderOf(direction: Direction): typeof IN {
  return direction === Direction.in ? IN : direction === Direction.out ? OUT : INOUT;
}

const wide = fc.maxSafeNat();
const signed = fc.maxSafeInteger();

/** Values of scalars by kind. */
const SCALAR_VALUES: Record<ScalarKind, fc.Arbitrary<unknown>> = {
  bool: fc.boolean(),
  u8: fc.integer({ min: 0, max: 255 }),
  i8: fc.integer({ min: -128, max: 127 }),
  u16: fc.integer({ min: 0, max: 65535 }),
  i16: fc.integer({ min: -32768, max: 32767 }),
  u32: fc.integer({ min: 0, max: 0xffffffff }),
  i32: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  f32: fc.float(),
  u64: wide,
  i64: signed,
  f64: fc.double(),
};

const scalarCases = (Object.keys(SCALARS) as ScalarKind[]).map((kind): FieldCase => ({
  make: (direction) => builderOf(direction)[kind](),
  value: SCALAR_VALUES[kind],
}));

const bigCases: FieldCase[] = [
  {
    make: (direction) => builderOf(direction).u64().big,
    value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  },
  {
    make: (direction) => builderOf(direction).i64().big,
    value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  },
];

function stringCase(max: number): FieldCase {
  const fits = (text: string) => new TextEncoder().encode(text).length <= max;
  return {
    make: (direction) => builderOf(direction).string(max),
    value: fc.string({ unit: "binary", maxLength: max }).filter((text) =>
      fits(text) && text.isWellFormed() && !text.startsWith("\ufeff")
    ),
  };
}

function bytesCase(max: number): FieldCase {
  return {
    make: (direction) => builderOf(direction).bytes(max),
    value: fc.uint8Array({ maxLength: max }),
  };
}

function vecCase(kind: ScalarKind, max: number): FieldCase {
  const element = kind === "bool" ? fc.integer({ min: 0, max: 1 }) : SCALAR_VALUES[kind];
  return {
    make: (direction) => builderOf(direction).vec(kind, max),
    value: fc.array(element, { maxLength: max }),
  };
}

const pointerCase: FieldCase = {
  make: (direction) => builderOf(direction).pointer(),
  value: fc.record({
    segment: fc.integer({ min: 0, max: 1000 }),
    offset: fc.integer({ min: 0, max: 0xffffffff }),
  }),
};

const leafCase: fc.Arbitrary<FieldCase> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...scalarCases) },
  { weight: 1, arbitrary: fc.constantFrom(...bigCases, pointerCase) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 40 }).map(stringCase) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 40 }).map(bytesCase) },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constantFrom(...Object.keys(SCALARS) as ScalarKind[]),
      fc.integer({ min: 1, max: 9 }),
    ).map(([kind, max]) => vecCase(kind, max)),
  },
);

const NAMES = ["a", "b", "t", "v", "n", "inner", "x", "class", "text", "at", "from", "h", "Base"];

/** A struct of such fields, which may hold structs of the same names again. */
function structCase(inner: fc.Arbitrary<FieldCase>): fc.Arbitrary<FieldCase> {
  return fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), inner), {
    minLength: 1,
    maxLength: 4,
    selector: ([name]) => name,
  }).map((members) => ({
    make: (direction) => {
      const fields = Object.fromEntries(
        members.map(([name, member]) => [name, member.make(direction)]),
      );
      return builderOf(direction).struct(fields);
    },
    value: fc.record(Object.fromEntries(members.map(([name, member]) => [name, member.value]))),
  }));
}

const fieldCase: fc.Arbitrary<FieldCase> = fc.oneof(
  { weight: 5, arbitrary: leafCase },
  { weight: 1, arbitrary: structCase(leafCase) },
  { weight: 1, arbitrary: structCase(fc.oneof(leafCase, structCase(leafCase))) },
);

/** A task type, and values for all its fields, twice. */
interface Example {
  readonly type: TaskType;
  readonly directions: Readonly<Record<string, Direction>>;
  readonly values: Readonly<Record<string, unknown>>;
  readonly others: Readonly<Record<string, unknown>>;
}

const example: fc.Arbitrary<Example> = fc.uniqueArray(
  fc.tuple(fc.constantFrom(...NAMES), fieldCase, fc.constantFrom(...Object.values(Direction))),
  { minLength: 1, maxLength: 8, selector: ([name]) => name },
).chain((declared) => {
  const spec = Object.fromEntries(
    declared.map(([name, field, direction]) => [name, field.make(direction)]),
  );
  const values = fc.record(
    Object.fromEntries(declared.map(([name, field]) => [name, field.value])),
  );
  const directions = Object.fromEntries(declared.map(([name, , direction]) => [name, direction]));
  return fc.tuple(values, values).map(([first, second]) => ({
    type: defineTask(10, spec) as TaskType,
    directions,
    values: first,
    others: second,
  }));
});

/** A task's field as plain data. */
function read(task: Task, name: string): unknown {
  return plain((task as unknown as Record<string, unknown>)[name]);
}

/** Struct views become records; numbers keep their sign of zero. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  const prototype = Object.getPrototypeOf(value);
  const names = prototype === Object.prototype || prototype === null
    ? Object.keys(value)
    : Object.getOwnPropertyNames(prototype).filter((name) => name !== "constructor");
  return Object.fromEntries(
    names.map((name) => [name, plain((value as Record<string, unknown>)[name])]),
  );
}

function expectFields(
  task: Task,
  values: Readonly<Record<string, unknown>>,
  names: Iterable<string> = Object.keys(values),
): void {
  for (const name of names) assert.deepEqual(read(task, name), plain(values[name]), name);
}

const namesOf = ({ directions }: Example, wanted: Direction) =>
  Object.keys(directions).filter((name) => (directions[name]! & wanted) !== 0);

/** What a field holds after `clear`. */
function empty(value: unknown): unknown {
  if (typeof value === "boolean") return false;
  if (typeof value === "number") return 0;
  if (typeof value === "bigint") return 0n;
  if (typeof value === "string") return "";
  if (value instanceof Uint8Array || Array.isArray(value)) return [];
  return Object.fromEntries(
    Object.entries(value as object).map(([name, member]) => [name, empty(member)]),
  );
}

// ---- properties ----------------------------------------------------------------------------------

Deno.test("fields: what is set is read, and a second setting disturbs no other field", () => {
  fc.assert(fc.property(example, fc.nat(), ({ type, values, others }, pick) => {
    const { fieldsBytes } = type.layout;
    fillWithGarbage(FIRST - 64, fieldsBytes + 128);
    const before = shared.u8.slice(FIRST - 64, FIRST);
    const after = shared.u8.slice(FIRST + fieldsBytes, FIRST + fieldsBytes + 64);
    const task = taskAt(type, FIRST);
    type.layout.clear(task);
    for (const name of Object.keys(values)) {
      assert.deepEqual(read(task, name), empty(values[name]), `${name} after clear`);
    }
    type.layout.assign(task, values);
    expectFields(task, values);
    const name = Object.keys(values)[pick % Object.keys(values).length]!;
    type.layout.assign(task, { [name]: others[name] });
    expectFields(task, { ...values, [name]: others[name] });
    // Nothing outside the fields is touched.
    assert.deepEqual(shared.u8.slice(FIRST - 64, FIRST), before);
    assert.deepEqual(shared.u8.slice(FIRST + fieldsBytes, FIRST + fieldsBytes + 64), after);
  }));
});

Deno.test("fields: copies carry what travels, empty the rest on the way in, and keep it out", () => {
  fc.assert(fc.property(example, (sample) => {
    const { type, values, others } = sample;
    const { layout } = type;
    const caller = taskAt(type, FIRST);
    layout.clear(caller);
    layout.assign(caller, values);
    fillWithGarbage(SECOND, layout.fieldsBytes);
    assert.ok(layout.copyIn(shared.i32, FIRST / 4, shared.i32, SECOND / 4));
    const handler = taskAt(type, SECOND);
    expectFields(handler, values, namesOf(sample, Direction.in));
    for (const [name, direction] of Object.entries(sample.directions)) {
      if (direction === Direction.out) assert.deepEqual(read(handler, name), empty(values[name]));
    }
    layout.assign(handler, others);
    assert.ok(layout.copyOut(shared.i32, SECOND / 4, shared.i32, FIRST / 4));
    expectFields(caller, others, namesOf(sample, Direction.out));
    for (const [name, direction] of Object.entries(sample.directions)) {
      if (direction === Direction.in) expectFields(caller, values, [name]);
    }
  }));
});

Deno.test("fields: a count above its maximum is never copied", () => {
  const type = defineTask(10, {
    text: IN.string(5),
    raw: INOUT.bytes(9),
    list: OUT.vec("u16", 3),
    end: IN.u32(),
  }) as TaskType;
  const at = (name: string) =>
    (FIRST + type.layout.fields.find((field) => field.name === name)!.offsetBytes) / 4;
  const task = taskAt(type, FIRST);
  for (
    const [name, max, way] of [["text", 5, "in"], ["raw", 9, "in"], ["list", 3, "out"]] as const
  ) {
    const copy = way === "in" ? type.layout.copyIn : type.layout.copyOut;
    for (const count of [max, max + 1, 0x7fffffff, -1, -0x80000000]) {
      type.layout.clear(task);
      shared.i32[at(name)] = count;
      const wanted = count === max;
      assert.equal(copy(shared.i32, FIRST / 4, shared.i32, SECOND / 4), wanted, `${name} ${count}`);
    }
  }
});

Deno.test("fields: values that do not fit are refused, and leave the field as it was", () => {
  const type = defineTask(10, {
    wide: IN.u64(1),
    whole: IN.i64(-1),
    text: IN.string(4),
    raw: IN.bytes(4),
    list: IN.vec("u64", 2),
    count: IN.vec("i64", 2),
  });
  const task = taskAt(type as TaskType, FIRST) as InstanceType<typeof type>;
  type.layout.clear(task);
  const refused = (set: () => void) => assert.throws(set, { code: "CHI-3001" });
  for (const value of [-1, 0.5, NaN, Infinity, 2 ** 53]) refused(() => task.wide = value);
  for (const value of [0.5, NaN, -Infinity, -(2 ** 53)]) refused(() => task.whole = value);
  refused(() => task.text = "fünf");
  refused(() => task.raw = new Uint8Array(5));
  refused(() => task.list = [1, 2, 3]);
  refused(() => task.list = [-1]);
  refused(() => task.list = [0.5]);
  refused(() => task.count = [2 ** 53]);
  assert.deepEqual([task.wide, task.whole, task.text], [1, -1, ""]);
  // What another language wrote and a number cannot hold.
  shared.view.setBigUint64(FIRST, 2n ** 53n, true);
  assert.throws(() => task.wide, { code: "CHI-3001", message: /2\^53/ });
  shared.view.setBigInt64(FIRST + 8, -(2n ** 60n), true);
  assert.throws(() => task.whole, { code: "CHI-3001" });
});

Deno.test("fields: defaults are there after clear, in structs and as bigint too", () => {
  const type = defineTask(10, {
    a: IN.u32(7),
    b: IN.u64(2 ** 40).big,
    c: IN.bool(true),
    d: IN.f64(-0.5),
    e: IN.i64(-3),
    s: IN.struct({ f: IN.u8(9), g: IN.struct({ h: IN.i16(-2), i: IN.i64(-5).big }) }),
  });
  const task = taskAt(type as TaskType, FIRST) as InstanceType<typeof type>;
  fillWithGarbage(FIRST, type.layout.fieldsBytes);
  type.layout.clear(task);
  assert.deepEqual(
    [task.a, task.b, task.c, task.d, task.e, task.s.f, task.s.g.h, task.s.g.i],
    [7, 2n ** 40n, true, -0.5, -3, 9, -2, -5n],
  );
});

// ---- archives ------------------------------------------------------------------------------------

/** A task with fields of every way and bulks of every way, of some sizes. */
const BulkTask = defineTask(11, {
  flag: IN.bool(),
  text: INOUT.string(20),
  list: OUT.vec("i32", 5),
  source: IN.bulk("sourceSize"),
  sourceSize: IN.u64(),
  target: OUT.bulk("targetSize", "targetCapacity"),
  targetCapacity: IN.u64(),
  targetSize: OUT.u64(),
  both: INOUT.bulk("bothSize", "bothCapacity"),
  bothCapacity: IN.u64(),
  bothSize: INOUT.u64(),
});
type BulkTask = InstanceType<typeof BulkTask>;

function bulkAt(offset: number, size: number) {
  const pointer = { segment: SEGMENT, offset: asOffset(offset) };
  return { pointer, size, bytes: new Uint8Array(shared.buffer, offset, size) };
}

const sizes = fc.record({
  source: fc.integer({ min: 0, max: 300 }),
  room: fc.integer({ min: 0, max: 300 }),
  target: fc.integer({ min: 0, max: 300 }),
  both: fc.integer({ min: 0, max: 300 }),
  spare: fc.integer({ min: 0, max: 50 }),
});

/** All bytes of an archive, after a head of `headBytes`. */
function packed(archive: OutArchive): Uint8Array {
  const total = archive.parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const part of archive.parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

Deno.test("archives: a task comes back as it went, and no cut goes unnoticed", () => {
  fc.assert(
    fc.property(sizes, fc.string({ maxLength: 6 }), fc.nat(), (size, text, cutAt) => {
      const caller = taskAt(BulkTask as TaskType, FIRST) as BulkTask;
      BulkTask.layout.clear(caller);
      const source = bulkAt(BULKS, size.source);
      const target = bulkAt(BULKS + 1024, size.room);
      const both = bulkAt(BULKS + 2048, size.both + size.spare);
      source.bytes.forEach((_, k) => source.bytes[k] = k + 1);
      both.bytes.forEach((_, k) => both.bytes[k] = k + 2);
      target.bytes.fill(0);
      BulkTask.layout.assign(caller, {
        flag: true,
        text,
        source,
        sourceSize: size.source,
        target,
        targetCapacity: size.room,
        both,
        bothSize: size.both,
        bothCapacity: both.size,
      });
      const start = new OutArchive(caller, new Uint8Array(3), false);
      caller.serializeStart(start);
      const message = packed(start);

      // The other side: buffers of its own.
      let next = BULKS + 8192;
      const place = (_name: string, roomBytes: number) => {
        const bulk = bulkAt(next, roomBytes);
        next += 1024;
        return bulk;
      };
      const unpack = (bytes: Uint8Array, offsetBytes: number) => {
        next = BULKS + 8192;
        fillWithGarbage(offsetBytes, BulkTask.layout.fieldsBytes);
        const task = taskAt(BulkTask as TaskType, offsetBytes) as BulkTask;
        task.serializeStart(new InArchive(task, bytes, 3, false, { place }));
        return task;
      };
      const handler = unpack(message, SECOND);
      assert.deepEqual([handler.flag, handler.text, handler.list], [true, text, []]);
      assert.deepEqual(handler.source.bytes, source.bytes);
      assert.deepEqual(handler.both.bytes.slice(0, size.both), both.bytes.slice(0, size.both));
      assert.equal(handler.target.size, size.room);

      const cut = 3 + cutAt % (message.length - 3);
      assert.throws(() => unpack(message.slice(0, cut), THIRD), { code: "CHI-3009" });

      // And back.
      const written = Math.min(size.target, size.room);
      handler.target.bytes.fill(77, 0, written);
      handler.both.bytes.fill(88, 0, size.both);
      BulkTask.layout.assign(handler, { targetSize: written, text: "back", list: [1, -2] });
      const end = new OutArchive(handler, new Uint8Array(5), true);
      handler.serializeEnd(end);
      const answer = packed(end);
      const own = (name: string) => name === "target" ? target : both;
      caller.serializeEnd(new InArchive(caller, answer, 5, true, { place: own }));
      assert.deepEqual([caller.text, caller.list, caller.targetSize], ["back", [1, -2], written]);
      assert.ok(target.bytes.subarray(0, written).every((byte) => byte === 77));
      assert.ok(target.bytes.subarray(written).every((byte) => byte === 0));
      assert.ok(both.bytes.subarray(0, size.both).every((byte) => byte === 88));
      assert.equal(caller.source.pointer.offset, BULKS, "its bulks are still its own");

      const cutBack = 5 + cutAt % (answer.length - 5);
      assert.throws(
        () =>
          caller.serializeEnd(
            new InArchive(caller, answer.slice(0, cutBack), 5, true, { place: own }),
          ),
        { code: "CHI-3009" },
      );
    }),
  );
});

Deno.test("archives: random bytes are refused with a code, or are a task", () => {
  const place = (_name: string, roomBytes: number) => bulkAt(BULKS, Math.min(roomBytes, 4096));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
    const task = taskAt(BulkTask as TaskType, SECOND);
    try {
      task.serializeStart(new InArchive(task, bytes, 0, false, { place }));
    } catch (thrown) {
      assert.match((thrown as { code: string }).code, /^CHI-300[39]$/);
    }
  }));
});

Deno.test("archives: more than there is room for does not leave", () => {
  const task = taskAt(BulkTask as TaskType, FIRST) as BulkTask;
  BulkTask.layout.clear(task);
  BulkTask.layout.assign(task, { both: bulkAt(BULKS, 10), bothSize: 11, bothCapacity: 10 });
  assert.throws(
    () => task.serializeStart(new OutArchive(task, new Uint8Array(0), false)),
    { code: "CHI-3003", message: /both.*11 bytes.*10/ },
  );
});

Deno.test("archives: a task says itself what travels", () => {
  class OwnTask extends defineTask(12, {
    data: INOUT.bulk("size"),
    size: IN.u64(),
  }) {
    override serializeStart(ar: Parameters<Task["serializeStart"]>[0]): void {
      ar.fields();
      ar.bulk(1, "data"); // DT_EXPOSE: only the room.
    }
  }
  const task = taskAt(OwnTask as unknown as TaskType, FIRST) as unknown as OwnTask;
  OwnTask.layout.clear(task);
  OwnTask.layout.assign(task, { data: bulkAt(BULKS, 100), size: 100 });
  const archive = new OutArchive(task as unknown as Task, new Uint8Array(0), false);
  task.serializeStart(archive);
  assert.equal(packed(archive).length, OwnTask.layout.fieldsBytes + 16);
  assert.throws(() => archive.bulk(3, "nothing"), { code: "CHI-3001" });
});
