import assert from "node:assert/strict";
import fc from "fast-check";
import { CreateContext, DomainQuery, type Session } from "chimaera";
import { startNode } from "chimaera/test";
import { test } from "../../tests/permission.ts";
import { Client as Admin } from "chimaera/admin_client";
import { Client as SmallMessage } from "chimaera/small_message_client";
import { Client } from "./worch_queue_round_robin_client.ts";

const LOCAL = DomainQuery.getLocalId();

async function policyOf(session: Session): Promise<Client> {
  const client = new Client(session);
  await client.create(LOCAL, LOCAL, "policy");
  return client;
}

/** Where the policy puts `laneCount` lanes of a group. */
async function placed(client: Client, laneCount: number, lanesOfWorker: number[]) {
  using task = client.asyncSchedule(LOCAL, { laneCount, lanesOfWorker });
  await task.wait();
  return [...task.workers];
}

test("worch_queue_round_robin: lanes go to workers in turn", async () => {
  await using started = await startNode();
  const policy = await policyOf(started.session);
  assert.deepEqual(await placed(policy, 6, [0, 0, 0]), [0, 1, 2, 0, 1, 2]);
  assert.deepEqual(await placed(policy, 3, [0]), [0, 0, 0]);
  assert.deepEqual(await placed(policy, 1, [4, 4, 4, 4]), [0]);
});

test("worch_queue_round_robin: workers with the fewest lanes come first", async () => {
  await using started = await startNode();
  const policy = await policyOf(started.session);
  assert.deepEqual(await placed(policy, 1, [3, 1, 2]), [1]);
  assert.deepEqual(await placed(policy, 3, [3, 1, 2]), [1, 2, 0]);
  assert.deepEqual(await placed(policy, 4, [5, 0]), [1, 0, 1, 0]);
});

test("worch_queue_round_robin: a group is spread as evenly as it goes, always", async () => {
  await using started = await startNode();
  const policy = await policyOf(started.session);
  const laneCounts = fc.integer({ min: 1, max: 64 });
  const loads = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 16 });
  await fc.assert(
    fc.asyncProperty(laneCounts, loads, async (laneCount, lanesOfWorker) => {
      const workers = await placed(policy, laneCount, lanesOfWorker);
      assert.equal(workers.length, laneCount);
      const given = lanesOfWorker.map((_, worker) => workers.filter((w) => w === worker).length);
      assert.equal(given.reduce((sum, count) => sum + count, 0), laneCount);
      assert.ok(Math.max(...given) - Math.min(...given) <= 1, `lanes given: ${given}`);
      // Who gets one more had no more lanes than who does not.
      const most = Math.max(...given);
      const [more, fewer] = [true, false].map((isMore) =>
        lanesOfWorker.filter((_, worker) => (given[worker] === most) === isMore)
      );
      assert.ok(
        Math.max(...more!) <= Math.min(...fewer!, Infinity),
        `lanes before: ${lanesOfWorker}`,
      );
    }),
    { numRuns: 100 },
  );
});

test("worch_queue_round_robin: new pools' lanes run where it says", async () => {
  await using started = await startNode();
  const { session } = started;
  const admin = new Admin(session);
  const policy = await policyOf(session);
  await admin.setWorkOrchQueuePolicy(LOCAL, policy.poolId);
  const asked = async () => {
    const pools = await admin.listPools(LOCAL);
    return pools.find(({ id }) => id === policy.poolId)!.lanes[0]!.done;
  };
  const askedBefore = await asked();
  for (const lanes of [1, 2, 5, 8]) {
    const client = new SmallMessage(session);
    await client.create(LOCAL, LOCAL, `pool of ${lanes}`, new CreateContext(), lanes);
    const info = (await admin.listPools(LOCAL)).find(({ id }) => id === client.poolId)!;
    const onFirst = info.lanes.filter(({ worker }) => worker === 0).length;
    assert.ok(Math.abs(onFirst - (lanes - onFirst)) <= 1, `${onFirst} of ${lanes} on worker 0`);
  }
  assert.ok(await asked() >= askedBefore + 4, "the policy was asked for each pool");
});
