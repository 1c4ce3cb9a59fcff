/** Domain queries: their text, and a slow but plain model of what they select. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { DomainQuery, QueryKind } from "./query.ts";
import { resolveOne, Unresolved } from "./resolve.ts";

const id = fc.integer({ min: 1, max: 0x7fffffff });
const hash = fc.integer({ min: 0, max: 0x7fffffff });

const query: fc.Arbitrary<DomainQuery> = fc.oneof(
  id.map((value) => DomainQuery.getLocalId(value)),
  hash.map((value) => DomainQuery.getLocalHash(value)),
  id.map((value) => DomainQuery.getDirectId(value)),
  hash.map((value) => DomainQuery.getDirectHash(value)),
  id.map((value) => DomainQuery.getGlobalId(value)),
  hash.map((value) => DomainQuery.getGlobalHash(value)),
  fc.tuple(hash, id).map(([offset, count]) => DomainQuery.getRange(offset, count)),
  fc.constant(DomainQuery.getGlobalBcast()),
  fc.constant(DomainQuery.getDynamic()),
);

/** A query whose numbers are small enough to hit a container now and then. */
const near = fc.record({
  kind: fc.constantFrom(...Object.values(QueryKind)),
  first: fc.integer({ min: -2, max: 12 }),
  second: fc.integer({ min: -2, max: 12 }),
});

Deno.test("domain query: its text is read back", () => {
  fc.assert(fc.property(query, (one) => {
    assert.deepEqual(DomainQuery.fromString(one.toString()), one);
    assert.deepEqual(DomainQuery.fromString(`  ${one} `), one);
  }));
});

Deno.test("domain query: the texts of the documentation", () => {
  const texts: [string, DomainQuery][] = [
    ["local", DomainQuery.getLocalId()],
    ["local:2", DomainQuery.getLocalId(2)],
    ["direct_hash:5", DomainQuery.getDirectHash(5)],
    ["range:0:4", DomainQuery.getRange(0, 4)],
    ["broadcast", DomainQuery.getGlobalBcast()],
    ["dynamic", DomainQuery.getDynamic()],
  ];
  for (const [text, expected] of texts) assert.deepEqual(DomainQuery.fromString(text), expected);
});

Deno.test("domain query: other texts and numbers are refused with a code", () => {
  const texts = [
    "",
    "nowhere",
    "direct",
    "direct:",
    "direct:0",
    "direct:-1",
    "direct:1.5",
    "direct:0x1",
    "direct:1e3",
    "direct:1:2",
    "local:0",
    "range:1",
    "range:1:0",
    "range:1:2:3",
    "broadcast:1",
    "direct:99999999999",
    "toString",
    "constructor:1",
  ];
  for (const text of texts) {
    assert.throws(() => DomainQuery.fromString(text), { code: "CHI-4012" }, text);
  }
  fc.assert(fc.property(fc.string(), (text) => {
    try {
      DomainQuery.fromString(text);
    } catch (thrown) {
      assert.equal((thrown as { code: string }).code, "CHI-4012");
    }
  }));
  for (const wrong of [0, -1, 1.5, NaN, Infinity, 2 ** 31]) {
    assert.throws(() => DomainQuery.getDirectId(wrong), { code: "CHI-4012" });
    if (wrong !== 0) {
      assert.throws(() => DomainQuery.getDirectHash(wrong), { code: "CHI-4012" });
      assert.throws(() => DomainQuery.getRange(wrong, 1), { code: "CHI-4012" });
    }
    assert.throws(() => DomainQuery.getRange(0, wrong), { code: "CHI-4012" });
  }
});

/** The containers 1 … count that a query selects, by looking at each. */
function model(kind: number, first: number, second: number, count: number): number[] {
  const all = Array.from({ length: count }, (_, k) => k + 1);
  switch (kind) {
    case QueryKind.localId:
    case QueryKind.directId:
    case QueryKind.globalId:
      return all.filter((container) => container === first);
    case QueryKind.localHash:
    case QueryKind.directHash:
    case QueryKind.globalHash:
      return count === 0 ? [] : [all[(first >>> 0) % count]!];
    case QueryKind.range: {
      const wanted = Array.from({ length: Math.max(0, second) }, (_, k) => first + k + 1);
      return first >= 0 && wanted.every((container) => all.includes(container)) ? wanted : [];
    }
    case QueryKind.broadcast:
      return all;
    default:
      return all.slice(0, 1);
  }
}

Deno.test("resolver: agrees with a model that looks at every container", () => {
  fc.assert(fc.property(near, fc.nat(10), ({ kind, first, second }, count) => {
    const expected = model(kind, first, second, count);
    const one = resolveOne(kind, first, second, count);
    if (expected.length === 1) assert.equal(one, expected[0]);
    else assert.ok(one < 0);
    if (expected.length > 1) assert.equal(one, Unresolved.many);
  }));
});

Deno.test("resolver: numbers that no factory makes select nothing", () => {
  fc.assert(fc.property(fc.integer(), fc.integer(), fc.integer(), fc.nat(100), (k, a, b, count) => {
    const found = resolveOne(k, a, b, count);
    assert.ok(found < 0 ? Object.values(Unresolved).some((why) => why === found) : found >= 1);
    assert.ok(found <= count);
  }));
  assert.equal(resolveOne(QueryKind.broadcast, 0, 0, 0), Unresolved.empty);
  assert.equal(resolveOne(99, 0, 0, 3), Unresolved.unknown);
  assert.equal(resolveOne(QueryKind.range, 2, 2, 3), Unresolved.pastEnd);
});
