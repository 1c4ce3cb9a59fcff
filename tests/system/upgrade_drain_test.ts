/**
 * What is under way when a module is upgraded: what has begun ends on the old version, with all that
 * it waits for; what waits runs on the new one, once and in its order.
 */

import assert from "node:assert/strict";
import { ChimaeraError, CreateContext, DomainQuery } from "chimaera";
import { type Node, startNode } from "chimaera/node";
import { Client as Admin } from "chimaera/admin_client";
import { test } from "../permission.ts";
import { eventually, rejectsWith } from "./kit/expect.ts";
import type { AddTask } from "./kit/ledger_repo.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { RepoCopy } from "./kit/repo_copy.ts";
import { answersAre, begun, withShop } from "./kit/shop.ts";
import { Client as Faulty } from "./modules/faulty/faulty_client.ts";
import { Client as Locking } from "./modules/locking/locking_client.ts";
import { Ending, Lock, Stay } from "./modules/locking/locking_tasks.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();
const LANES = 3;
/** An amount that takes its time. */
const SLOW = 1_000_000;
const SLOW_ADD = `if (task.amount === ${SLOW}) await rctx.sleep(400);`;

for (const workers of WORKER_COUNTS) {
  test(`what has begun ends on the old version, the rest runs on the new, ${workers} workers`, async () => {
    const first = { version: 1, isAsync: true, add: SLOW_ADD };
    await withShop({ workers, first }, async (shop) => {
      const { client, repo, upgrade } = shop;
      await client.create("books", LANES);
      const slow = Array.from({ length: LANES }, (_, lane) => client.add(lane, SLOW));
      await begun(shop, LANES);
      repo.write({ ...first, version: 2 });
      let over = false;
      const upgrading = upgrade().finally(() => over = true);
      const sent: { task: AddTask; lane: number }[] = [];
      const got = Array.from({ length: LANES }, () => [] as [number, number][]);
      const read = async () => {
        const { task, lane } = sent.shift()!;
        await task.wait();
        got[lane]!.push([task.version, task.sum % SLOW]);
        task.free();
      };
      for (let k = 0; !over || k % LANES !== 0 || k < 600; k++) {
        sent.push({ task: client.asyncAdd(HERE, { lane: k % LANES, amount: 1 }), lane: k % LANES });
        if (sent.length > 200) await read();
      }
      const { tasks } = await upgrading;
      assert.ok(tasks > 0, "some tasks waited");
      while (sent.length > 0) await read();
      for (const { version } of await Promise.all(slow)) assert.equal(version, 1);
      for (const lane of got) {
        lane.forEach(([, sum], k) => assert.equal(sum, k + 1, "one after the other, each once"));
        const firstNew = lane.findIndex(([version]) => version === 2);
        assert.ok(firstNew >= 0, "the new version answers");
        lane.forEach(([version], k) => assert.equal(version, k < firstNew ? 1 : 2));
      }
      await answersAre(shop, 2, got.map(({ length }) => SLOW + length));
    });
  });
}

test("what a drain cannot end keeps the old version, and its queue goes on", async () => {
  const first = { version: 1, isAsync: true, add: SLOW_ADD };
  await withShop({ first }, async (shop) => {
    const { client, node, repo, upgrade } = shop;
    await client.create("books", 2);
    node.upgrades.drainMs = 100;
    const slow = client.add(0, SLOW);
    await begun(shop, 1);
    repo.write({ ...first, version: 2 });
    const refused = rejectsWith("CHI-4025", upgrade());
    const waiting = Array.from({ length: 300 }, (_, k) => client.add(k % 2, 1));
    const error = await refused;
    assert.match(error.message, /what its pools have begun did not end in 100 ms/);
    assert.equal(error.message.match(/upgrade shop_ledger/g)!.length, 1);
    assert.equal(
      error.hint,
      "the old version serves on; upgrade again when its handlers have ended",
    );
    const results = await Promise.all(waiting);
    assert.ok(results.every(({ version }) => version === 1));
    assert.deepEqual(results.map(({ sum }) => sum), results.map((_, k) => 1 + (k >> 1)));
    assert.equal((await slow).version, 1);
    node.upgrades.drainMs = 5000;
    await upgrade();
    await answersAre(shop, 2, [SLOW + 150, 150]);
  });
});

test("forgotten tasks, and those that a flush waits for, are not lost", async () => {
  const first = { version: 1, isAsync: true, add: "await rctx.sleep(1);" };
  await withShop({ first }, async (shop) => {
    const { admin, client, repo, upgrade } = shop;
    await client.create("books", 2);
    let sent = 0;
    let looked = 0;
    for (let version = 2; version < 5; version++) {
      repo.write({ ...first, version });
      const upgrading = upgrade();
      const flushes: Promise<void>[] = [];
      for (let round = 0; round < 8; round++) {
        for (let k = 0; k < 40; k++) {
          await client.asyncAdd.pacedForget(HERE, { lane: sent++ % 2, amount: 1 });
        }
        const before = sent + looked;
        flushes.push(
          admin.flush(HERE).then(() => {
            const { lanes } = shop.node.pools.list().find(({ id }) => id === client.poolId)!;
            const done = lanes.reduce((sum, lane) => sum + lane.done, 0);
            assert.ok(done >= before, `${done} of the ${before} before the flush`);
          }),
        );
      }
      await Promise.all([upgrading, ...flushes]);
      await answersAre(shop, version, [sent / 2, sent / 2]);
      looked += 2;
    }
  });
});

for (const workers of [1, 2]) {
  test(`a task that is given up while it waits begins with its signal fired, ${workers} workers`, async () => {
    const add = `${SLOW_ADD} if (rctx.signal.aborted) this.sum += 999;`;
    const first = { version: 1, isAsync: true, add };
    await withShop({ workers, first }, async (shop) => {
      const { client, repo, upgrade } = shop;
      await client.create("books", 1);
      const slow = client.add(0, SLOW);
      await begun(shop, 1);
      repo.write({ ...first, version: 2 });
      const upgrading = upgrade();
      let ran = 0;
      let givenUp = 0;
      while (givenUp === 0) {
        const task = client.asyncAdd(HERE, { lane: 0, amount: 1 });
        try {
          await task.wait({ timeoutMs: 60 });
          ran++;
        } catch (thrown) {
          assert.ok(thrown instanceof ChimaeraError && thrown.code === "CHI-3005");
          givenUp++;
        }
        task.free();
      }
      await upgrading;
      assert.equal((await slow).version, 1);
      await answersAre(shop, 2, [SLOW + ran + 1000 * givenUp]);
    });
  });
}

for (const workers of WORKER_COUNTS) {
  test(`handlers may call their own pool while it is upgraded, ${workers} workers`, async () => {
    using repo = new RepoCopy("faulty");
    slowDown(repo, "faulty");
    await using node = await startNode({ workers, debugHeap: true, repos: [repo.folder] });
    {
      await using session = await node.connect(64 << 20);
      const admin = new Admin(session);
      const client = new Faulty(session);
      await client.create(HERE, HERE, "pool", new CreateContext(), 4);
      const calls = Array.from({ length: 4 }, (_, lane) => {
        return client.asyncCall(HERE, { lane, targetLane: lane + 1, count: 50 });
      });
      await client.ok(HERE, 1, 0);
      repo.touch("faulty");
      const info = await admin.upgradeModule(HERE, "faulty");
      // They were there before: they have ended, and so has what they sent.
      assert.deepEqual(calls.map(({ done }) => done), [true, true, true, true]);
      assert.deepEqual([info.lanes, info.restarted], [4, 4]);
      for (const call of calls) {
        await call.wait();
        assert.equal(call.result, 50 * 49 / 2 + 50);
        call.free();
      }
      await admin.destroyContainer(HERE, client.poolId);
    }
    await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
  });

  test(`a handler that goes on calling does not keep a module from being upgraded, ${workers} workers`, async () => {
    using repo = new RepoCopy("faulty", "fickle=faulty");
    slowDown(repo, "fickle");
    await using node = await startNode({ workers, debugHeap: true, repos: [repo.folder] });
    await using session = await node.connect(64 << 20);
    const admin = new Admin(session);
    const caller = new Faulty(session);
    await caller.create(HERE, HERE, "caller", new CreateContext(), 2);
    const fickle = await createOf(node, "tests_fickle");
    const calls = [0, 1].map((lane) => {
      return caller.asyncCall(HERE, { pool: fickle, lane, targetLane: lane, count: 400 });
    });
    await caller.ok(HERE, 1, 0);
    repo.touch("fickle");
    await admin.upgradeModule(HERE, "fickle");
    assert.deepEqual(calls.map(({ done }) => done), [false, false], "they still go on");
    for (const call of calls) {
      await call.wait();
      assert.equal(call.result, 400 * 399 / 2 + 400);
      call.free();
    }
  });

  test(`locks are held and entered again by way of another pool, ${workers} workers`, async () => {
    using repo = new RepoCopy("locking", "bolting=locking");
    await using node = await startNode({ workers, debugHeap: true, repos: [repo.folder] });
    await using session = await node.connect(64 << 20);
    const admin = new Admin(session);
    const client = new Locking(session);
    await client.create(HERE, HERE, "locking", new CreateContext(), 3);
    const via = await createOf(node, "tests_bolting");
    const holds = Array.from({ length: 12 }, (_, family) =>
      client.hold(HERE, {
        lane: family % 3,
        lock: [Lock.mutex, Lock.write, Lock.read][family % 3]!,
        stay: Stay.sleep,
        ms: 5,
        ending: Ending.release,
        depth: 3,
        via,
        family,
      }));
    await client.state(HERE, 0);
    for (const module of ["locking", "bolting", "locking"]) {
      repo.touch(module);
      await admin.upgradeModule(HERE, module);
    }
    for (const { strangers } of await Promise.all(holds)) assert.equal(strangers, 0);
  });
}

/** Has `ok` take a few milliseconds, in which other tasks run. */
function slowDown(repo: RepoCopy, module: string): void {
  const result = "    task.result = task.value + 1;";
  repo.edit(module, "runtime", "  ok(task: OkTask, _rctx", "  async ok(task: OkTask, rctx");
  repo.edit(module, "runtime", result, `    await rctx.sleep(4);\n${result}`);
}

/** Makes a pool of a module that is another one under a second name. Returns its id. */
async function createOf(node: Node, libName: string): Promise<number> {
  const params = new Uint8Array();
  const { pool } = await node.pools.create({ name: libName, libName, paramsLayout: 0, params });
  return pool.id;
}
