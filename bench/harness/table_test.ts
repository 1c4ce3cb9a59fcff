import assert from "node:assert/strict";
import type { Measurement } from "./line.ts";
import { resultOf, skippedResult } from "./result.ts";
import { formatFigure, tableHead, tableRow } from "./table.ts";

Deno.test("formatFigure: rates get a prefix, times do not", () => {
  assert.equal(formatFigure(4_812_345, "op/s"), "4.81 Mop/s");
  assert.equal(formatFigure(61_000, "op/s"), "61.0 kop/s");
  assert.equal(formatFigure(12, "op/s"), "12.0 op/s");
  assert.equal(formatFigure(5.1234, "us"), "5.12 us");
});

Deno.test("tableRow: columns stand below their titles", () => {
  const line = { name: "a.b", unit: "us", better: "lower", bar: "ratio<=2" } as const;
  const text = tableRow(resultOf(line, { peer: "a peer", samples: [[6, 2]], checksum: 0 }));
  const [first, second] = text.split("\n");
  assert.equal(first!.indexOf("6.00 us"), tableHead().indexOf("ours"));
  assert.equal(first!.indexOf("ratio<=2"), tableHead().lastIndexOf("bar"));
  assert.ok(first!.endsWith("MISSED"));
  assert.equal(second, "    peer: a peer");
});

Deno.test("tableRow: what was measured stands below, where that depends", () => {
  const line = { name: "a.b", unit: "us", better: "lower", bar: "ours<=2" } as const;
  const measurement: Measurement = {
    peer: null,
    note: "the executable",
    samples: [[1, null]],
    checksum: 0,
  };
  const result = resultOf(line, measurement);
  assert.equal(result.note, "the executable");
  assert.match(tableRow(result), /ok\n {4}measured: the executable$/);
});

Deno.test("tableRow: a line that could not run says why", () => {
  assert.match(tableRow(skippedResult("a.b", "no cc", false)), /^a\.b +skipped: no cc$/);
  assert.match(tableRow(skippedResult("a.b", "died", true)), /failed: died$/);
});
