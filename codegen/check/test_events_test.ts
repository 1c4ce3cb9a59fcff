import assert from "node:assert/strict";
import fc from "fast-check";
import { definitionOf } from "./test_definition.ts";
import { eventLine, readLine, type TestEvent } from "./test_events.ts";

Deno.test("test events: any failure comes through, after whatever a test printed", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(fc.property(text, text, fc.nat(), (name, failure, ms) => {
    const event: TestEvent = { kind: "end", name, outcome: "failed", ms, failure };
    const line = eventLine(event, "1b9d6bcd");
    assert.ok(line.endsWith("\n") && !line.slice(0, -1).includes("\n"));
    assert.deepEqual(readLine(line, "1b9d6bcd"), { printed: null, event });
    assert.deepEqual(readLine(`no end${line}`, "1b9d6bcd"), { printed: "no end", event });
  }));
});

Deno.test("test events: what is none is what a test printed", () => {
  const other = eventLine({ kind: "done" }, "00000000");
  for (const line of ["", "text", other.trimEnd()]) {
    assert.deepEqual(readLine(line, "1b9d6bcd"), { printed: line, event: null });
  }
});

Deno.test("test definitions: what Deno refuses is refused, and what only Deno has", () => {
  const fn = () => {};
  assert.throws(() => definitionOf(["name"]), /no function to call/);
  assert.throws(() => definitionOf([() => {}]), /no name/);
  assert.throws(() => definitionOf([{ name: "n", fn, retry: 2 }]), /option `retry` is not for/);
  assert.deepEqual(definitionOf(["n", { ignore: true, timeout: 5 }, fn]), {
    name: "n",
    body: fn,
    ignore: true,
    only: false,
    timeoutMs: 5,
  });
});
