/** Workers whose threads are replaced on purpose: nobody notices, and nothing is lost. */

import assert from "node:assert/strict";
import { CreateContext, DomainQuery } from "chimaera";
import { startNode } from "chimaera/node";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { test } from "../permission.ts";
import { type Camp, stridersOn, underLoad, withCamp } from "./kit/camp.ts";
import { eventually, rejectsWith } from "./kit/expect.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client as Faulty } from "./modules/faulty/faulty_client.ts";
import { Client } from "./modules/nomad/nomad_client.ts";
import { Flaw } from "./modules/nomad/nomad_tasks.ts";

const HERE = DomainQuery.getLocalId();

/** Where every lane is. */
function places({ node }: Camp): unknown {
  return node.pools.list().map(({ id, homeWorker, lanes }) => {
    return [id, homeWorker, lanes.map(({ worker }) => worker)];
  });
}

for (const workers of [2, 4]) {
  test(`recycling under load loses, repeats and reorders nothing, ${workers} workers`, async () => {
    await withCamp(workers, { lanes: 4 }, async (camp) => {
      const { admin, client, node } = camp;
      for (let lane = 0; lane < 4; lane++) await client.keep(HERE, lane, 5000, 1 + lane);
      const before = places(camp);
      const sent = await underLoad(await stridersOn(camp, 3), 4, async () => {
        for (let worker = 0; worker < 4; worker++) {
          const info = await admin.recycleWorker(HERE, worker % workers);
          assert.deepEqual([info.worker, info.stayed, info.why], [worker % workers, 0, ""]);
          assert.ok(info.lanes > 0 && info.restarted === 0);
          assert.deepEqual(places(camp), before);
        }
      });
      assert.ok(sent > 4000, `only ${sent} tasks ran meanwhile`);
      assert.deepEqual(node.stats().lost, []);
      for (let lane = 0; lane < 4; lane++) {
        const { count, sum, moves } = await client.recall(HERE, lane);
        assert.deepEqual([count, sum], [1, 5000 * (1 + lane)]);
        assert.ok(moves >= 2);
      }
    });
  });

  test(`what handlers wait for goes on while workers are recycled, ${workers} workers`, async () => {
    await withCamp(workers, { lanes: 4 }, async ({ admin, client }) => {
      for (let round = 0; round < workers; round++) {
        const pauses = Array.from(
          { length: 20 },
          (_, k) => client.asyncPause(HERE, { lane: k % 4, ms: 5 + 3 * k, calls: 3 }),
        );
        await admin.recycleWorker(HERE, round);
        for (const pause of pauses) {
          await pause.wait();
          assert.ok(pause.isSame);
          pause.free();
        }
      }
    });
  });
}

test("a worker's new thread loads its modules' code anew", async () => {
  await withCamp(2, { lanes: 2 }, async ({ admin, client }) => {
    const isolates = async () => {
      const found: number[] = [];
      for (const lane of [0, 1]) {
        using step = client.asyncStep(HERE, { lane, sender: 1 });
        await step.wait();
        found[step.worker] = step.isolate;
      }
      return found;
    };
    const before = await isolates();
    await admin.recycleWorker(HERE, 1);
    const after = await isolates();
    assert.equal(after[0], before[0]);
    assert.notEqual(after[1], before[1]);
  });
});

test("a module without saveState is restarted, when it holds no work", async () => {
  await withCamp(2, { lanes: 2 }, async ({ node, session, admin }) => {
    const client = new Faulty(session);
    await client.create(HERE, HERE, "stateless", new CreateContext(), 2);
    const next = async (sequence: number, lane: number) => {
      using task = client.asyncNext(HERE, { sender: 1, sequence, lane });
      await task.wait();
      return task.previous;
    };
    const lane = node.pools.get(client.poolId).lanes[0]!;
    await next(4, 0);
    assert.equal(await next(5, 0), 4);
    node.moves.drainMs = 200;
    using busy = client.asyncSleep(HERE, { ms: 900, value: 1, lane: 0 });
    await next(6, 0);
    // Its module saves no state, so it stays while it holds work, and with it the thread.
    await rejectsWith("CHI-4017", admin.recycleWorker(HERE, lane.worker));
    assert.equal(await next(7, 0), 6);
    await busy.wait();
    const { restarted } = await admin.recycleWorker(HERE, lane.worker);
    assert.ok(restarted > 0);
    assert.equal(await next(8, 0), -1, "an instance made anew has seen nothing");
    await admin.destroyContainer(HERE, client.poolId);
  });
});

test("a lane that cannot leave keeps its worker as it was", async () => {
  await withCamp(2, { lanes: 4, flaw: Flaw.restoreThrows }, async (camp) => {
    const { admin, client } = camp;
    await client.keep(HERE, 0, 5000, 3);
    const before = [places(camp), await client.recall(HERE, 0)];
    await underLoad(await stridersOn(camp, 3), 4, async () => {
      for (const worker of [0, 1]) {
        const error = await rejectsWith("CHI-4018", admin.recycleWorker(HERE, worker));
        assert.match(error.message, /tests_nomad\.restoreState: the luggage is lost/);
      }
    });
    assert.deepEqual([places(camp), await client.recall(HERE, 0)], before);
  });
});

test("a lane that cannot come back runs on where it went, and is named", async () => {
  await withCamp(2, { lanes: 1, flaw: Flaw.restoreThrowsAgain }, async (camp) => {
    const { node, admin, client } = camp;
    await client.keep(HERE, 0, 5000, 3);
    const { worker: from } = node.pools.get(client.poolId).lanes[0]!;
    await underLoad(await stridersOn(camp, 3), 1, async () => {
      const info = await admin.recycleWorker(HERE, from);
      assert.equal(info.stayed, 1);
      assert.match(info.why, /tests_nomad\.restoreState: the luggage is lost/);
    });
    assert.equal(node.pools.get(client.poolId).lanes[0]!.worker, 1 - from);
    const { count, sum, worker } = await client.recall(HERE, 0);
    assert.deepEqual([count, sum, worker], [1, 15_000, 1 - from]);
    // The worker that it left has a fresh thread all the same.
    assert.equal((await admin.recycleWorker(HERE, from)).stayed, 0);
  });
});

test("a worker that a handler holds is not recycled", async () => {
  await withCamp(2, { lanes: 4 }, async (camp) => {
    const { node, session, admin, client } = camp;
    const faulty = new Faulty(session);
    await faulty.create(HERE, HERE, "faulty", new CreateContext(), 2);
    const [lane] = node.pools.get(faulty.poolId).lanes.filter(({ worker }) => worker === 1);
    const before = places(camp);
    node.moves.stepMs = 150;
    node.moves.drainMs = 150;
    const held = faulty.block(HERE, 2500, lane!.index, false);
    session.port.flush();
    await eventually("it is held", () => node.stats().stalls.length === 1);
    await rejectsWith("CHI-4018", node.recycling.recycle(1));
    await held;
    assert.deepEqual(places(camp), before);
    assert.deepEqual(node.stats().lost, []);
    node.moves.stepMs = node.moves.drainMs = 5000;
    await admin.recycleWorker(HERE, 1);
    for (let lane = 0; lane < 4; lane++) await client.recall(HERE, lane);
    await admin.destroyContainer(HERE, faulty.poolId);
  });
});

test("flushes end while workers are recycled, when what was sent before is done", async () => {
  await withCamp(2, { lanes: 2 }, async ({ session, admin, client }) => {
    let goesOn = true;
    const flushing = Promise.all([0, 1].map(async () => {
      const own = new Admin(await session.openPort());
      for (let count = 0;; count++) {
        if (!goesOn) return count;
        const late = client.asyncPause(HERE, { lane: count % 2, ms: count % 7 });
        session.port.flush();
        await own.flush(HERE);
        assert.ok(late.done);
        late.free();
      }
    }));
    for (let round = 0; round < 6; round++) await admin.recycleWorker(HERE, round % 2);
    goesOn = false;
    for (const count of await flushing) assert.ok(count > 0);
  });
});

test("recyclings that are asked for together take turns, beside pools that come and go", async () => {
  await withCamp(4, { lanes: 4 }, async (camp) => {
    const { session, admin } = camp;
    const before = places(camp);
    let goesOn = true;
    const pools = (async () => {
      while (goesOn) {
        const client = new Client(session);
        await client.create(HERE, HERE, "short-lived", new CreateContext(), 4);
        for (let lane = 0; lane < 4; lane++) await client.recall(HERE, lane);
        await admin.destroyContainer(HERE, client.poolId);
        await using other = await camp.node.connect(32 << 20);
        assert.ok((await new Admin(other).listPools(HERE)).length > 3);
      }
    })();
    pools.catch(() => goesOn = false); // It is awaited below.
    const infos = await Promise.all([0, 1, 2, 3, 0].map((k) => admin.recycleWorker(HERE, k)));
    assert.deepEqual(infos.map(({ worker, stayed }) => [worker, stayed]), [
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 0],
      [0, 0],
    ]);
    goesOn = false;
    await pools;
    assert.deepEqual(places(camp), before);
  });
});

test("20 recyclings leave no memory behind", async () => {
  await using node = await startNode({ workers: 2, memoryBytes: 64 << 20, modules: TEST_MODULES });
  await using session = await node.connect(64 << 20);
  const [admin, client] = [new Admin(session), new Client(session)];
  await client.create(HERE, HERE, "nomads", new CreateContext(), 2);
  const used: number[] = [];
  for (let round = 0; round < 22; round++) {
    const tasks = Array.from(
      { length: 1000 },
      (_, k) => client.asyncStep(HERE, { lane: k % 2, sender: round, sequence: k }),
    );
    for (const task of tasks) {
      await task.wait();
      task.free();
    }
    await admin.recycleWorker(HERE, round % 2);
    used.push(node.stats().usedBytes);
  }
  // What the old threads kept ready for themselves would be more than 2 MiB.
  assert.ok(used.at(-1)! - used[1]! < 1 << 20, `${used}`);
});

test("a worker that does not exist, or is the only one, is not recycled", async () => {
  await withCamp(2, { lanes: 1 }, async ({ admin }) => {
    await rejectsWith("CHI-3001", admin.recycleWorker(HERE, 2));
  });
  await withCamp(1, { lanes: 1 }, async ({ admin, client }) => {
    const error = await rejectsWith("CHI-4019", admin.recycleWorker(HERE, 0));
    assert.match(error.hint, /two workers/);
    await client.recall(HERE, 0);
  });
});
