/** Locks of handlers, through real nodes: tasks of a client that await inside of them. */

import assert from "node:assert/strict";
import { DomainQuery } from "chimaera";
import { type Node, startNode } from "chimaera/node";
import { test } from "../permission.ts";
import { startClient } from "./kit/client_process.ts";
import { eventually, rejectsWith } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/locking/locking_client.ts";
import { Ending, Lock, Stay } from "./modules/locking/locking_tasks.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();
const LANES = 4;
/** Every lock, and readers that ask in a row. */
const MIXED = [
  Lock.mutex,
  Lock.read,
  Lock.read,
  Lock.strictRead,
  Lock.strictRead,
  Lock.strictMutex,
  Lock.write,
  Lock.strictWrite,
];

/** Runs `use` with a pool, and looks afterwards that nothing of it is left. */
async function withPool(
  workers: number,
  use: (client: Client, via: number, node: Node) => Promise<void>,
): Promise<void> {
  await using node = await startNode({
    workers,
    debugHeap: true,
    memoryBytes: 64 << 20,
    modules: TEST_MODULES,
  });
  await using session = await node.connect(64 << 20);
  const other = new Client(session);
  await other.create(HERE, HERE, "between", undefined, 3);
  const client = new Client(session);
  await client.create(HERE, HERE, "locking", undefined, LANES);
  await use(client, other.poolId, node);
  await eventually("all locks are open", async () => {
    const { locked, waiting, present } = await client.state(HERE, LANES);
    return locked + waiting + present === 0;
  });
  await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
}

for (const workers of WORKER_COUNTS) {
  const at = `${workers} workers`;

  test(`locks keep out whom they must, across every kind of await, ${at}`, async () => {
    await withPool(workers, async (client) => {
      const tasks = Array.from({ length: 360 }, (_, k) =>
        client.hold(HERE, {
          lane: k % LANES,
          lock: MIXED[Math.floor(k / LANES) % MIXED.length]!,
          stay: Math.floor(k / 7) % 3,
          ms: k % 3,
          family: 1000 + k,
        }));
      const seen = await Promise.all(tasks);
      assert.equal(seen.reduce((sum, { strangers }) => sum + strangers, 0), 0);
      // They did wait for each other, and readers were in together.
      assert.ok(seen.some(({ asked, entered }) => asked !== entered));
      assert.ok(seen.some(({ together }) => together > 1));
    });
  });

  test(`a mutex is entered in the order in which it was asked for, ${at}`, async () => {
    await withPool(workers, async (client) => {
      const stays = [Stay.sleep, Stay.eventLoop, Stay.subtask];
      for (const lock of [Lock.mutex, Lock.strictMutex, Lock.write]) {
        const seen = await Promise.all(
          Array.from(
            { length: 40 },
            (_, k) => client.hold(HERE, { lane: 1, lock, stay: stays[k % 3]!, ms: 1, family: k }),
          ),
        );
        for (const { asked, entered } of seen) assert.equal(entered, asked);
        assert.ok(seen.every(({ strangers, together }) => strangers === 0 && together === 1));
      }
    });
  });

  test(`a writer among a stream of readers has its turn, ${at}`, async () => {
    await withPool(workers, async (client) => {
      let written = false;
      const reader = async (family: number) => {
        while (!written) await client.hold(HERE, { lane: 2, lock: Lock.read, ms: 3, family });
      };
      const readers = Array.from({ length: 8 }, (_, k) => reader(k));
      await eventually("there are readers", async () => {
        return (await client.state(HERE, 3)).present > 0;
      });
      await client.hold(HERE, { lane: 2, lock: Lock.write, family: 100 });
      written = true;
      await Promise.all(readers);
    });
  });

  test(`a root comes back to its lane through another pool, ${at}`, async () => {
    await withPool(workers, async (client, via) => {
      for (const lock of [Lock.mutex, Lock.read, Lock.write]) {
        const seen = await Promise.all(
          Array.from(
            { length: 12 },
            (_, k) => client.hold(HERE, { lane: 1, lock, via, depth: k % 4, family: k, ms: 1 }),
          ),
        );
        assert.ok(seen.every(({ strangers }) => strangers === 0));
        assert.ok(Math.max(...seen.map(({ together }) => together)) >= 4);
      }
      for (const lock of [Lock.strictMutex, Lock.strictWrite]) {
        // It waits for a task that waits for it; only the time ends that.
        const error = await rejectsWith(
          "CHI-3005",
          client.hold(HERE, { lane: 1, lock, via, depth: 1, timeoutMs: 60 }),
        );
        assert.match(error.message, /wait for a lock/);
      }
    });
  });

  test(`children of one root share a lock, and exclude each other in a strict one, ${at}`, async () => {
    await withPool(workers, async (client) => {
      const fan = (lock: Lock) =>
        client.fan(HERE, { lane: 0, targetLane: 3, lock, count: 10, family: 5 });
      for (const lock of [Lock.mutex, Lock.write]) {
        assert.deepEqual(await fan(lock), { strangers: 0, together: 10 });
      }
      for (const lock of [Lock.strictMutex, Lock.strictWrite]) {
        assert.deepEqual(await fan(lock), { strangers: 0, together: 1 });
      }
    });
  });

  test(`a wait ends when the caller gives up, and those behind it come in, ${at}`, async () => {
    await withPool(workers, async (client) => {
      const controller = new AbortController();
      const holder = client.asyncHold(HERE, { lane: 1, lock: Lock.write, stay: Stay.untilAborted });
      const holding = rejectsWith("CHI-3006", holder.wait({ signal: controller.signal }));
      const waiting = (count: number) =>
        eventually(`${count} wait`, async () => (await client.state(HERE, 2)).waiting === count);
      await eventually("it holds", async () => (await client.state(HERE, 2)).present === 1);
      const writer = client.asyncHold(HERE, { lane: 1, lock: Lock.write, family: 1 });
      const reader = client.asyncHold(HERE, { lane: 1, lock: Lock.read, family: 2 });
      await rejectsWith("CHI-3005", writer.wait({ timeoutMs: 20 }));
      await waiting(1);
      const late = client.hold(HERE, { lane: 1, lock: Lock.read, family: 3, timeoutMs: 5 });
      await rejectsWith("CHI-3005", late);
      await waiting(1);
      controller.abort();
      await holding;
      await reader.wait();
      for (const task of [holder, writer, reader]) task.free();
    });
  });

  test(`a holder that fails opens its lock, one that forgets it fails, ${at}`, async () => {
    await withPool(workers, async (client) => {
      for (const lock of Object.values(Lock)) {
        const fields = { lane: 2, lock, ms: 1 };
        await Promise.all([
          rejectsWith("CHI-3004", client.hold(HERE, { ...fields, ending: Ending.throws })),
          rejectsWith("CHI-3020", client.hold(HERE, { ...fields, ending: Ending.keeps })),
          client.hold(HERE, { ...fields, family: 1 }),
        ]);
      }
    });
  });

  test(`a holder whose client is killed opens its lock, ${at}`, async () => {
    using folder = new RuntimeFolder();
    const env = { env: folder.env };
    await using node = await NodeProcess.start({ workers, memoryBytes: 64 << 20 }, env);
    await using killed = startClient({ scenario: "hold_locks" }, env);
    await killed.next("holding");
    await using other = startClient({ scenario: "hold_locks", others: true }, env);
    await other.next("waiting");
    killed.kill("SIGKILL");
    await other.next("entered");
    await other.ended();
    await node.stop();
  });
}
