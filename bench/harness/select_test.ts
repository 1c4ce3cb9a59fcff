import assert from "node:assert/strict";
import { selectLines } from "./select.ts";

const LINES = ["task.sync.inprocess", "task.sync.process", "task.await.process", "idle.cpu"].map(
  (name) => ({ name }),
);

function namesFor(...prefixes: string[]): string[] {
  return selectLines(LINES, prefixes).lines.map((line) => line.name);
}

Deno.test("selectLines: no prefix selects every line", () => {
  assert.equal(namesFor().length, LINES.length);
});

Deno.test("selectLines: a prefix ends at a dot", () => {
  assert.deepEqual(namesFor("task.sync"), ["task.sync.inprocess", "task.sync.process"]);
  assert.deepEqual(namesFor("task.s"), []);
  assert.deepEqual(namesFor("idle.cpu"), ["idle.cpu"]);
});

Deno.test("selectLines: keeps the table's order and takes a line once", () => {
  assert.deepEqual(namesFor("idle", "task.await", "task"), LINES.map((line) => line.name));
});

Deno.test("selectLines: names the prefixes that select nothing", () => {
  assert.deepEqual(selectLines(LINES, ["task", "disk", "task.s"]).unknown, ["disk", "task.s"]);
});
