/** Properties of the layout: fields lie apart and aligned, and any change changes the hash. */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  Direction,
  type Field,
  type FieldBuilder,
  type Fields,
  IN,
  INOUT,
  OUT,
  SCALARS,
} from "./fields.ts";
import { layOut, type PlacedField } from "./layout.ts";

/** A field as its declaration says it, so that one word of it can be changed. */
interface Declared {
  readonly name: string;
  readonly kind: string;
  readonly element: string;
  readonly max: number;
  readonly direction: Direction;
  readonly members: readonly Declared[];
}

const SCALAR_KINDS = Object.keys(SCALARS);
const KINDS = [...SCALAR_KINDS, "string", "bytes", "vec", "pointer", "struct"];

const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,6}$/).filter((text) =>
  !["layout", "owner", "header", "prio", "method", "done", "wait", "submit", "free"].includes(text)
);
const direction = fc.constantFrom(...Object.values(Direction));

function declaredOf(kinds: readonly string[], members: fc.Arbitrary<readonly Declared[]>) {
  return fc.record({
    name,
    kind: fc.constantFrom(...kinds),
    element: fc.constantFrom(...SCALAR_KINDS),
    max: fc.integer({ min: 1, max: 50 }),
    direction,
    members,
  });
}

function listOf(one: fc.Arbitrary<Declared>): fc.Arbitrary<readonly Declared[]> {
  return fc.uniqueArray(one, { minLength: 1, maxLength: 6, selector: (field) => field.name });
}

const leaves = listOf(declaredOf(KINDS.filter((kind) => kind !== "struct"), fc.constant([])));
const declaration = listOf(declaredOf(KINDS, leaves));

const BUILDERS: Readonly<Record<Direction, FieldBuilder>> = { 1: IN, 2: OUT, 3: INOUT };

function build(declared: readonly Declared[]): Fields {
  return Object.fromEntries(declared.map((field) => [field.name, fieldOf(field)]));
}

function fieldOf({ kind, element, max, direction, members }: Declared): Field<unknown> {
  const builder = BUILDERS[direction];
  switch (kind) {
    case "string":
    case "bytes":
      return builder[kind](max);
    case "vec":
      return builder.vec(element as keyof typeof SCALARS, max);
    case "pointer":
      return builder.pointer();
    case "struct":
      return builder.struct(build(members));
    default:
      return builder[kind as keyof typeof SCALARS]();
  }
}

/** Whether a declaration looks at this word of a field. */
function counts(field: Declared, word: keyof Declared): boolean {
  if (word === "element") return field.kind === "vec";
  if (word === "max") return ["string", "bytes", "vec"].includes(field.kind);
  if (word === "members") return field.kind === "struct";
  return true;
}

Deno.test("layout: fields lie in order, apart, and aligned", () => {
  const check = (fields: readonly PlacedField[], from: number, end: number) => {
    let at = from;
    for (const { offsetBytes, sizeBytes, kind, members } of fields) {
      assert.ok(offsetBytes >= at);
      const align = kind in SCALARS ? SCALARS[kind as keyof typeof SCALARS] : 4;
      assert.equal(offsetBytes % align, 0);
      if (kind === "vec" || kind === "struct") assert.equal(offsetBytes % 8, 0);
      at = offsetBytes + sizeBytes;
      if (kind === "struct") check(members, offsetBytes, at);
    }
    assert.ok(at <= end);
  };
  fc.assert(fc.property(declaration, (declared) => {
    const { fields, sizeBytes } = layOut(10, build(declared));
    assert.equal(sizeBytes % 8, 0);
    check(fields, 0, sizeBytes);
  }));
});

Deno.test("layout: the same declaration has the same hash", () => {
  fc.assert(fc.property(declaration, fc.nat(1000), (declared, method) => {
    assert.equal(layOut(method, build(declared)).hash, layOut(method, build(declared)).hash);
  }));
});

Deno.test("layout: any change of a declaration changes the hash", () => {
  const words = ["name", "kind", "element", "max", "direction", "members"] as const;
  const change = fc.record({
    at: fc.nat(),
    word: fc.constantFrom(...words),
    with: declaredOf(KINDS, leaves),
  });
  fc.assert(fc.property(declaration, fc.nat(1000), change, (declared, method, changed) => {
    const before = layOut(method, build(declared)).hash;
    assert.notEqual(layOut(method + 1, build(declared)).hash, before, "the method");
    if (declared.length > 1) {
      assert.notEqual(layOut(method, build(declared.slice(1))).hash, before, "one less");
      const turned = [...declared.slice(1), declared[0]!];
      assert.notEqual(layOut(method, build(turned)).hash, before, "another order");
    }
    const at = changed.at % declared.length;
    const field = declared[at]!;
    const next = { ...field, [changed.word]: changed.with[changed.word] } as Declared;
    const isSame = JSON.stringify(next[changed.word]) === JSON.stringify(field[changed.word]);
    fc.pre(!isSame && counts(field, changed.word));
    fc.pre(!declared.some((other, k) => k !== at && other.name === next.name));
    const others = declared.map((other, k) => k === at ? next : other);
    assert.notEqual(layOut(method, build(others)).hash, before, changed.word);
  }));
});

Deno.test("layout: the fields that a bulk names are part of the hash", () => {
  const hash = (size: string, capacity?: string) =>
    layOut(10, {
      a: IN.u64(),
      b: IN.u64(),
      data: OUT.bulk(size, capacity),
    }).hash;
  const hashes = [hash("a"), hash("b"), hash("a", "b"), hash("b", "a")];
  assert.equal(new Set(hashes).size, hashes.length);
  assert.throws(() => layOut(10, { a: IN.u64().big, data: IN.bulk("a") }), { code: "CHI-3001" });
});
