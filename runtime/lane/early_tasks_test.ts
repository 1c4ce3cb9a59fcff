/** Tasks that came before their port: kept in order, and waited for by a lane that moves. */

import assert from "node:assert/strict";
import { LIMITS } from "../limits.ts";
import { EarlyTasks } from "./early_tasks.ts";

/** Whether a promise is settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(() => settled = true);
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

Deno.test("early tasks: go on in order when their port is known", () => {
  const early = new EarlyTasks();
  assert.equal(early.keep(16, 1, 100, 1), true);
  assert.equal(early.keep(16, 2, 200, 0), false);
  assert.equal(early.keep(17, 1, 300, 1), true);
  const seen: number[] = [];
  const see = (_kind: number, block: number) => seen.push(block);
  early.release(18, see);
  early.release(16, see);
  early.release(16, see);
  assert.deepEqual(seen, [100, 200]);
  assert.equal(early.keep(16, 1, 400, 1), true, "the first one again");
});

Deno.test("early tasks: what waits now can be waited for, not what comes later", async () => {
  const early = new EarlyTasks();
  await early.gone();
  early.keep(16, 1, 100, 1);
  early.keep(32, 1, 200, 1);
  const gone = early.gone();
  early.keep(48, 1, 300, 1);
  early.release(32, () => {});
  assert.equal(await isSettled(gone), false);
  const order: string[] = [];
  gone.then(() => order.push("gone"));
  early.release(16, () => order.push("handed over"));
  assert.equal(await isSettled(gone), true);
  assert.deepEqual(order, ["handed over", "gone"]);
});

Deno.test("early tasks: a port can be waited for that no task has come from", async () => {
  const early = new EarlyTasks();
  const opened = early.opened(LIMITS.portsPerSession);
  assert.equal(await isSettled(opened), false);
  assert.equal(early.keep(LIMITS.portsPerSession, 1, 100, 1), false);
  const seen: number[] = [];
  early.releaseSession(1, (_kind, block) => seen.push(block));
  assert.equal(await isSettled(opened), true);
  assert.deepEqual(seen, [100]);
});
