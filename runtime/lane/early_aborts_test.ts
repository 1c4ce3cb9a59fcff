/** Aborts that come before their tasks: found by exactly that task, and never too many. */

import assert from "node:assert/strict";
import { LIMITS } from "../limits.ts";
import { H, OriginKind } from "../task/mod.ts";
import { EarlyAborts } from "./early_aborts.ts";

/** The header of a task in a block of its own. */
function head(origin: number, from: number, slot: number, generation: number): Int32Array {
  const words = new Int32Array(32);
  words[H.origin] = origin;
  words[H.port] = from;
  words[H.slot] = slot;
  words[H.generation] = generation;
  return words;
}

Deno.test("early aborts: are for one task of one caller", () => {
  const aborts = new EarlyAborts();
  const { port, subtask, wire } = OriginKind;
  assert.equal(aborts.has(head(port, 16, 3, 7), 0), false);
  aborts.keep(port, 16, 3, 7);
  assert.equal(aborts.has(head(port, 16, 3, 7), 0), true);
  assert.equal(aborts.has(head(port, 16, 3, 8), 0), false, "a later task of the slot");
  assert.equal(aborts.has(head(port, 16, 4, 7), 0), false);
  assert.equal(aborts.has(head(port, 17, 3, 7), 0), false);
  assert.equal(aborts.has(head(subtask, 16, 3, 7), 0), false);
  assert.equal(aborts.has(head(wire, 16, 3, 7), 0), false);
  aborts.keep(port, 16, 3, 8);
  assert.equal(aborts.has(head(port, 16, 3, 7), 0), false);
  assert.equal(aborts.has(head(port, 16, 3, 8), 0), true);
});

Deno.test("early aborts: of all tasks of a session over the socket", () => {
  const aborts = new EarlyAborts();
  const { port, wire } = OriginKind;
  aborts.keep(wire, 5, -1, 0);
  for (let slot = 0; slot < 3; slot++) {
    assert.equal(aborts.has(head(wire, 5, slot, slot * 9), 0), true);
    assert.equal(aborts.has(head(wire, 6, slot, slot * 9), 0), false);
    assert.equal(aborts.has(head(port, 5, slot, slot * 9), 0), false);
  }
});

Deno.test("early aborts: the oldest go when there are too many", () => {
  const aborts = new EarlyAborts();
  const { subtask } = OriginKind;
  const generation = -(2 ** 31);
  for (let ticket = 0; ticket < LIMITS.earlyAbortsMax; ticket++) {
    aborts.keep(subtask, 1, ticket, generation);
  }
  aborts.keep(subtask, 1, 0, generation + 1); // As good as new.
  aborts.keep(subtask, 2, 0, 1);
  assert.equal(aborts.has(head(subtask, 1, 0, generation + 1), 0), true);
  assert.equal(aborts.has(head(subtask, 1, 1, generation), 0), false);
  assert.equal(aborts.has(head(subtask, 1, 2, generation), 0), true);
  assert.equal(aborts.has(head(subtask, 2, 0, 1), 0), true);
});
