import assert from "node:assert/strict";
import { ChimaeraError } from "../errors.ts";
import { PoolMaking } from "./pool_making.ts";

const tooLate = () => new ChimaeraError("upgradeFailed", { what: "upgrade x", why: "too late" });

Deno.test("pool making: an upgrade waits for pools, and they for it", async () => {
  const making = new PoolMaking();
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = making.track("x", () => gate.promise.then(() => void order.push("first")));
  const alone = making.without("x", { limitMs: 10_000, tooLate }, async () => {
    await null;
    order.push("alone");
  });
  const second = making.track("x", () => Promise.resolve(void order.push("second")));
  const other = making.track("y", () => Promise.resolve(void order.push("other")));
  await other;
  assert.equal(making.count, 2);
  gate.resolve();
  await Promise.all([first, alone, second]);
  assert.deepEqual(order, ["other", "first", "alone", "second"]);
  assert.equal(making.count, 0);
});

Deno.test("pool making: one that never ends is not waited for for ever", async () => {
  const making = new PoolMaking();
  const never = Promise.withResolvers<void>();
  const stuck = making.track("x", () => never.promise);
  const call = () => Promise.reject(new Error("it is not called"));
  await assert.rejects(making.without("x", { limitMs: 5, tooLate }, call), { code: "CHI-4025" });
  await making.track("x", () => Promise.resolve());
  never.resolve();
  await stuck;
});
