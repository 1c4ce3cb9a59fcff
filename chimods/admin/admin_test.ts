import assert from "node:assert/strict";
import { ADMIN_POOL_ID, CreateContext, DomainQuery, type Session } from "chimaera";
import { startNode } from "chimaera/test";
import { test } from "../../tests/permission.ts";
import { Client as SmallMessage } from "chimaera/small_message_client";
import { Client } from "./admin_client.ts";

const LOCAL = DomainQuery.getLocalId();

async function makePool(session: Session, name: string, lanes: number): Promise<SmallMessage> {
  const client = new SmallMessage(session);
  await client.create(LOCAL, LOCAL, name, new CreateContext(), lanes);
  return client;
}

/** Rejects with the code. */
async function failsWith(code: string, call: () => Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error: { code?: string }) => {
    assert.equal(error.code, code, String(error));
    return true;
  });
}

test("admin: a pool is made once, however many ask for the same one", async () => {
  await using started = await startNode();
  const { session } = started;
  const admin = new Client(session);
  const asked = Array.from({ length: 8 }, () => makePool(session, "one", 2));
  const ids = (await Promise.all(asked)).map(({ poolId }) => poolId);
  assert.equal(new Set(ids).size, 1);
  assert.equal(await admin.getPoolId(LOCAL, "one"), ids[0]);
  const named = (await admin.listPools(LOCAL)).filter(({ name }) => name === "one");
  assert.equal(named.length, 1);
  assert.equal(named[0]!.libName, "chimaera_small_message");
});

test("admin: a name that stands for other parameters is an error", async () => {
  await using started = await startNode();
  const { session } = started;
  const { poolId } = await makePool(session, "one", 2);
  await failsWith("CHI-4002", () => makePool(session, "one", 3));
  assert.equal((await makePool(session, "one", 2)).poolId, poolId);
});

test("admin: an ended pool is gone, and its name is free", async () => {
  await using started = await startNode();
  const { session } = started;
  const admin = new Client(session);
  const first = await makePool(session, "brief", 2);
  assert.equal(await first.md(LOCAL, 3), 4);
  await admin.destroyContainer(LOCAL, first.poolId);
  assert.equal(await admin.getPoolId(LOCAL, "brief"), 0);
  await failsWith("CHI-4001", () => first.md(LOCAL, 0));
  await failsWith("CHI-4001", () => admin.destroyContainer(LOCAL, first.poolId));

  const second = await makePool(session, "brief", 5);
  assert.notEqual(second.poolId, first.poolId);
  assert.equal(await second.md(LOCAL, 3), 4);
});

test("admin: what the node needs is not ended", async () => {
  await using started = await startNode();
  const admin = new Client(started.session);
  await failsWith("CHI-4014", () => admin.destroyContainer(LOCAL, ADMIN_POOL_ID));
  assert.ok((await admin.listPools(LOCAL)).some(({ id }) => id === ADMIN_POOL_ID));
});

test("admin: getPoolId of a name that no pool has is 0", async () => {
  await using started = await startNode();
  assert.equal(await new Client(started.session).getPoolId(LOCAL, "nobody's"), 0);
});

test("admin: more pools and lanes than one answer holds are listed all", async () => {
  await using started = await startNode();
  const { session } = started;
  const admin = new Client(session);
  const before = (await admin.listPools(LOCAL)).length;
  // The second alone is longer than an answer; the others go around its cut.
  const laneCounts = [3, 1000, ...Array.from({ length: 30 }, (_, k) => k + 1)];
  for (const [k, lanes] of laneCounts.entries()) await makePool(session, `pool ${k}`, lanes);
  using page = admin.asyncListPools(LOCAL, { pool: 0, lane: 0 });
  await page.wait();
  assert.ok(page.nextPool < page.total, "it takes several answers");

  const pools = await admin.listPools(LOCAL);
  assert.equal(pools.length, before + laneCounts.length);
  for (const [k, lanes] of laneCounts.entries()) {
    const info = pools.find(({ name }) => name === `pool ${k}`)!;
    assert.deepEqual(
      info.lanes.map(({ index }) => index),
      Array.from({ length: lanes }, (_, index) => index),
    );
  }
  const laneIds = pools.flatMap((pool) => pool.lanes.map(({ id }) => id));
  assert.equal(new Set(laneIds).size, laneIds.length);
});

test("admin: pollStats tells about workers, sessions and memory", async () => {
  await using started = await startNode();
  const { session, node } = started;
  const admin = new Client(session);
  const pool = await makePool(session, "busy", 2);
  for (let k = 0; k < 10; k++) await pool.md(LOCAL, 0, k);
  const stats = await admin.pollStats(LOCAL);
  assert.equal(stats.pid, Deno.pid);
  assert.match(stats.version, /^\d+\.\d+\.\d+/);
  assert.match(stats.backing, /^(memfd|file|private)$/);
  assert.equal(stats.memoryBytes, node.segment.sizeBytes);
  assert.ok(stats.usedBytes >= 0 && stats.usedBytes <= stats.memoryBytes);
  assert.deepEqual(stats.workers.map(({ id }) => id), [0, 1]);
  assert.ok(stats.workers.reduce((sum, { tasks }) => sum + tasks, 0) >= 10);
  assert.ok(stats.sessions.some(({ transport }) => transport === "in-process"));
  assert.deepEqual([stats.stalls, stats.malformed], [[], 0]);
});

test("admin: a pool that is no policy is not put in charge", async () => {
  await using started = await startNode();
  const { session } = started;
  const admin = new Client(session);
  const { poolId } = await makePool(session, "no policy", 1);
  await failsWith("CHI-4001", () => admin.setWorkOrchQueuePolicy(LOCAL, 999));
  await failsWith("CHI-4001", () => admin.setWorkOrchProcPolicy(LOCAL, 999));
  await failsWith("CHI-3002", () => admin.setWorkOrchQueuePolicy(LOCAL, poolId));
  await failsWith("CHI-3002", () => admin.setWorkOrchProcPolicy(LOCAL, poolId));
  // Not in charge: it may go, and pools are made as before.
  await admin.destroyContainer(LOCAL, poolId);
  assert.equal(await (await makePool(session, "after", 2)).md(LOCAL, 1), 2);
});

test("admin: stopRuntime is answered, and the node is asked to stop", async () => {
  await using started = await startNode();
  await new Client(started.session).stopRuntime(LOCAL);
  await started.node.stopAsked;
});
