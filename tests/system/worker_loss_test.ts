/** Workers that are lost: by an error of their loop, or by a handler that does not return. */

import assert from "node:assert/strict";
import { ChimaeraError, DomainQuery } from "chimaera";
import { type Node, startNode } from "chimaera/node";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { test } from "../permission.ts";
import { startClient } from "./kit/client_process.ts";
import { eventually } from "./kit/expect.ts";
import type { ErrorLine } from "./kit/lines.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/faulty/faulty_client.ts";
import { Fault } from "./modules/faulty/faulty_tasks.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();
const LANES = 4;
/** A handler is noticed after a second. */
const ABANDON_MS = 1100;
const BLOCK_MS = 2500;

async function withClient(
  workers: number,
  body: (client: Client, node: Node) => Promise<void>,
  stallAbandonMs?: number,
): Promise<void> {
  await using node = await startNode({
    workers,
    debugHeap: true,
    memoryBytes: 64 << 20,
    modules: TEST_MODULES,
    ...stallAbandonMs === undefined ? {} : { stallAbandonMs },
  });
  await using session = await node.connect(64 << 20);
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  await body(client, node);
}

/** `ok`, or the code that a task failed with. */
function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "ok",
    (thrown) => thrown instanceof ChimaeraError ? thrown.code : String(thrown),
  );
}

async function expectAllLanes(client: Client): Promise<void> {
  for (let lane = 0; lane < LANES; lane++) assert.equal(await client.ok(HERE, 7, lane), 8);
}

for (const workers of WORKER_COUNTS) {
  test(`a worker whose loop fails is replaced, ${workers} workers`, async () => {
    await withClient(workers, async (client, node) => {
      for (let round = 1; round <= 3; round++) {
        const sleeps = Array.from({ length: 40 }, (_, k) => {
          const task = client.asyncSleep(HERE, { ms: 300, value: 1, lane: k % LANES });
          return outcome(task.wait()).finally(() => task.free());
        });
        await outcome(client.fail(HERE, Fault.endsTheLoop));
        const outcomes = await Promise.all(sleeps);
        assert.ok(outcomes.every((found) => found === "ok" || found === "CHI-4008"), `${outcomes}`);
        assert.ok(outcomes.includes("CHI-4008"), "the tasks that the worker had fail");
        if (workers === 1) assert.ok(!outcomes.includes("ok"));
        await expectAllLanes(client);
        assert.equal(node.stats().lost.length, round);
        assert.match(node.stats().lost.at(-1)!.why, /a module broke the clock/);
      }
    });
  });

  test(`a handler that does not return costs its worker, ${workers} workers`, async () => {
    await withClient(workers, async (client, node) => {
      const blocked = outcome(client.block(HERE, BLOCK_MS, 0, false));
      const behind = Array.from({ length: 30 }, () => outcome(client.ok(HERE, 1, 0)));
      const failure = client.block(HERE, BLOCK_MS, 0, false).then(
        () => assert.fail("it came to its end"),
        (thrown: ChimaeraError) => thrown,
      );
      assert.equal(await blocked, "CHI-4009");
      const { message } = await failure;
      assert.match(message, /^tests_faulty\.kBlock of pool faulty: it held worker \d for \d+ ms/);
      for (const found of await Promise.all(behind)) assert.match(found, /^(ok|CHI-4009)$/);
      // The old thread still spins; a new one has its lanes.
      await expectAllLanes(client);
      const lost = node.stats().lost;
      assert.deepEqual(lost.map(({ isStuck }) => isStuck), [true]);
      // When the handler returns after all, what it did is nobody's.
      await new Promise((resolve) => setTimeout(resolve, BLOCK_MS));
      await expectAllLanes(client);
      assert.equal(node.stats().lost.length, 1);
    }, ABANDON_MS);
  });

  test(`a continuation that does not return costs its worker, ${workers} workers`, async () => {
    await withClient(workers, async (client) => {
      assert.equal(await outcome(client.block(HERE, BLOCK_MS, 0, true)), "CHI-4009");
      await expectAllLanes(client);
    }, ABANDON_MS);
  });
}

for (const workers of WORKER_COUNTS) {
  test(`a flush ends although a worker is lost under it, ${workers} workers`, async () => {
    await withClient(workers, async (client, node) => {
      const admin = new Admin();
      const homes = new Set<number>();
      for (let lane = 0; lane < 2; lane++) {
        const block = outcome(client.block(HERE, BLOCK_MS, lane, false));
        const sleeps = Array.from(
          { length: 8 },
          (_, k) => outcome(client.sleep(HERE, 30, 1, k % LANES)),
        );
        // The flush fails when the worker of the admin's lane is the one that is lost.
        const flushed = outcome(admin.flush(HERE));
        assert.match(await flushed, /^(ok|CHI-4009)$/);
        if (await flushed === "ok") {
          for (const done of [block, ...sleeps]) {
            assert.match(await Promise.race([done, "runs"]), /^(ok|CHI-4009)$/);
          }
        }
        await Promise.all([block, ...sleeps]);
        homes.add(node.stats().lost.at(-1)!.worker);
        // What was begun before the loss and after it is found by the next flush.
        const late = client.asyncSleep(HERE, { ms: 50, value: 1, lane });
        await admin.flush(HERE);
        assert.ok(late.done);
        late.free();
      }
      assert.equal(homes.size, Math.min(workers, 2));
    }, ABANDON_MS);
  });
}

test("without a limit a handler may take its time", async () => {
  await withClient(2, async (client, node) => {
    assert.equal(await outcome(client.block(HERE, ABANDON_MS + 700, 0, false)), "ok");
    assert.deepEqual(node.stats().lost, []);
  });
});

test("who waits for a lost subtask is told", async () => {
  await withClient(2, async (client, node) => {
    const { lanes } = node.pools.list().find(({ name }) => name === "faulty")!;
    const other = lanes.find(({ worker }) => worker !== lanes[0]!.worker)!;
    using task = client.asyncCall(HERE, { fault: Fault.holdsWorker, lane: other.index });
    assert.equal(await outcome(task.wait()), "CHI-4009");
    await expectAllLanes(client);
  }, ABANDON_MS);
});

test("clients of other processes are told, and go on", async () => {
  using folder = new RuntimeFolder();
  const env = { env: folder.env };
  await using node = await NodeProcess.start({ workers: 2, stallAbandonMs: ABANDON_MS }, env);
  for (const transport of ["shm", "socket"] as const) {
    const client = startClient({ scenario: "lose_worker", transport, ms: BLOCK_MS }, env);
    const { error } = await client.next<{ error: ErrorLine }>("lost");
    assert.equal(error.code, "CHI-4009", error.message);
    assert.equal((await client.next<{ count: number }>("after")).count, LANES);
    await client.ended();
    const lost = await node.program.next<{ isStuck: boolean }>("lost");
    assert.equal(lost.isStuck, true);
  }
  await eventually("sessions go", async () => (await node.clients()).length === 0);
  await node.stop();
});
