/** Awaiting tasks: several at once, with deadlines and without, and tasks that are freed meanwhile. */

import assert from "node:assert/strict";
import { DomainQuery, type Session } from "chimaera";
import { startNode } from "chimaera/node";
import { test } from "../permission.ts";
import { eventually, rejectsWith } from "./kit/expect.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/faulty/faulty_client.ts";

const HERE = DomainQuery.getLocalId();

async function withClient(
  body: (client: Client, port: Session["port"]) => Promise<void>,
): Promise<void> {
  await using node = await startNode({
    workers: 2,
    debugHeap: true,
    memoryBytes: 64 << 20,
    modules: TEST_MODULES,
  });
  await using session = await node.connect(64 << 20);
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  await body(client, session.port);
  assert.equal(await client.ok(HERE, 1), 2);
  await eventually("every task has ended", () => {
    session.port.poll();
    return session.port.outstanding === 0;
  });
}

test("a task that several await tells them all", async () => {
  await withClient(async (client) => {
    using task = client.asyncSleep(HERE, { ms: 10, value: 1 });
    await Promise.all([
      task.wait(),
      task.wait(),
      task.wait({ timeoutMs: 60_000 }),
      task.wait({ signal: new AbortController().signal }),
    ]);
    assert.equal(task.result, 2);
    await task.wait();
  });
});

test("a deadline ends the waiting of all who await the task", async () => {
  await withClient(async (client) => {
    using task = client.asyncSleep(HERE, { ms: 100 });
    await Promise.all([
      rejectsWith("CHI-3005", task.wait()),
      rejectsWith("CHI-3005", task.wait({ timeoutMs: 1 })),
      rejectsWith("CHI-3005", task.wait({ timeoutMs: 50 })),
    ]);
    await rejectsWith("CHI-3005", task.wait());
  });
});

test("who awaits a task that is freed meanwhile learns of its end, and nobody else's", async () => {
  await withClient(async (client, port) => {
    const freed = client.asyncSleep(HERE, { ms: 20 });
    const end = freed.wait();
    freed.free();
    for (let value = 0; value < 100; value++) {
      assert.equal(await client.ok(HERE, value), value + 1);
    }
    await end;
    assert.equal(port.outstanding, 0, "the task itself has ended");
  });
});

test("more tasks than a round takes, each awaited at once", async () => {
  await withClient(async (client) => {
    const values = Array.from({ length: 1000 }, (_, value) => value);
    for (let round = 0; round < 3; round++) {
      const results = await Promise.all(values.map((value) => client.ok(HERE, value)));
      assert.deepEqual(results, values.map((value) => value + 1));
    }
  });
});
