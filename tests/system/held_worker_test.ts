/**
 * A handler that does not give its worker back for a while: whoever comes meanwhile gets in, what
 * other workers can do is done, and what the worker has to do is done right when it comes back.
 */

import assert from "node:assert/strict";
import { connect, DomainQuery, type PoolInfo, type Session } from "chimaera";
import { startNode } from "chimaera/node";
import { Client as Admin } from "chimaera/admin_client";
import { test } from "../permission.ts";
import { eventually, rejectsWith } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/faulty/faulty_client.ts";
import { Client as Loose } from "./modules/loose/loose_client.ts";
import { Client as Locking } from "./modules/locking/locking_client.ts";

const HERE = DomainQuery.getLocalId();
const LANES = 8;
const BULK_BYTES = 50_000;

/** Lanes of a pool by the worker that runs them. */
function lanesOf(pools: readonly PoolInfo[], name: string, worker: number): number[] {
  const { lanes } = pools.find((pool) => pool.name === name)!;
  return lanes.filter((lane) => lane.worker === worker).map(({ index }) => index);
}

/** A worker that a handler does not give back. */
interface Hold {
  /** Ends it. */
  letGo(): Promise<void>;
  readonly isOver: boolean;
}

/** Has a handler hold a worker. The pool of it is made by {@linkcode makePools}. */
function hold(session: Session, placed: readonly PoolInfo[], worker: number): Hold {
  const client = new Locking(session);
  client.init(placed.find(({ name }) => name === "holder")!.id);
  const gate = session.alloc(64);
  gate.bytes.fill(0);
  const [lane] = lanesOf(placed, "holder", worker);
  const task = client.asyncBlock(HERE, { lane: lane!, gate, gateSize: gate.size });
  session.port.flush();
  return {
    async letGo(): Promise<void> {
      gate.bytes[0] = 1;
      await task.wait();
      task.free();
      gate.free();
    },
    get isOver(): boolean {
      return task.done;
    },
  };
}

/** Makes pools of `faulty`, and the one that {@linkcode hold} uses. */
async function makePools(session: Session, names: readonly string[]): Promise<PoolInfo[]> {
  await new Locking(session).create(HERE, HERE, "holder", undefined, LANES);
  for (const name of names) await new Client(session).create(HERE, HERE, name, undefined, LANES);
  return await new Admin(session).listPools(HERE);
}

/** A client of a pool that is there. */
function clientOf(session: Session, placed: readonly PoolInfo[], name: string): Client {
  const client = new Client(session);
  client.init(placed.find((pool) => pool.name === name)!.id);
  return client;
}

/** The worker to which new clients send their first task for a pool. */
function guessOf(placed: readonly PoolInfo[], name: string, workers: number): number {
  return (placed.find((pool) => pool.name === name)!.id - 1) % workers;
}

/** A task with bulk in and out that adds one to each byte. */
function transform(client: Client, session: Session, lane: number) {
  const source = session.alloc(BULK_BYTES);
  const target = session.alloc(BULK_BYTES);
  source.bytes.fill(lane + 1);
  target.bytes.fill(0);
  const task = client.in(session).asyncTransform(HERE, {
    add: 1,
    lane,
    source,
    sourceSize: BULK_BYTES,
    target,
    targetCapacity: BULK_BYTES,
  });
  return {
    task,
    async check(): Promise<void> {
      await task.wait();
      assert.ok(target.bytes.every((byte) => byte === lane + 2), `lane ${lane}`);
      task.free();
      source.free();
      target.free();
    },
  };
}

for (const workers of [2, 4]) {
  for (const transport of ["shm", "socket"] as const) {
    const at = `${transport}, ${workers} workers`;

    test(`a client gets in while a handler holds a worker, ${at}`, async () => {
      using folder = new RuntimeFolder();
      const config = { workers, memoryBytes: 128 << 20 };
      await using node = await NodeProcess.start(config, { env: folder.env });
      await using first = await connect({ sizeBytes: 64 << 20 });
      // Of two pools new clients guess two workers: one of them is that which is held.
      const placed = await makePools(first, ["pool0", "pool1"]);
      const [freePool, heldPool] = ["pool0", "pool1"].sort((a, b) =>
        guessOf(placed, a, workers) - guessOf(placed, b, workers)
      ) as [string, string];
      const held = guessOf(placed, heldPool, workers);
      const [heldLane, otherHeldLane] = lanesOf(placed, freePool, held);
      const [freeLane] = lanesOf(placed, freePool, guessOf(placed, freePool, workers));
      const [directLane] = lanesOf(placed, heldPool, held);

      const holding = hold(first, placed, held);
      await node.program.next("stall");
      await using second = await connect({ transport, sizeBytes: 64 << 20 });
      const client = clientOf(second, placed, freePool);
      assert.equal(await client.ok(HERE, 41, freeLane!), 42);

      const forwarded = transform(client, second, otherHeldLane!);
      const sameLane = transform(client, second, heldLane!);
      const direct = transform(clientOf(second, placed, heldPool), second, directLane!);
      const call = { targetLane: heldLane!, lane: freeLane!, count: 20, value: 1, together: true };
      const summed = client.call(HERE, call);
      const stats = await new Admin(second).pollStats(HERE);
      assert.deepEqual(stats.stalls.map(({ worker }) => worker), [held]);
      assert.equal(await client.ok(HERE, 1, freeLane!), 2);
      for (const { task } of [forwarded, sameLane, direct]) assert.equal(task.done, false);
      assert.equal(holding.isOver, false, "the worker came back before anything was shown");

      await holding.letGo();
      for (const work of [forwarded, sameLane, direct]) await work.check();
      assert.equal(await summed, 20 * 2 + 190);
      await second.close();
      await eventually("its session goes", async () => (await node.clients()).length === 1);
      await first.close();
      await eventually("no block is left", async () => (await node.figures()).blocks.length === 0);
      await node.stop();
    });
  }

  test(`a session that ends while a handler holds a worker, ${workers} workers`, async () => {
    await using node = await startNode({
      workers,
      debugHeap: true,
      memoryBytes: 64 << 20,
      modules: TEST_MODULES,
    });
    await using first = await node.connect(64 << 20);
    const placed = await makePools(first, ["pool"]);
    const client = clientOf(first, placed, "pool");
    const sessions = node.stats().sessions.length;
    const guess = guessOf(placed, "pool", workers);
    const held = (guess + 1) % workers;
    const [lane] = lanesOf(placed, "pool", held);
    const holding = hold(first, placed, held);
    await eventually("the worker is held", () => node.stats().stalls.length === 1);
    const closings: Promise<void>[] = [];
    for (let round = 0; round < 3; round++) {
      const second = await node.connect(32 << 20);
      const work = transform(client, second, lane!);
      second.port.flush();
      await client.in(second).ok(HERE, 1, lanesOf(placed, "pool", guess)[0]!);
      work.task.free();
      closings.push(second.close());
    }
    await holding.letGo();
    await Promise.all(closings);
    await eventually("their sessions go", () => node.stats().sessions.length === sessions);
    await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
  });

  test(`a pool is not made while a handler holds a worker, ${workers} workers`, async () => {
    await using node = await startNode({
      workers,
      debugHeap: true,
      memoryBytes: 64 << 20,
      modules: TEST_MODULES,
    });
    await using session = await node.connect(64 << 20);
    const placed = await makePools(session, []);
    const holding = hold(session, placed, workers - 1);
    await eventually("the worker is held", () => node.stats().stalls.length === 1);
    const late = new Client(session);
    const { message } = await rejectsWith(
      "CHI-4009",
      late.create(HERE, HERE, "late", undefined, LANES),
    );
    assert.match(
      message,
      /create pool late: tests_locking\.kBlock of pool holder has held worker \d/,
    );
    assert.equal(holding.isOver, false);
    await holding.letGo();
    await late.create(HERE, HERE, "late", undefined, LANES);
    for (let k = 0; k < LANES; k++) assert.equal(await late.ok(HERE, k, k), k + 1);
    const { lanes } = (await new Admin(session).listPools(HERE)).find(({ name }) =>
      name === "late"
    )!;
    assert.equal(new Set(lanes.map(({ id }) => id)).size, LANES);
  });
}

test("pools end although handlers do not: whoever ends them learns which", async () => {
  await using node = await startNode({
    workers: 2,
    debugHeap: true,
    memoryBytes: 64 << 20,
    modules: TEST_MODULES,
  });
  await using session = await node.connect(64 << 20);
  const placed = await makePools(session, ["held", "asleep"]);
  const admin = new Admin(session);
  const end = (name: string) => {
    return admin.destroyContainer(HERE, placed.find((pool) => pool.name === name)!.id);
  };
  const loose = new Loose(session);
  await loose.create(HERE, HERE, "deaf");
  // Handlers that sleep hear of the end; this one awaits what never comes.
  const sleeper = clientOf(session, placed, "asleep").asyncSleep(HERE, { ms: 3_600_000 });
  const deaf = loose.asyncLeave(HERE, { stuck: true });
  session.port.flush();
  // One that had not begun would only be failed.
  await eventually("both have begun", () => {
    return node.stats().workers.reduce((sum, { inFlight }) => sum + inFlight, 0) === 2;
  });
  const holding = hold(session, placed, 1);
  await eventually("the worker is held", () => node.stats().stalls.length === 1);
  const held = await rejectsWith("CHI-4009", end("held"));
  assert.match(
    held.message,
    /end pool held: tests_locking\.kBlock of pool holder has held worker 1/,
  );
  await rejectsWith("CHI-4001", end("held"));
  assert.equal(holding.isOver, false);
  await holding.letGo();

  const ends = await Promise.all([
    end("asleep"),
    rejectsWith("CHI-4020", admin.destroyContainer(HERE, loose.poolId)),
    rejectsWith("CHI-4001", sleeper.wait()),
  ]);
  assert.match(ends[1].message, /end pool deaf: tests_loose\.kLeave goes on although/);
  assert.match(ends[2].message, /it was ended before the task was done/);
  sleeper.free();
  await rejectsWith("CHI-4001", loose.leave(HERE, {}));
  assert.equal(deaf.done, false);
  await rejectsWith("CHI-3005", deaf.wait({ timeoutMs: 1 }));
  deaf.free();
  const again = new Client(session);
  await again.create(HERE, HERE, "held", undefined, LANES);
  assert.equal(await again.ok(HERE, 1, 1), 2);
});

for (const workers of [1, 2]) {
  // Without StallWatch nothing is reported, and it fails.
  test(`who waits for a held worker: the report says what holds it, ${workers} workers`, async () => {
    const reports: string[] = [];
    await using node = await startNode({
      workers,
      debugHeap: true,
      memoryBytes: 64 << 20,
      modules: TEST_MODULES,
      onStall: ({ worker, poolName, libName, methodName }) => {
        reports.push(`${worker} ${poolName} ${libName} ${methodName}`);
      },
    });
    await using session = await node.connect(64 << 20);
    const placed = await makePools(session, ["pool"]);
    // A new client's first task of a pool goes to this worker, wherever its lane is.
    const guess = guessOf(placed, "pool", workers);
    const holding = hold(session, placed, guess);
    await using second = await node.connect(32 << 20);
    const free = lanesOf(placed, "pool", (guess + 1) % workers)[0]!;
    const waiting = clientOf(second, placed, "pool").asyncOk(HERE, { value: 1, lane: free });
    await eventually("it is reported", () => reports.length > 0);
    assert.deepEqual(reports, [`${guess} holder tests_locking kBlock`]);
    assert.equal(waiting.done, false);
    await rejectsWith("CHI-3005", waiting.wait({ timeoutMs: 1 }));
    await holding.letGo();
    waiting.free();
    const task = clientOf(second, placed, "pool").asyncOk(HERE, { value: 2, lane: free });
    await task.wait();
    assert.equal(task.result, 3);
    task.free();
  });
}
