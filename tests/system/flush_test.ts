/** `flush`: nothing that was sent before it is left when it returns, and what it does not wait for. */

import assert from "node:assert/strict";
import { DomainQuery, type Session } from "chimaera";
import { type Node, startNode } from "chimaera/node";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { test } from "../permission.ts";
import { startClient } from "./kit/client_process.ts";
import { eventually, rejectsWith } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { forgetTrees } from "./kit/trees.ts";
import { Client as Faulty } from "./modules/faulty/faulty_client.ts";
import { Client } from "./modules/steady/steady_client.ts";
import { Holding } from "./modules/steady/steady_tasks.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();
const LANES = 4;
const HOME = 0;
const DEPTH = 8;

interface Parts {
  readonly node: Node;
  readonly session: Session;
  readonly client: Client;
  readonly admin: Admin;
}

async function withPool(workers: number, body: (parts: Parts) => Promise<void>): Promise<void> {
  await using node = await startNode({
    workers,
    debugHeap: true,
    memoryBytes: 256 << 20,
    modules: TEST_MODULES,
  });
  {
    await using session = await node.connect(64 << 20);
    const client = new Client(session);
    await client.create(HERE, HERE, "steady");
    await body({ node, session, client, admin: new Admin(session) });
  }
  await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
}

/** What the lanes have counted under a key, looked at together. */
async function total(client: Client, key: number): Promise<number> {
  const counts = Array.from({ length: LANES }, (_, lane) => client.tally(HERE, key, lane));
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

for (const workers of WORKER_COUNTS) {
  test(`TestFlush: 256 flushes of an idle node, ${workers} workers`, async () => {
    await withPool(workers, async ({ client, admin }) => {
      for (let round = 0; round < 256; round++) await admin.flush(HERE);
      assert.equal(await client.tally(HERE, 0, 0), 0);
    });
  });

  test(`TestAsyncIpc: forgotten tasks, ${DEPTH} deep, and a flush, ${workers} workers`, async () => {
    await withPool(workers, async ({ session, client, admin }) => {
      const trees = 2 ** 14;
      await forgetTrees(session, client, { key: 1, trees, depth: DEPTH });
      await admin.flush(HERE);
      assert.equal(await total(client, 1), trees * (DEPTH + 1));
    });
  });

  test(`what other ports and other clients sent before is done, ${workers} workers`, async () => {
    await withPool(workers, async ({ node, session, client, admin }) => {
      await using other = await node.connect(64 << 20);
      const ports = [session.port, await session.openPort(), other.port, await other.openPort()];
      for (let round = 1; round <= 30; round++) {
        for (const port of ports) {
          const bound = client.in(port);
          for (let lane = 0; lane < 50; lane++) {
            bound.asyncTree.forget(HERE, { key: round, lane, depthLeft: 2 });
          }
          port.flush();
        }
        await admin.flush(HERE);
        assert.equal(await total(client, round), ports.length * 50 * 3, `round ${round}`);
      }
    });
  });

  test(`a flush waits for handlers that sleep, and not for later tasks, ${workers} workers`, async () => {
    await withPool(workers, async ({ session, admin }) => {
      const faulty = new Faulty(session);
      await faulty.create(HERE, HERE, "faulty");
      const slow = Array.from(
        { length: 40 },
        (_, k) => faulty.asyncSleep(HERE, { ms: 10 * k + 400, lane: k }),
      );
      session.port.flush();
      const flushed = admin.flush(HERE);
      // By then every worker has been told that the flush has begun.
      await new Promise((resolve) => setTimeout(resolve, 300));
      using later = faulty.asyncSleep(HERE, { ms: 60_000, lane: 1 });
      session.port.flush();
      await flushed;
      session.port.poll();
      assert.ok(slow.every((task) => task.done));
      assert.equal(later.done, false);
      for (const task of slow) task.free();
      await rejectsWith("CHI-3005", later.wait({ timeoutMs: 1 }));
    });
  });

  test(`a flush ends while others go on sending, ${workers} workers`, async () => {
    await withPool(workers, async ({ session, client, admin }) => {
      const busy = client.in(await session.openPort());
      let sending = true;
      const send = async () => {
        while (sending) await busy.tally(HERE, 0, 1);
      };
      const senders = Array.from({ length: 64 }, send);
      for (let round = 1; round <= 20; round++) {
        await forgetTrees(session, client, { key: round, trees: 100, depth: 3 });
        await admin.flush(HERE);
        assert.equal(await total(client, round), 100 * 4);
      }
      sending = false;
      await Promise.all(senders);
    });
  });

  test(`flushes together, and flushes of handlers, ${workers} workers`, async () => {
    await withPool(workers, async ({ session, client, admin }) => {
      for (let round = 1; round <= 10; round++) {
        const key = 10 * round;
        await forgetTrees(session, client, { key, trees: 100, depth: DEPTH });
        const fields = (lane: number, deep: number, times: number) => ({
          key: key + 1 + lane,
          lane,
          deep,
          times,
          trees: 20,
          depth: 3,
        });
        const found = await Promise.all([
          admin.flush(HERE).then(() => total(client, key)),
          client.flushHere(HERE, fields(0, 0, 1)),
          client.flushHere(HERE, fields(1, 2, 1)),
          admin.flush(HERE).then(() => total(client, key)),
          client.flushHere(HERE, fields(2, 1, 3)),
          client.flushHere(HERE, fields(3, 0, 2)),
        ]);
        const all = 100 * (DEPTH + 1);
        assert.deepEqual(found, [all, 80, 80, all, 80, 80]);
      }
    });
  });

  test(`tasks that run for ever are not waited for, what they call is, ${workers} workers`, async () => {
    await withPool(workers, async ({ client, admin }) => {
      await client.tally(HERE, 0, 0);
      const tasks = Array.from({ length: 8 }, (_, lane) => {
        const task = client.asyncForever.alloc(null, HERE, { key: 1, lane });
        task.setLongRunning();
        task.submit();
        return task;
      });
      await eventually("they run", async () => await total(client, 1) === 8);
      for (let round = 0; round < 20; round++) await admin.flush(HERE);
      for (const task of tasks) {
        assert.equal(task.done, false);
        task.free(); // It ends now; the test waits for its block.
      }
    });
  });

  test(`a periodic task runs once for a flush, ${workers} workers`, async () => {
    await withPool(workers, async ({ client, admin }) => {
      await client.tally(HERE, 0, 0);
      const task = (key: number, ms: number) => {
        const beat = client.asyncBeat.alloc(null, HERE, { key, ms });
        beat.setPeriodMin(60);
        beat.submit();
        return beat;
      };
      using quick = task(1, 0);
      using slow = task(2, 4);
      await admin.flush(HERE);
      const before = await total(client, 1);
      assert.ok(before >= 1, "its first run was before the flush");
      for (let round = 1; round <= 10; round++) {
        await admin.flush(HERE);
        assert.equal(await total(client, 1), before + round);
      }
      assert.equal(await total(client, 2), await total(client, 1));
      assert.ok(!quick.done && !slow.done);
    });
  });

  test(`modules start what they hold back, ${workers} workers`, async () => {
    await withPool(workers, async ({ session, client, admin }) => {
      await client.tally(HERE, 0, 0);
      const held = Array.from(
        { length: 10 },
        () => client.asyncHold(HERE, { key: 1, how: Holding.task }),
      );
      client.asyncHold.forget(HERE, { key: 2, how: Holding.later, steps: 5 });
      client.asyncHold.forget(HERE, { key: 3, how: Holding.bitByBit, steps: 7 });
      await admin.flush(HERE);
      session.port.poll();
      assert.ok(held.every((task) => task.done));
      for (const task of held) task.free();
      const counts = await Promise.all([1, 2, 3].map((key) => client.tally(HERE, key, HOME)));
      assert.deepEqual(counts, [10, 5, 1]);
      // Those that come to be held while a flush is under way.
      for (let k = 0; k < 200; k++) {
        client.asyncHold.forget(HERE, { key: 4, how: k % 2, steps: 2 });
      }
      await admin.flush(HERE);
      assert.equal(await client.tally(HERE, 4, HOME), 100 + 200);
    });
  });

  test(`a flush fails with what a module throws, and the next does not, ${workers} workers`, async () => {
    await withPool(workers, async ({ session, client, admin }) => {
      await forgetTrees(session, client, { key: 1, trees: 100, depth: DEPTH });
      await client.asyncHold(HERE, { how: Holding.throws }).wait();
      const error = await rejectsWith("CHI-3004", admin.flush(HERE));
      assert.match(error.message, /steady.*: the monitor does not want to/);
      assert.equal(await total(client, 1), 100 * (DEPTH + 1));
      await admin.flush(HERE);
    });
  });

  for (const transport of ["shm", "socket"] as const) {
    test(`processes that flush, and one that dies, ${transport}, ${workers} workers`, async () => {
      using folder = new RuntimeFolder();
      const env = { env: folder.env };
      await using node = await NodeProcess.start({ workers }, env);
      const start = (key: number) =>
        startClient({ scenario: "flush", transport, key, depth: DEPTH }, env);
      await using first = start(100);
      await using second = start(200);
      await using victim = start(300);
      await victim.next("flushed");
      victim.kill("SIGKILL");
      await victim.ended(true);
      for (const client of [first, second]) {
        await client.next("done");
        await client.ended();
      }
      await eventually("no block is left", async () => (await node.figures()).blocks.length === 0);
      await node.stop();
    });
  }
}

test("a periodic task that flushes does not wait for itself", async () => {
  await withPool(2, async ({ client, admin }) => {
    await client.tally(HERE, 0, 0);
    const tasks = [0, 1].map((k) => {
      const task = client.asyncFlushHere.alloc(null, HERE, { key: 1 + k, trees: 2, deep: k });
      task.setPeriodMs(1);
      task.submit();
      return task;
    });
    await eventually("they run", async () => await total(client, 1) > 20);
    await eventually("they run", async () => await total(client, 2) > 20);
    for (let round = 0; round < 20; round++) await admin.flush(HERE);
    for (const task of tasks) {
      assert.equal(task.done, false);
      task.free();
    }
  });
});
