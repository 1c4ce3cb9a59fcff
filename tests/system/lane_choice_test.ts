/** Which lane a task runs on: groups, indices, hashes, true load; and tasks that run for ever. */

import assert from "node:assert/strict";
import { DomainQuery, type Session } from "chimaera";
import { startNode } from "chimaera/node";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { test } from "../permission.ts";
import { eventually, rejectsWith } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { inTime } from "./kit/watchdog.ts";
import { Client } from "./modules/pressing/pressing_client.ts";
import { Group, Pick } from "./modules/pressing/pressing_tasks.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();
const DATA_LANES = 32;

async function withPool(
  workers: number,
  body: (client: Client, session: Session) => Promise<void>,
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
    await client.create(HERE, HERE, "pressing");
    await inTime("the test", body(client, session));
  }
  await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
}

for (const workers of WORKER_COUNTS) {
  test(`lanes by index and by hash, in several groups, ${workers} workers`, async () => {
    await withPool(workers, async (client) => {
      for (const [group, lanes] of [[Group.control, 4], [Group.data, DATA_LANES]] as const) {
        for (let lane = 0; lane < lanes; lane++) {
          using task = client.asyncLook(HERE, { group, lane, pick: Pick.byIndex });
          await task.wait();
          assert.deepEqual([task.ranIn, task.ranOn], [group, lane]);
        }
        for (const hash of [0, 1, lanes, 7 * lanes + 3, 0xffff_ffff]) {
          assert.equal(await client.look(HERE, group, hash, Pick.byHash), hash % lanes);
        }
        await rejectsWith("CHI-4007", client.look(HERE, group, lanes, Pick.byIndex));
      }
      await rejectsWith("CHI-4007", client.look(HERE, 9, 0, Pick.leastLoaded));
    });
  });

  test(`the least loaded of 32 data lanes, ${workers} workers`, async () => {
    await withPool(workers, async (client, session) => {
      // A burst is spread over all; a lane that is done early gets more.
      const burst = Array.from(
        { length: 10 * DATA_LANES },
        () => client.look(HERE, Group.data, 0, Pick.leastLoaded, 20),
      );
      const counts = new Array<number>(DATA_LANES).fill(0);
      for (const lane of await Promise.all(burst)) counts[lane]!++;
      assert.ok(Math.min(...counts) >= 5, `${counts}`);
      // Lanes that have work already get none while others are idle.
      const admin = new Admin(session);
      const waitingOn = async (lane: number) => {
        const pools = await admin.listPools(HERE);
        const { lanes } = pools.find(({ id }) => id === client.poolId)!;
        return lanes.find(({ group, index }) => group === Group.data && index === lane)!.waiting;
      };
      const busy = Array.from(
        { length: 400 },
        (_, k) => client.look(HERE, Group.data, k % 2, Pick.byIndex, 2000),
      );
      await eventually(
        "work waits",
        async () => await waitingOn(0) > 20 && await waitingOn(1) > 20,
      );
      const chosen = Array.from(
        { length: 60 },
        () => client.look(HERE, Group.data, 0, Pick.leastLoaded),
      );
      const lanes = new Set(await Promise.all(chosen));
      assert.ok(!lanes.has(0) && !lanes.has(1), `${[...lanes]}`);
      assert.equal(lanes.size, DATA_LANES - 2);
      await Promise.all(busy);
    });
  });

  test(`tasks that run for ever have a group of their own, ${workers} workers`, async () => {
    await withPool(workers, async (client) => {
      const forever = Array.from({ length: 100 }, () => client.asyncForever(HERE));
      for (let lane = 0; lane < 4; lane++) {
        assert.equal(await client.look(HERE, Group.control, lane, Pick.byIndex), lane);
      }
      // Their own lane serves others too: they wait, and do not hold it.
      assert.equal(await client.look(HERE, Group.forever, 0, Pick.byIndex), 0);
      assert.ok(forever.every((task) => !task.done));
      const ends = forever.map((task) => rejectsWith("CHI-3005", task.wait({ timeoutMs: 1 })));
      await Promise.all(ends);
      for (const task of forever) task.free();
    });
  });
}
