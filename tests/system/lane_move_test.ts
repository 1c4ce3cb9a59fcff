/** Lanes that move between workers: no task is lost, repeated or overtaken, and no state. */

import assert from "node:assert/strict";
import { CreateContext, DomainQuery, TaskPrio } from "chimaera";
import { test } from "../permission.ts";
import { type Camp, stridersOn, underLoad, withCamp } from "./kit/camp.ts";
import { eventually, rejectsWith } from "./kit/expect.ts";
import { Strider } from "./kit/strider.ts";
import { Client as Faulty } from "./modules/faulty/faulty_client.ts";
import { Client } from "./modules/nomad/nomad_client.ts";
import { Client as Steady } from "./modules/steady/steady_client.ts";
import { Flaw } from "./modules/nomad/nomad_tasks.ts";

const HERE = DomainQuery.getLocalId();
const WORKERS = [2, 4];

/** The worker of a lane, as the node lists it. */
function workerOf({ node, client }: Camp, index: number): number {
  const pool = node.pools.list().find(({ id }) => id === client.poolId)!;
  return pool.lanes.find((lane) => lane.index === index)!.worker;
}

for (const workers of WORKERS) {
  test(`200 moves under load lose, repeat and reorder nothing, ${workers} workers`, async () => {
    await withCamp(workers, { lanes: 2 }, async (camp) => {
      const { admin, client } = camp;
      const sent = await underLoad(await stridersOn(camp, 4), 2, async () => {
        for (let move = 0; move < 200; move++) {
          const index = move % 2;
          const from = workerOf(camp, index);
          const to = (from + 1 + move % (workers - 1)) % workers;
          const info = await admin.moveLane(HERE, client.poolId, 0, index, to);
          assert.deepEqual([info.from, info.isCarried], [from, true]);
          assert.equal(workerOf(camp, index), to);
        }
      });
      assert.ok(sent > 4000, `only ${sent} tasks ran meanwhile`);
      const [first, second] = [await client.recall(HERE, 0), await client.recall(HERE, 1)];
      assert.deepEqual([first.moves, second.moves], [100, 100]);
    });
  });
}

for (const workers of WORKERS) {
  test(`a lane moves when what it has begun has ended, ${workers} workers`, async () => {
    await withCamp(workers, { lanes: 1 }, async (camp) => {
      const { admin, client } = camp;
      const from = workerOf(camp, 0);
      const to = (from + 1) % workers;
      // They call their own lane, which is plugged by then.
      const pauses = Array.from(
        { length: 20 },
        (_, k) => client.asyncPause(HERE, { ms: 50 + k, calls: 3 }),
      );
      using before = client.asyncRecall(HERE);
      await before.wait();
      await underLoad([new Strider(client, 1)], 1, async () => {
        await admin.moveLane(HERE, client.poolId, 0, 0, to);
        for (const pause of pauses) {
          await pause.wait();
          assert.deepEqual([pause.isSame, pause.worker], [true, from]);
          pause.free();
        }
      });
      assert.equal((await client.recall(HERE, 0)).worker, to);
    });
  });
}

test("a lane whose handlers do not end stays where it is", async () => {
  await withCamp(2, { lanes: 1 }, async (camp) => {
    const { admin, client } = camp;
    const from = workerOf(camp, 0);
    camp.node.moves.drainMs = 200;
    using pause = client.asyncPause(HERE, { ms: 900 });
    using step = client.asyncStep(HERE, { sender: 1, sequence: 0 });
    await step.wait();
    await underLoad([new Strider(client, 2)], 1, async () => {
      const move = admin.moveLane(HERE, client.poolId, 0, 0, 1 - from);
      await rejectsWith("CHI-4017", move);
      await pause.wait();
    });
    assert.equal(workerOf(camp, 0), from);
    await admin.moveLane(HERE, client.poolId, 0, 0, 1 - from);
    assert.equal((await client.recall(HERE, 0)).worker, 1 - from);
  });
});

for (const [name, flaw] of Object.entries(Flaw)) {
  if (([Flaw.none, Flaw.createThrowsAgain, Flaw.restoreThrowsAgain] as number[]).includes(flaw)) {
    continue;
  }
  test(`a lane stays where it is, with its state: ${name}`, async () => {
    await withCamp(2, { lanes: 2, flaw }, async (camp) => {
      const { admin, client } = camp;
      // The other steps may take as long as the machine needs.
      if (flaw === Flaw.restoreIsLate) camp.node.moves.stepMs = 1000;
      await client.keep(HERE, 0, 5000, 3);
      const before = await client.recall(HERE, 0);
      const from = workerOf(camp, 0);
      await underLoad([new Strider(client, 1)], 2, async () => {
        const move = admin.moveLane(HERE, client.poolId, 0, 0, 1 - from);
        const error = await rejectsWith("CHI-4018", move);
        assert.match(error.message, /saveState|restore/);
      });
      assert.deepEqual(await client.recall(HERE, 0), before);
      assert.deepEqual([before.count, before.sum, before.worker], [1, 15_000, from]);
      assert.equal(workerOf(camp, 0), from);
    });
  });
}

test("blocks go with their lane by pointer", async () => {
  await withCamp(2, { lanes: 1 }, async (camp) => {
    const { admin, client } = camp;
    await client.keep(HERE, 0, 100_000, 7);
    await client.keep(HERE, 0, 10, 1);
    const { offset } = await client.recall(HERE, 0);
    for (let move = 1; move <= 6; move++) {
      await admin.moveLane(HERE, client.poolId, 0, 0, 1 - workerOf(camp, 0));
      const after = await client.recall(HERE, 0);
      assert.deepEqual(after, {
        count: 2,
        sum: 700_010,
        offset,
        moves: move,
        worker: workerOf(camp, 0),
      });
    }
  });
});

for (const workers of WORKERS) {
  test(`the home lane moves, ${workers} workers`, async () => {
    await withCamp(workers, { lanes: 1 }, async (camp) => {
      const { admin, client } = camp;
      // Their tasks begin at workers that have no lane of the pool, and go by the home worker.
      await underLoad(await stridersOn(camp, 3), 1, async () => {
        for (let move = 0; move < 60; move++) {
          const to = (workerOf(camp, 0) + 1 + move % (workers - 1)) % workers;
          await admin.moveLane(HERE, client.poolId, 0, 0, to);
          assert.equal(camp.node.pools.get(client.poolId).homeWorker, to);
        }
      });
    });
  });
}

for (const workers of WORKERS) {
  test(`all lanes of a worker move away and back, ${workers} workers`, async () => {
    await withCamp(workers, { lanes: 6 }, async (camp) => {
      const { node } = camp;
      const places = () =>
        node.pools.list().map(({ id, homeWorker, lanes }) => {
          return [id, homeWorker, lanes.map(({ worker }) => worker)];
        });
      await underLoad(await stridersOn(camp, 2), 6, async () => {
        for (let worker = 0; worker < workers; worker++) {
          const before = places();
          const moved = await node.moves.clear(worker);
          const lanes = node.pools.list().flatMap((pool) => pool.lanes);
          assert.ok(lanes.every((lane) => lane.worker !== worker));
          assert.ok(moved.length > 0);
          for (const lane of moved) await node.moves.move(lane);
          assert.deepEqual(places(), before);
        }
      });
    });
  });
}

test("a module without saveState is moved when it holds no work, and made anew", async () => {
  await withCamp(2, { lanes: 1 }, async ({ node, session, admin }) => {
    const client = new Faulty(session);
    await client.create(HERE, HERE, "stateless", new CreateContext(), 2);
    const next = async (sequence: number, lane: number) => {
      using task = client.asyncNext(HERE, { sender: 1, sequence, lane });
      await task.wait();
      return task.previous;
    };
    const laneOf = (index: number) => node.pools.get(client.poolId).lanes[index]!;
    for (const index of [0, 1]) {
      await next(4, index);
      const from = laneOf(index).worker;
      using sleep = client.asyncSleep(HERE, { ms: 80, value: 1, lane: index });
      const info = await admin.moveLane(HERE, client.poolId, 0, index, 1 - from);
      assert.deepEqual([info.from, info.isCarried, laneOf(index).worker], [from, false, 1 - from]);
      await sleep.wait();
      assert.equal(await next(5, index), -1, "an instance made anew has seen nothing");
    }
    // It never comes to rest.
    node.moves.drainMs = 200;
    using busy = client.asyncSleep(HERE, { ms: 800, value: 1, lane: 0 });
    await next(6, 0);
    await rejectsWith("CHI-4017", admin.moveLane(HERE, client.poolId, 0, 0, laneOf(1).worker));
    assert.equal(await next(7, 0), 6);
    await busy.wait();
    await admin.destroyContainer(HERE, client.poolId);
  });
});

test("periodic tasks go with their home lane", async () => {
  await withCamp(2, { lanes: 1 }, async ({ node, session, admin }) => {
    const client = new Steady(session);
    await client.create(HERE, HERE, "steady", new CreateContext(), 1);
    const beat = (periodMs: number, key: number, until: number) => {
      const task = client.asyncBeat.alloc(null, HERE, { key, until });
      task.setPeriodMs(periodMs);
      task.submit();
      return task;
    };
    using often = beat(4, 1, 40);
    using hourly = beat(3_600_000, 2, 0);
    const freed = beat(3, 3, 0);
    await eventually("all have begun", async () => await client.tally(HERE, 2, 0) === 1);
    for (let move = 0; move < 8; move++) {
      const { homeWorker } = node.pools.get(client.poolId);
      await admin.moveLane(HERE, client.poolId, 0, 0, 1 - homeWorker);
    }
    await often.wait();
    assert.deepEqual([often.runs, often.overlaps], [40, 0]);
    assert.deepEqual([hourly.done, hourly.runs], [false, 0], "no run before its time");
    freed.free();
    await eventually("it rests", async () => {
      const before = await client.tally(HERE, 3, 0);
      await new Promise((resolve) => setTimeout(resolve, 25));
      return await client.tally(HERE, 3, 0) === before;
    });
    await admin.destroyContainer(HERE, client.poolId);
  });
});

test("a pool may be ended while a lane of it moves", async () => {
  await withCamp(2, { lanes: 2 }, async (camp) => {
    const { session, admin } = camp;
    for (let round = 0; round < 10; round++) {
      const client = new Client(session);
      await client.create(HERE, HERE, `short-lived ${round}`, new CreateContext(), 2);
      await client.keep(HERE, 0, 1000, 1);
      const from = camp.node.pools.get(client.poolId).lanes[0]!.worker;
      const tasks = Array.from(
        { length: 500 },
        (_, sequence) => client.asyncStep(HERE, { lane: sequence % 2, sequence }),
      );
      const moves = [1 - from, from, 1 - from].map((to) =>
        admin.moveLane(HERE, client.poolId, 0, 0, to).catch((error) => error.code)
      );
      await new Promise((resolve) => setTimeout(resolve, round / 3));
      await admin.destroyContainer(HERE, client.poolId);
      for (const task of tasks) {
        await task.wait().catch((error) => assert.equal(error.code, "CHI-4001"));
        task.free();
      }
      for (const result of await Promise.all(moves)) {
        assert.ok(typeof result === "object" || result === "CHI-4001", `${result}`);
      }
    }
  });
});

test("both priorities keep their order", async () => {
  await withCamp(2, { lanes: 1 }, async (camp) => {
    const { session, admin, client } = camp;
    const striders = [
      new Strider(client, 0, TaskPrio.kLowLatency),
      new Strider(client.in(await session.openPort()), 1, TaskPrio.kHighLatency),
    ];
    await underLoad(striders, 1, async () => {
      for (let move = 0; move < 40; move++) {
        await admin.moveLane(HERE, client.poolId, 0, 0, 1 - workerOf(camp, 0));
      }
    });
  });
});

test("a lane or worker that does not exist is refused", async () => {
  await withCamp(2, { lanes: 2 }, async (camp) => {
    const { admin, client } = camp;
    await rejectsWith("CHI-4001", admin.moveLane(HERE, 999, 0, 0, 1));
    await rejectsWith("CHI-4007", admin.moveLane(HERE, client.poolId, 0, 2, 1));
    await rejectsWith("CHI-4007", admin.moveLane(HERE, client.poolId, 1, 0, 1));
    await rejectsWith("CHI-3001", admin.moveLane(HERE, client.poolId, 0, 0, 2));
    const from = workerOf(camp, 0);
    const info = await admin.moveLane(HERE, client.poolId, 0, 0, from);
    assert.deepEqual(info, { from, isCarried: true, tasks: 0, stallMs: 0 });
  });
});

test("the admin's own lane moves", async () => {
  await withCamp(2, { lanes: 1 }, async ({ node, admin }) => {
    for (let move = 0; move < 10; move++) {
      const to = 1 - node.pools.get(1).homeWorker;
      await admin.moveLane(HERE, 1, 0, 0, to);
      assert.equal(node.pools.get(1).homeWorker, to);
      assert.ok((await admin.listPools(HERE)).length >= 4);
    }
  });
});
