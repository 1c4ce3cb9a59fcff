/** Handlers that let a subtask race against something that only the event loop resolves. */

import assert from "node:assert/strict";
import { DomainQuery } from "chimaera";
import { startNode } from "chimaera/node";
import { test } from "../permission.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/loose/loose_client.ts";

const HERE = DomainQuery.getLocalId();
const HOUR_MS = 3_600_000;
const RACES = 5;

for (const workers of [1, 2]) {
  for (const targetLane of [0, 1]) {
    test(`a timer beats a subtask of lane ${targetLane}, ${workers} workers`, async () => {
      await using node = await startNode({ workers, debugHeap: true, modules: TEST_MODULES });
      await using session = await node.connect(64 << 20);
      const client = new Client(session);
      await client.create(HERE, HERE, "races");
      // Left sleeping: another handler of the worker that only its loop will wake.
      using sleeper = client.asyncSleep(HERE, { ms: HOUR_MS });
      const gone = new AbortController();
      const slept = sleeper.wait({ signal: gone.signal }).catch(() => {});
      for (let race = 0; race < RACES; race++) {
        const first = await client.race(HERE, { subtaskMs: HOUR_MS, timerMs: 20, targetLane });
        assert.equal(first, 1);
        assert.equal(await client.ok(HERE, 1), 2);
      }
      assert.equal(await client.race(HERE, { subtaskMs: 1, timerMs: 300, targetLane }), 2);
      gone.abort();
      await slept;
    });
  }
}

test("a timer beats a subtask while its worker is kept busy", async () => {
  await using node = await startNode({ workers: 1, debugHeap: true, modules: TEST_MODULES });
  await using session = await node.connect(64 << 20);
  const client = new Client(session);
  await client.create(HERE, HERE, "races");
  let over = false;
  const race = client.race(HERE, { subtaskMs: HOUR_MS, timerMs: 20 }).finally(() => over = true);
  while (!over) {
    const tasks = Array.from({ length: 64 }, (_, value) => client.asyncOk(HERE, { value }));
    for (const task of tasks) {
      await task.wait();
      task.free();
    }
  }
  assert.equal(await race, 1);
});
