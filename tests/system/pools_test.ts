/** Pools: made, found, raced for, ended; policies that decide where their lanes run. */

import assert from "node:assert/strict";
import { ADMIN_POOL_ID, CreateContext, DomainQuery, type Session } from "chimaera";
import { type Node, startNode } from "chimaera/node";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { CreatePoolTask } from "../../chimods/admin/admin_tasks.ts";
import { test } from "../permission.ts";
import { startClient } from "./kit/client_process.ts";
import { eventually, rejectsWith } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/faulty/faulty_client.ts";
import { CreateFault } from "./modules/faulty/faulty_tasks.ts";
import { Client as Policy } from "./modules/one_worker/one_worker_client.ts";
import { Answer } from "./modules/one_worker/one_worker_tasks.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();

/** A node, a session, the admin, and a check that nothing was left behind. */
async function withNode(
  workers: number,
  body: (node: Node, session: Session, admin: Admin) => Promise<void>,
): Promise<void> {
  await using node = await startNode({
    workers,
    debugHeap: true,
    memoryBytes: 64 << 20,
    modules: TEST_MODULES,
  });
  await using session = await node.connect(64 << 20);
  await body(node, session, new Admin(session));
  await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
}

for (const workers of WORKER_COUNTS) {
  test(`pools are found by name and by nothing else, ${workers} workers`, async () => {
    await withNode(workers, async (_node, session, admin) => {
      const first = new Client(session);
      const ctx = new CreateContext();
      await first.create(HERE, HERE, "a pool", ctx, 3);
      assert.equal(ctx.id, first.poolId);
      assert.equal(await admin.getPoolId(HERE, "a pool"), first.poolId);
      assert.equal(await admin.getPoolId(HERE, "another"), 0);

      const second = new Client(session);
      await second.create(HERE, HERE, "a pool", new CreateContext(), 3);
      assert.equal(second.poolId, first.poolId);
      const different = await rejectsWith(
        "CHI-4002",
        second.create(HERE, HERE, "a pool", new CreateContext(), 4),
      );
      assert.match(different.message, /create pool a pool: it exists with other parameters/);
      const otherModule = new Policy(session);
      await rejectsWith("CHI-4002", otherModule.create(HERE, HERE, "a pool"));
      await rejectsWith("CHI-3001", second.create(HERE, HERE, ""));
      await rejectsWith("CHI-3001", second.create(HERE, HERE, "n".repeat(129)));

      const pools = await admin.listPools(HERE);
      const info = pools.find((pool) => pool.name === "a pool")!;
      assert.equal(info.libName, "tests_faulty");
      assert.equal(info.lanes.length, 3);
      const stats = await admin.pollStats(HERE);
      assert.equal(stats.workers.length, workers);
      assert.equal(stats.malformed, 0);
      assert.ok(stats.sessions.length >= 1);
    });
  });

  test(`a pool that cannot be made leaves nothing behind, ${workers} workers`, async () => {
    await withNode(workers, async (_node, session, admin) => {
      const client = new Client(session);
      const create = (fault: CreateFault, lanes = 4) =>
        client.create(HERE, HERE, "hard", new CreateContext(), lanes, fault);
      for (
        const [fault, code, message] of [
          [CreateFault.createThrows, "CHI-4005", /create does not want to/],
          [CreateFault.noGroup, "CHI-4006", /made no lane group/],
          [CreateFault.openThrows, "CHI-4005", /open does not want to/],
          [CreateFault.twoGroupsOfOneId, "CHI-4006", /made before/],
        ] as const
      ) {
        const error = await rejectsWith(code, create(fault));
        assert.match(error.message, message);
      }
      await rejectsWith("CHI-4006", create(CreateFault.none, 0));
      await rejectsWith("CHI-4006", create(CreateFault.none, 1025));
      assert.equal((await admin.listPools(HERE)).filter(({ name }) => name === "hard").length, 0);
      // The name is free, and so are the lanes.
      await create(CreateFault.none);
      assert.equal(await client.ok(HERE, 1, 3), 2);
    });
  });
}

test("a library that nobody has is named, with those that there are", async () => {
  await withNode(2, async (_node, session) => {
    const task = session.allocate(CreatePoolTask) as CreatePoolTask;
    task.header.poolId = ADMIN_POOL_ID;
    task.header.queryKind = HERE.kind;
    task.header.queryFirst = HERE.first;
    task.poolName = "unknown";
    task.libName = "tests_nothing";
    task.submit();
    const error = await rejectsWith("CHI-4003", task.wait());
    assert.match(error.message, /tests_nothing.*tests_faulty/);
    task.free();
  });
});

test("a node has so many lanes, and then says so", async () => {
  await withNode(2, async (_node, session, admin) => {
    const client = new Client(session);
    const made: number[] = [];
    const error = await rejectsWith(
      "CHI-4006",
      (async () => {
        for (let k = 0;; k++) {
          await client.create(HERE, HERE, `wide ${k}`, new CreateContext(), 1024);
          made.push(client.poolId);
        }
      })(),
    );
    assert.match(error.message, /a node has 16384, of which \d+ are left/);
    assert.equal(made.length, 15);
    const pools = await admin.listPools(HERE);
    assert.equal(pools.filter(({ lanes }) => lanes.length === 1024).length, 15);
    client.init(made[7]!);
    assert.equal(await client.ok(HERE, 1, 1023), 2);
    for (const id of made) await admin.destroyContainer(HERE, id);
    await client.create(HERE, HERE, "again", new CreateContext(), 1024);
    assert.equal(await client.ok(HERE, 1, 1000), 2);
  });
});

for (const workers of WORKER_COUNTS) {
  test(`an ended pool fails its tasks, queued ones too, ${workers} workers`, async () => {
    await withNode(workers, async (_node, session, admin) => {
      const client = new Client(session);
      await client.create(HERE, HERE, "ends");
      const ended = client.poolId;
      const running = Array.from(
        { length: 20 },
        (_, k) => client.asyncSleep(HERE, { ms: 150, value: k, lane: k % 4 }),
      );
      // A lane runs its tasks in order: after these, the ones above have begun.
      for (let lane = 0; lane < 4; lane++) await client.ok(HERE, 1, lane);
      const queued = Array.from(
        { length: 400 },
        (_, k) => client.asyncBlock(HERE, { ms: 10, lane: k % 4 }),
      );
      // Sent over a second port, so that it need not wait behind the rest.
      const port = await session.openPort();
      await admin.in(port).destroyContainer(HERE, ended);
      let answered = 0;
      for (const task of queued) {
        try {
          await task.wait();
          answered++;
        } catch (thrown) {
          assert.equal((thrown as { code: string }).code, "CHI-4001");
        }
        task.free();
      }
      assert.ok(answered < queued.length, "at least the last tasks come too late");
      for (const [k, task] of running.entries()) {
        await task.wait(); // What ran when the pool was ended has ended well.
        assert.equal(task.result, k + 1);
        task.free();
      }
      await rejectsWith("CHI-4001", client.ok(HERE, 1));
      await rejectsWith("CHI-4001", admin.destroyContainer(HERE, ended));
      assert.equal(await admin.getPoolId(HERE, "ends"), 0);
      const again = new Client(session);
      await again.create(HERE, HERE, "ends");
      assert.notEqual(again.poolId, ended);
      assert.equal(await again.ok(HERE, 1), 2);
      // A subtask of the ended pool fails the same way.
      await rejectsWith("CHI-4001", again.call(HERE, { pool: ended }));
    });
  });
}

test("a client ends the pool that it calls", async () => {
  await withNode(2, async (_node, session, admin) => {
    const client = new Client(session);
    await rejectsWith("CHI-4001", client.destroy(HERE));
    await client.create(HERE, HERE, "mine", new CreateContext(), 4);
    assert.equal(await client.ok(HERE, 1), 2);
    await client.destroy(HERE);
    assert.equal(await admin.getPoolId(HERE, "mine"), 0);
    await rejectsWith("CHI-4001", client.ok(HERE, 1));
    await rejectsWith("CHI-4001", client.destroy(HERE));
  });
});

test("a pool whose close fails is ended all the same", async () => {
  await withNode(2, async (_node, session, admin) => {
    const client = new Client(session);
    const ctx = new CreateContext();
    await client.create(HERE, HERE, "clings", ctx, 4, CreateFault.closeThrows);
    const error = await rejectsWith("CHI-4005", admin.destroyContainer(HERE, client.poolId));
    assert.match(error.message, /close does not want to/);
    await rejectsWith("CHI-4001", client.ok(HERE, 1));
    assert.equal(await admin.getPoolId(HERE, "clings"), 0);
    await client.create(HERE, HERE, "clings", new CreateContext(), 4);
    assert.equal(await client.ok(HERE, 1), 2);
  });
});

test("pools that the node needs are not ended", async () => {
  await withNode(2, async (_node, _session, admin) => {
    const error = await rejectsWith("CHI-4014", admin.destroyContainer(HERE, ADMIN_POOL_ID));
    assert.match(error.message, /the admin of the node/);
    for (const name of ["worch_queue", "worch_proc"]) {
      const id = await admin.getPoolId(HERE, name);
      const inForce = await rejectsWith("CHI-4014", admin.destroyContainer(HERE, id));
      assert.match(inForce.message, /policy in force/);
    }
  });
});

for (const workers of [2, 4]) {
  test(`a policy decides which worker runs which lane, ${workers} workers`, async () => {
    await withNode(workers, async (_node, session, admin) => {
      const before = new Client(session);
      await before.create(HERE, HERE, "before", new CreateContext(), 8);
      const workersOf = async (name: string) => {
        const pools = await admin.listPools(HERE);
        return new Set(pools.find((pool) => pool.name === name)!.lanes.map((lane) => lane.worker));
      };
      assert.equal((await workersOf("before")).size, workers);

      const policy = new Policy(session);
      await policy.create(HERE, HERE, "policy");
      await admin.setWorkOrchQueuePolicy(HERE, policy.poolId);
      const after = new Client(session);
      await after.create(HERE, HERE, "after", new CreateContext(), 8);
      assert.deepEqual([...await workersOf("after")], [0]);
      for (let lane = 0; lane < 8; lane++) assert.equal(await after.ok(HERE, lane, lane), lane + 1);
      // What was placed before stays where it is.
      assert.equal((await workersOf("before")).size, workers);

      await admin.setWorkOrchQueuePolicy(HERE, await admin.getPoolId(HERE, "worch_queue"));
      await after.create(HERE, HERE, "later", new CreateContext(), 8);
      assert.ok((await workersOf("later")).size > 1);
      await admin.destroyContainer(HERE, policy.poolId);
    });
  });
}

test("a policy that answers nonsense is not put in force", async () => {
  await withNode(2, async (_node, session, admin) => {
    const refuse = async (name: string, answer: Answer, code: string, message: RegExp) => {
      const policy = new Policy(session);
      await policy.create(HERE, HERE, name, new CreateContext(), answer);
      const error = await rejectsWith(code, admin.setWorkOrchQueuePolicy(HERE, policy.poolId));
      assert.match(error.message, message);
    };
    await refuse("too few", Answer.tooFew, "CHI-4015", /placed 0 of 1/);
    await refuse("no such", Answer.noSuchWorker, "CHI-4015", /answered 2/);
    await refuse("throws", Answer.throws, "CHI-3004", /does not want to/);
    await rejectsWith("CHI-4001", admin.setWorkOrchQueuePolicy(HERE, 999));
    const ordinary = new Client(session);
    await ordinary.create(HERE, HERE, "ordinary");
    // Not a policy: its method of that number has other fields.
    await rejectsWith("CHI-3002", admin.setWorkOrchQueuePolicy(HERE, ordinary.poolId));
    await rejectsWith("CHI-3002", admin.setWorkOrchProcPolicy(HERE, ordinary.poolId));

    // One that turns bad later fails the pools that are made meanwhile, and can be replaced.
    const later = new Policy(session);
    await later.create(HERE, HERE, "later", new CreateContext(), Answer.wrongLater);
    await admin.setWorkOrchQueuePolicy(HERE, later.poolId);
    const client = new Client(session);
    await rejectsWith("CHI-4015", client.create(HERE, HERE, "unlucky"));
    await admin.setWorkOrchQueuePolicy(HERE, await admin.getPoolId(HERE, "worch_queue"));
    await client.create(HERE, HERE, "unlucky");
    assert.equal(await client.ok(HERE, 1), 2);
  });
});

for (const workers of WORKER_COUNTS) {
  test(`clients race for one pool, ${workers} workers`, async () => {
    using folder = new RuntimeFolder();
    const env = { env: folder.env };
    await using node = await NodeProcess.start({ workers }, env);
    const clients = [4, 4, 5].map((lanes) =>
      startClient({ scenario: "create_pool", pool: "prize", lanes }, env)
    );
    for (const client of clients) await client.next("ready");
    for (const client of clients) await client.send({ kind: "go" });
    const created: { id: number; created: boolean }[] = [];
    const refused: string[] = [];
    for (const client of clients) {
      await client.next("done");
      created.push(...client.take<{ id: number; created: boolean }>("created"));
      refused.push(
        ...client.take<{ error: { code: string } }>("refused").map(({ error }) => error.code),
      );
      await client.ended();
    }
    assert.equal(created.filter((made) => made.created).length, 1);
    assert.equal(new Set(created.map(({ id }) => id)).size, 1);
    assert.ok(refused.every((code) => code === "CHI-4002"));
    assert.equal(created.length + refused.length, 3);
    await node.stop();
  });
}

test("racing for a pool that its first creator could not make", async () => {
  await withNode(2, async (_node, session) => {
    const port = await session.openPort();
    const bad = new Client(session);
    const good = new Client(session).in(port);
    const [failed, made] = await Promise.allSettled([
      bad.create(HERE, HERE, "prize", new CreateContext(), 4, CreateFault.openThrows),
      good.create(HERE, HERE, "prize"),
    ]);
    assert.equal(failed.status, "rejected");
    assert.equal(made.status, "fulfilled");
    assert.equal(await good.ok(HERE, 1), 2);
  });
});

test("StopRuntime stops the node, after it was answered", async () => {
  using folder = new RuntimeFolder();
  const env = { env: folder.env };
  await using node = await NodeProcess.start({ workers: 2 }, env);
  await using client = startClient({ scenario: "stop_runtime" }, env);
  await client.next("done");
  await client.ended();
  await node.program.next("stopped");
  await node.program.ended();
});
