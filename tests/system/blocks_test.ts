/**
 * Blocks and task slots: pinned while a task runs, given back when it is done, and errors with a
 * code for whoever frees too often or too early.
 */

import assert from "node:assert/strict";
import { type Block, DomainQuery, LIMITS, type Session } from "chimaera";
import { type Node, startNode } from "chimaera/node";
import { test } from "../permission.ts";
import { eventually, rejectsWith, throwsWith } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/faulty/faulty_client.ts";
import type { TransformTask } from "./modules/faulty/faulty_tasks.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();
/** Slots, error records and rings of a port. */
const BLOCKS_OF_PORT = 3;

async function withClient(
  workers: number,
  body: (client: Client, session: Session, node: Node) => void | Promise<void>,
  ports = 1,
): Promise<void> {
  await using node = await startNode({
    workers,
    debugHeap: true,
    memoryBytes: 64 << 20,
    modules: TEST_MODULES,
  });
  await using session = await node.connect(64 << 20);
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  await body(client, session, node);
  await eventually("no block of the node is left", () => liveBlocks(node.segment).length === 0);
  const left = liveBlocks(session.segment);
  assert.equal(left.length, ports * BLOCKS_OF_PORT, JSON.stringify(left));
}

/** A task that uses a block for `ms`. */
function use(client: Client, block: Block, ms: number): TransformTask {
  return client.asyncTransform(HERE, {
    add: 1,
    ms,
    both: block,
    bothSize: block.size,
    bothCapacity: block.size,
  });
}

/** Whether no more than so many tasks run, after a look at what has ended. */
function isQuiet(session: Session, outstanding = 0): boolean {
  session.port.poll();
  return session.port.outstanding <= outstanding;
}

/** Whether a block is still allocated. */
function isAlive(session: Session, block: Block): boolean {
  return liveBlocks(session.segment).some(({ offset }) => offset === block.pointer.offset);
}

for (const workers of WORKER_COUNTS) {
  test(`a block stays while a task uses it, ${workers} workers`, async () => {
    await withClient(workers, async (client, session) => {
      const block = session.alloc(4096);
      block.bytes.fill(7);
      const task = use(client, block, 60);
      block.free(); // Takes effect when the task is done.
      assert.ok(isAlive(session, block));
      throwsWith("CHI-2003", () => block.free());
      await task.wait();
      assert.ok(!isAlive(session, block));
      task.free();

      let seen: Block;
      let running: TransformTask;
      {
        using scoped = session.alloc(100);
        seen = scoped;
        running = use(client, scoped, 60);
      }
      assert.ok(isAlive(session, seen));
      await running.wait();
      assert.ok(!isAlive(session, seen));
      running.free();

      // Two tasks: the last one counts. A part of a block keeps the whole.
      const shared = session.alloc(8192);
      const first = use(client, shared, 20);
      const part = shared.slice(4096, 100);
      const second = client.asyncTransform(HERE, {
        ms: 80,
        both: part,
        bothSize: 100,
        bothCapacity: 100,
      });
      shared.free();
      await first.wait();
      assert.ok(isAlive(session, shared));
      await second.wait();
      assert.ok(!isAlive(session, shared));
      first.free();
      second.free();
    });
  });
}

test("a freed block is not sent, and the call leaves nothing behind", async () => {
  await withClient(2, (client, session) => {
    const freed = session.alloc(64);
    freed.free();
    using other = session.alloc(64);
    for (let k = 0; k < LIMITS.slotsPerPort + 10; k++) {
      const error = throwsWith("CHI-2004", () =>
        client.asyncTransform(HERE, {
          source: other,
          sourceSize: 64,
          both: freed,
          bothSize: 64,
          bothCapacity: 64,
        }));
      if (k === 0) assert.match(error.message, /was freed/);
    }
    // The block that was named with it is not pinned: it goes with its scope.
  });
});

test("a field that cannot be set leaves nothing behind", async () => {
  await withClient(2, async (client) => {
    for (let k = 0; k < LIMITS.slotsPerPort + 10; k++) {
      throwsWith("CHI-3001", () => client.asyncOk(HERE, { value: -1 }));
      throwsWith("CHI-3001", () => client.asyncReadFile(HERE, { path: "x".repeat(2000) }));
    }
    assert.equal(await client.ok(HERE, 1), 2);
  });
});

test("blocks outside a block are refused", async () => {
  await withClient(1, async (client, session) => {
    using block = session.alloc(100);
    for (const [offset, size] of [[0, 101], [100, 1], [-1, 1], [0, -1], [NaN, 1]] as const) {
      throwsWith("CHI-2002", () => block.slice(offset, size));
    }
    for (const size of [-1, 1.5, NaN]) throwsWith("CHI-2008", () => session.alloc(size));
    throwsWith("CHI-2001", () => session.alloc(1 << 30));
    const held: Block[] = [];
    throwsWith("CHI-2001", () => {
      for (;;) held.push(session.alloc(1 << 20));
    });
    assert.ok(held.length > 20);
    assert.equal(await client.ok(HERE, 1), 2);
    for (const one of held) one.free();
  });
});

test("blocks may be freed after their session or their node has ended", async () => {
  const node = await startNode({ workers: 1, debugHeap: true, modules: TEST_MODULES });
  const session = await node.connect(32 << 20);
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  const blocks = [session.alloc(64), session.alloc(8192)];
  const task = client.asyncOk(HERE, { value: 1 });
  await task.wait();
  const large = client.asyncReadFile(HERE, { path: "/dev/null" });
  await large.wait();
  await session.close();
  for (const block of blocks) block.free();
  task.free();
  large.free();
  throwsWith("CHI-5006", () => session.alloc(64));
  const second = await node.connect(32 << 20);
  const later = second.alloc(64);
  await node.close();
  later.free();
  await second.close();
});

for (const workers of WORKER_COUNTS) {
  test(`what was given up stays until it is done, ${workers} workers`, async () => {
    await withClient(workers, async (client, session) => {
      const block = session.alloc(4096);
      block.bytes.fill(1);
      const slow = client.asyncSleep(HERE, { ms: 250, value: 5 });
      // The handler keeps on: it does not look at its signal.
      const task = client.asyncTransform(HERE, {
        ms: 150,
        stubborn: true,
        both: block,
        bothSize: 4096,
        bothCapacity: 4096,
      });
      const late = await rejectsWith("CHI-3005", task.wait({ timeoutMs: 20 }));
      assert.match(late.message, /not done after 20 ms/);
      await rejectsWith("CHI-3005", slow.wait({ timeoutMs: 1 }));
      await rejectsWith("CHI-3005", slow.wait()); // It stays given up.
      block.free();
      assert.ok(isAlive(session, block), "the handler may still write into it");
      task.free();
      await eventually(
        "the block goes when the handler is done",
        () => isQuiet(session, 1) && !isAlive(session, block),
      );
      // The slow one is done long after its caller gave it up; its slot waits for free().
      await eventually("the slow task ends", () => isQuiet(session));
      slow.free();

      const controller = new AbortController();
      const aborted = client.asyncSleep(HERE, { ms: 100 });
      const waiting = rejectsWith("CHI-3006", aborted.wait({ signal: controller.signal }));
      controller.abort(new Error("no longer wanted"));
      const error = await waiting;
      assert.match(String(error.cause), /no longer wanted/);
      aborted.free();
      // A signal that has fired already.
      const never = client.asyncSleep(HERE, { ms: 50 });
      await rejectsWith("CHI-3006", never.wait({ signal: controller.signal }));
      never.free();
      await eventually("all of them end", () => isQuiet(session));
    });
  });
}

test("a task object that was given up is not reused before it is freed", async () => {
  await withClient(2, async (client, session) => {
    const given = client.asyncSleep(HERE, { ms: 30 });
    await rejectsWith("CHI-3005", given.wait({ timeoutMs: 1 }));
    await eventually("it ends", () => isQuiet(session));
    const next = client.asyncSleep(HERE, { ms: 60, value: 41 });
    given.free(); // Must not touch the other one.
    await next.wait();
    assert.equal(next.result, 42);
    next.free();
  });
});

test("a handler learns by its signal that its caller has given up", async () => {
  await withClient(2, async (client, session) => {
    using block = session.alloc(64);
    const task = use(client, block, 60_000);
    await rejectsWith("CHI-3005", task.wait({ timeoutMs: 100 }));
    task.free();
    await eventually("it ends early", () => isQuiet(session));
  });
});

test("a task that begins after its client has gone begins with its signal fired", async () => {
  await using node = await startNode({ workers: 1, debugHeap: true, modules: TEST_MODULES });
  await using session = await node.connect(64 << 20);
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  const gone = await node.connect(64 << 20);
  const goner = client.in(gone);
  goner.asyncBlock(HERE, { ms: 200 }).free();
  // These wait on the lane until their session has closed; each would sleep for an hour.
  for (let k = 0; k < 200; k++) goner.asyncTransform(HERE, { ms: 3_600_000 }).free();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await gone.close();
  await eventually("its memory goes back", () => node.stats().sessions.length === 2);
});

test("waitSync keeps to its deadline while other tasks end", async () => {
  await withClient(2, async (client) => {
    const endless = client.asyncSleep(HERE, { ms: 1500 });
    // Each of these wakes the blocked thread before its own time is up.
    const others = Array.from(
      { length: 60 },
      (_, k) => client.asyncSleep(HERE, { ms: 20 * (k + 1) }),
    );
    const error = throwsWith("CHI-3005", () => endless.waitSync(200));
    assert.match(error.message, /not done after 200 ms/);
    assert.equal(others.at(-1)!.done, false, "the deadline was overlooked");
    endless.free();
    for (const task of others) {
      await task.wait();
      task.free();
    }
  });
});

test("several may wait for one task", async () => {
  await withClient(2, async (client) => {
    const task = client.asyncSleep(HERE, { ms: 30, value: 1 });
    await Promise.all([task.wait(), task.wait(), task.wait({ timeoutMs: 10_000 })]);
    assert.equal(task.result, 2);
    await task.wait();
    task.waitSync();
    task.free();
    await rejectsWith("CHI-3010", task.wait());
    throwsWith("CHI-3010", () => task.waitSync());
    throwsWith("CHI-3010", () => task.submit());

    const failing = client.asyncCall(HERE, { pool: 999 });
    const ends = await Promise.allSettled([failing.wait(), failing.wait()]);
    assert.ok(ends.every(({ status }) => status === "rejected"));
    failing.free();
  });
});

test("all slots of a port: an error that says so, and room again later", async () => {
  await withClient(2, async (client, session) => {
    const tasks = Array.from(
      { length: LIMITS.slotsPerPort },
      (_, k) => client.asyncSleep(HERE, { ms: 50, value: k, lane: k % 4 }),
    );
    const error = throwsWith("CHI-3011", () => client.asyncOk(HERE, { value: 1 }));
    assert.match(error.message, /all 4096 task slots/);
    assert.match(error.hint, /another port/);
    const other = client.in(await session.openPort());
    assert.equal(await other.ok(HERE, 1), 2);
    for (const [k, task] of tasks.entries()) {
      await task.wait();
      assert.equal(task.result, k + 1);
    }
    // Done, but not freed: the slots are still in use.
    throwsWith("CHI-3011", () => client.asyncOk(HERE, { value: 1 }));
    tasks.pop()!.free();
    assert.equal(await client.ok(HERE, 1), 2);
    for (const task of tasks) task.free();
    // Nobody waits for these; their slots come back by themselves.
    for (let k = 0; k < 3 * LIMITS.slotsPerPort; k++) {
      if (k % 1000 === 0) await session.port.slotFree();
      client.asyncOk(HERE, { value: k }).free();
      if (k % 1000 === 999) await eventually("they end", () => isQuiet(session));
    }
    await eventually("all are done", () => isQuiet(session));
  }, 2);
});

test("memory of tasks that nobody waits for comes back when it is needed", async () => {
  await withClient(2, async (client, session) => {
    for (let round = 0; round < 5; round++) {
      const block = session.alloc(25 << 20);
      const both = { both: block, bothSize: 1, bothCapacity: block.size };
      client.asyncTransform(HERE, both).free();
      block.free();
      await new Promise((resolve) => setTimeout(resolve, 200)); // No look at the port meanwhile.
    }
    await eventually("all are done", () => isQuiet(session));
  });
});

test("sixteen ports, and no more", async () => {
  await using node = await startNode({ workers: 2, debugHeap: true, modules: TEST_MODULES });
  await using session = await node.connect(256 << 20);
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  const ports = await Promise.all(
    Array.from({ length: LIMITS.portsPerSession - 1 }, () => session.openPort()),
  );
  const before = liveBlocks(session.segment).length;
  await rejectsWith("CHI-5009", session.openPort());
  assert.equal(liveBlocks(session.segment).length, before);
  const sums = await Promise.all(ports.map((port, k) => client.in(port).ok(HERE, k)));
  assert.deepEqual(sums, ports.map((_, k) => k + 1));
});

for (const workers of WORKER_COUNTS) {
  test(`subtasks that a handler forgets, ${workers} workers`, async () => {
    await withClient(workers, async (client) => {
      for (let k = 0; k < 40; k++) {
        await client.call(HERE, { forget: true, count: 50, targetLane: k % 4, lane: k % 3 });
      }
    });
  });
}
