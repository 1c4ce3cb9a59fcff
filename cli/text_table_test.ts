import assert from "node:assert/strict";
import { textTable } from "./text_table.ts";

Deno.test("text table: columns are as wide as they must be, numbers to the right", () => {
  const text = textTable(["pool", "tasks", "cpu"], [["admin", 7, null], ["a", 1200, 3]]);
  assert.equal(text, "  pool   tasks  cpu\n  admin      7    -\n  a       1200    3");
});

Deno.test("text table: without rows the head stands alone", () => {
  assert.equal(textTable(["a", "b"], []), "  a  b");
});
