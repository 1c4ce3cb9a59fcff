/**
 * What has made runtimes of this kind hang, each as a test with a watchdog: waiting on one's own
 * lane, filling it, filling each other, both directions of a session full, and sending from where
 * no worker's loop is.
 */

import assert from "node:assert/strict";
import { DomainQuery, LIMITS, type Session } from "chimaera";
import { type Node, startNode } from "chimaera/node";
import { test } from "../permission.ts";
import { startClient } from "./kit/client_process.ts";
import { eventually, rejectsWith } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { inTime } from "./kit/watchdog.ts";
import { Client as Faulty } from "./modules/faulty/faulty_client.ts";
import { Fault } from "./modules/faulty/faulty_tasks.ts";
import { Client } from "./modules/pressing/pressing_client.ts";
import { From, Group, Manner, Pick } from "./modules/pressing/pressing_tasks.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();
/** More than a ring, its overflow list, or a task's subtasks take. */
const FLOOD = 20_000;

async function withPool(
  workers: number,
  body: (client: Client, session: Session, node: Node) => Promise<void>,
): Promise<void> {
  await using node = await startNode({
    workers,
    debugHeap: true,
    memoryBytes: 256 << 20,
    modules: TEST_MODULES,
  });
  {
    await using session = await node.connect(128 << 20);
    const client = new Client(session);
    await client.create(HERE, HERE, "pressing");
    await inTime("the test", body(client, session, node));
  }
  await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
}

for (const workers of WORKER_COUNTS) {
  test(`a handler awaits tasks of its own lane, ${workers} workers`, async () => {
    await withPool(workers, async (client) => {
      assert.equal(await client.bounce(HERE, 0, 0, 50), 51);
      const many = Array.from({ length: 2000 }, (_, k) => client.bounce(HERE, k % 4, k % 4, 8));
      assert.deepEqual(new Set(await Promise.all(many)), new Set([9]));
    });
  });

  test(`a handler sends more to its own lane than any bound, ${workers} workers`, async () => {
    await withPool(workers, async (client) => {
      for (const manner of [Manner.paced, Manner.asked]) {
        assert.deepEqual(await client.flood(HERE, 0, 0, FLOOD, manner), { sent: FLOOD, code: 0 });
      }
      const { sent } = await client.flood(HERE, 0, 0, FLOOD, Manner.told);
      assert.equal(sent, LIMITS.subtasksPerTask);
      assert.equal(await client.look(HERE, Group.control, 0, Pick.byIndex), 0);
    });
  });

  test(`lanes fill each other, ${workers} workers`, async () => {
    await withPool(workers, async (client) => {
      const floods: Promise<unknown>[] = [];
      for (let k = 0; k < 8; k++) {
        const [lane, other] = [k % 4, (k + 1) % 4];
        floods.push(client.flood(HERE, lane, other, FLOOD / 4, Manner.asked));
        floods.push(client.flood(HERE, other, lane, FLOOD / 4, Manner.paced));
      }
      const bounces = Array.from({ length: 2000 }, (_, k) => {
        return client.bounce(HERE, k % 4, (k + 1) % 4, 6);
      });
      const outcome = { sent: FLOOD / 4, code: 0 };
      assert.deepEqual(await Promise.all(floods), Array(16).fill(outcome));
      assert.deepEqual(new Set(await Promise.all(bounces)), new Set([7]));
    });
  });

  test(`tasks sent from outside a worker's pass run, ${workers} workers`, async () => {
    await withPool(workers, async (client, session) => {
      const calls: Promise<number>[] = [];
      for (let k = 0; k < 120; k++) {
        const from = [From.timer, From.foreignPromise, From.afterFile][k % 3]!;
        calls.push(client.outside(HERE, k % 4, (k >> 2) % 4, from));
      }
      const lanes = await Promise.all(calls);
      assert.deepEqual(lanes, lanes.map((_, k) => (k >> 2) % 4));
      // One after the other, so that the worker sleeps when the task comes.
      for (let k = 0; k < 12; k++) {
        assert.equal(await client.outside(HERE, 0, k % 4, (k % 3) as From), k % 4);
      }
      // And from a timer of the program, by another port, while the first has no room.
      const held = Array.from({ length: LIMITS.slotsPerPort }, () => client.asyncForever(HERE));
      const other = client.in(await session.openPort());
      const ranOn = await new Promise<number>((resolve, reject) => {
        setTimeout(
          () => other.look(HERE, Group.control, 3, Pick.byIndex).then(resolve, reject),
          1,
        );
      });
      assert.equal(ranOn, 3);
      const ends = held.map((task) => rejectsWith("CHI-3005", task.wait({ timeoutMs: 1 })));
      await Promise.all(ends);
      for (const task of held) task.free();
      assert.equal(await client.look(HERE, Group.control, 2, Pick.byIndex), 2);
    });
  });

  test(`a handler that would block is told, and its lane goes on, ${workers} workers`, async () => {
    await withPool(workers, async (_client, session) => {
      const faulty = new Faulty(session);
      await faulty.create(HERE, HERE, "faulty");
      for (let lane = 0; lane < 4; lane++) {
        await rejectsWith("CHI-3007", faulty.fail(HERE, Fault.waitsInHandler, lane));
        assert.equal(await faulty.ok(HERE, lane, lane), lane + 1);
      }
    });
  });

  for (const transport of ["shm", "socket"] as const) {
    test(`both directions of a session are full, ${transport}, ${workers} workers`, async () => {
      using folder = new RuntimeFolder();
      const env = { env: folder.env };
      await using node = await NodeProcess.start({ workers }, env);
      await using client = startClient({ scenario: "late_reader", transport }, env);
      const { sums } = await client.next<{ sums: number[] }>("sums");
      assert.deepEqual(sums, Array(sums.length).fill(LIMITS.slotsPerPort));
      await client.ended();
      await eventually("no block is left", async () => (await node.figures()).blocks.length === 0);
      await node.stop();
    });
  }
}
