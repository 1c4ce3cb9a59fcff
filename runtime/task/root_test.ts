/** Roots that live at the same time have different names. */

import assert from "node:assert/strict";
import { LIMITS } from "../limits.ts";
import { portRoot, wireRoot, workerRootOrigin } from "./root.ts";

Deno.test("a slot's root is another with each generation, and each slot's is its own", () => {
  const ports = new Set<number>();
  const wires = new Set<number>();
  const slots = [0, 1, 2, 4094, 4095];
  for (const generation of [1, 2, 3, 1000, (1 << 16) - 1]) {
    for (const slot of slots) {
      ports.add(portRoot(slot, generation));
      wires.add(wireRoot(slot, generation));
      wires.add(wireRoot(slot + 15 * LIMITS.slotsPerPort, generation));
    }
  }
  assert.equal(ports.size, 25);
  assert.equal(wires.size, 50);
  for (const number of [...ports, ...wires]) assert.equal(number, number | 0);
});

Deno.test("a worker's own roots are neither a port's nor a session's", () => {
  const origins = Array.from({ length: LIMITS.workersMax }, (_, k) => workerRootOrigin(k));
  assert.equal(new Set(origins).size, LIMITS.workersMax);
  for (const origin of origins) {
    assert.equal(origin, origin | 0);
    assert.ok(origin < -1_000_000_000);
  }
});
