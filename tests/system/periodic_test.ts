/** Periodic tasks: when they run, where, and what ends them. */

import assert from "node:assert/strict";
import { DomainQuery, type Session } from "chimaera";
import { type Node, startNode } from "chimaera/node";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { test } from "../permission.ts";
import { startClient } from "./kit/client_process.ts";
import { eventually, rejectsWith, throwsWith } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/steady/steady_client.ts";
import type { BeatTask } from "./modules/steady/steady_tasks.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();
const HOME = 0;

async function withPool(
  workers: number,
  body: (client: Client, session: Session, node: Node) => Promise<void>,
): Promise<void> {
  await using node = await startNode({
    workers,
    debugHeap: true,
    memoryBytes: 128 << 20,
    modules: TEST_MODULES,
  });
  {
    await using session = await node.connect(64 << 20);
    const client = new Client(session);
    await client.create(HERE, HERE, "steady");
    await body(client, session, node);
  }
  await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
}

/** Sends a periodic task; lane 3 is not the one that it runs on. */
function beat(client: Client, periodMs: number, fields: Partial<BeatTask>): BeatTask {
  const task = client.asyncBeat.alloc(null, HERE, { lane: 3, ...fields });
  task.setPeriodMs(periodMs);
  task.submit();
  return task;
}

/** Resolves when the home instance has counted that many runs. */
async function runs(client: Client, key: number, atLeast: number): Promise<void> {
  await eventually(`${atLeast} runs`, async () => await client.tally(HERE, key, HOME) >= atLeast);
}

/** Fails unless the task with that key has run for the last time. */
async function rests(client: Client, key: number): Promise<void> {
  await eventually("it rests", async () => {
    const before = await client.tally(HERE, key, HOME);
    await new Promise((resolve) => setTimeout(resolve, 25));
    return await client.tally(HERE, key, HOME) === before;
  });
}

for (const workers of WORKER_COUNTS) {
  test(`a periodic task runs on the home lane until it says so, ${workers} workers`, async () => {
    await withPool(workers, async (client) => {
      using task = beat(client, 20, { key: 1, until: 6 });
      await task.wait();
      assert.equal(task.runs, 6, "its fields stay between its runs");
      assert.equal(task.ranOn, HOME);
      // The handler reads its clock a moment after the worker.
      assert.ok(task.leastMs > 10, `runs began ${task.leastMs} ms apart`);
      await rests(client, 1);
      assert.equal(await client.tally(HERE, 1, HOME), 6);
    });
  });

  test(`its first run is at once, and it never runs twice at a time, ${workers} workers`, async () => {
    await withPool(workers, async (client) => {
      using hourly = client.asyncBeat.alloc(null, HERE, { key: 1 });
      hourly.setPeriodMin(60);
      hourly.submit();
      using slow = beat(client, 1, { key: 2, ms: 5, until: 5 });
      await slow.wait();
      assert.equal(slow.overlaps, 0);
      assert.ok(slow.leastMs > 3, `runs of 5 ms began ${slow.leastMs} ms apart`);
      assert.equal(await client.tally(HERE, 1, HOME), 1);
      assert.equal(hourly.done, false);
    });
  });

  test(`a run that throws ends it with that error, ${workers} workers`, async () => {
    await withPool(workers, async (client, session) => {
      using task = beat(client, 1, { key: 1, failAt: 3 });
      const error = await rejectsWith("CHI-3004", task.wait());
      assert.match(error.message, /tests_steady\.kBeat: run 3 fails/);
      await rests(client, 1);
      const pools = await new Admin(session).listPools(HERE);
      const { lanes } = pools.find(({ name }) => name === "steady")!;
      assert.deepEqual(lanes.map(({ failed }) => failed), [1, 0, 0, 0]);
    });
  });

  test(`freeing it, a deadline and a signal end it, ${workers} workers`, async () => {
    await withPool(workers, async (client) => {
      const freed = beat(client, 1, { key: 1 });
      const waiting = beat(client, 3_600_000, { key: 2 });
      const late = beat(client, 1, { key: 3, ms: 2 });
      const signalled = beat(client, 1, { key: 4 });
      for (const key of [1, 3, 4]) await runs(client, key, 3);
      await runs(client, 2, 1);
      freed.free();
      waiting.free();
      await rejectsWith("CHI-3005", late.wait({ timeoutMs: 1 }));
      await rejectsWith("CHI-3006", signalled.wait({ signal: AbortSignal.abort() }));
      late.free();
      signalled.free();
      for (const key of [1, 2, 3, 4]) await rests(client, key);
    });
  });

  test(`its pool's end is its end, ${workers} workers`, async () => {
    await withPool(workers, async (client, session) => {
      using waiting = beat(client, 3_600_000, { key: 1 });
      using running = beat(client, 1, { key: 2, ms: 3 });
      await runs(client, 1, 1);
      await runs(client, 2, 2);
      await new Admin(session).destroyContainer(HERE, client.poolId);
      await rejectsWith("CHI-4001", waiting.wait());
      await rejectsWith("CHI-4001", running.wait());
    });
  });

  test(`a handler's periodic subtask, ${workers} workers`, async () => {
    await withPool(workers, async (client) => {
      for (const lane of [0, 1, 2, 3]) {
        const key = 10 * lane;
        const period = { lane, periodUs: 500 };
        assert.equal(await client.relay(HERE, { ...period, key, until: 5, then: 0 }), 5);
        const failing = client.relay(HERE, { ...period, key: key + 1, failAt: 2, then: 0 });
        await rejectsWith("CHI-3004", failing);
        // Freed, left behind, forgotten: it ends with its handler at the latest.
        for (const then of [1, 2, 3]) {
          await client.relay(HERE, { ...period, key: key + 1 + then, then });
          await rests(client, key + 1 + then);
        }
      }
    });
  });

  for (const transport of ["shm", "socket"] as const) {
    test(`a client's periodic tasks end with it, ${transport}, ${workers} workers`, async () => {
      using folder = new RuntimeFolder();
      const env = { env: folder.env };
      await using node = await NodeProcess.start({ workers }, env);
      await using watcher = startClient({ scenario: "periodic_watch" }, env);
      await using client = startClient({ scenario: "periodic", transport, tasks: 40 }, env);
      await client.next("ended itself");
      await client.next("running");
      assert.ok((await watcher.ask<{ counts: number[] }>("counts")).counts.every((n) => n > 0));
      client.kill("SIGKILL");
      await client.ended(true);
      await eventually("they rest", async () => {
        const before = await watcher.ask<{ counts: number[] }>("counts");
        await new Promise((resolve) => setTimeout(resolve, 50));
        const { counts } = await watcher.ask<{ counts: number[] }>("counts");
        return JSON.stringify(counts) === JSON.stringify(before.counts);
      });
      await watcher.send({ kind: "stop" });
      await watcher.ended();
      await eventually("no block is left", async () => (await node.figures()).blocks.length === 0);
      await node.stop();
    });
  }
}

test("a task that is forgotten and periodic goes on until it says so", async () => {
  await withPool(2, async (client) => {
    const task = client.asyncBeat.alloc(null, HERE, { key: 1, until: 5 });
    task.setPeriodUs(200);
    task.fireAndForget();
    await runs(client, 1, 5);
    await rests(client, 1);
    assert.equal(await client.tally(HERE, 1, HOME), 5);
  });
});

test("periods that make no sense, and tasks that are sent already", async () => {
  await withPool(1, async (client) => {
    await client.tally(HERE, 0, 0);
    using task = client.asyncBeat.alloc(null, HERE, { until: 2 });
    for (const us of [0, -1, NaN, Infinity, 2 ** 32]) {
      throwsWith("CHI-3001", () => task.setPeriodUs(us));
    }
    throwsWith("CHI-3001", () => task.setPeriodMin(72));
    task.setPeriodNs(1);
    task.setPeriodSec(1);
    task.setPeriodMs(0.5);
    task.submit();
    throwsWith("CHI-3010", () => task.setPeriodUs(1));
    throwsWith("CHI-3010", () => task.setLongRunning());
    await task.wait();
    assert.equal(task.runs, 2);
  });
});
