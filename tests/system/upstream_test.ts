/**
 * The scenarios of the C++ original's own tests (`TestIpc`, `TestAsyncIpc`, …), under their names,
 * with the sums that it expects.
 */

import assert from "node:assert/strict";
import { ADMIN_POOL_ID, CreateContext, DomainQuery, type Session } from "chimaera";
import { type Node, startNode } from "chimaera/node";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { Client } from "../../chimods/small_message/small_message_client.ts";
import { MD_IO_READ, MD_IO_WRITE } from "../../chimods/small_message/small_message_tasks.ts";
import { test } from "../permission.ts";
import { startClient } from "./kit/client_process.ts";
import { eventually } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { inTime } from "./kit/watchdog.ts";

const HERE = DomainQuery.getLocalId();
const WORKERS = [1, 2, 4];
const LANES = 4;
const DEPTH = 8;
const PAGE_BYTES = 4096;
/** Sixteen ports take half of it. */
const SESSION_BYTES = 256 << 20;

async function withPool(
  workers: number,
  body: (client: Client, session: Session, node: Node) => Promise<void>,
): Promise<void> {
  await using node = await startNode({ workers, debugHeap: true, memoryBytes: 256 << 20 });
  {
    await using session = await node.connect(SESSION_BYTES);
    const client = new Client(session);
    await client.create(HERE, HERE, "ipc_test", new CreateContext(), LANES);
    await inTime("the test", body(client, session, node));
  }
  await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
}

/** Tasks that the pool's lanes have done. */
async function doneBy(client: Client, session: Session): Promise<number> {
  const pools = await new Admin(session).listPools(HERE);
  const { lanes } = pools.find(({ id }) => id === client.poolId)!;
  return lanes.reduce((sum, { done }) => sum + done, 0);
}

/** Sends `ops` trees of `DEPTH` + 1 tasks that nobody waits for, as fast as there is room. */
async function sendForgotten(client: Client, ops: number): Promise<void> {
  for (let k = 0; k < ops; k++) {
    const room = client.asyncMd.pacedForget(HERE, { depthLeft: DEPTH, lane: k });
    if (room !== undefined) await room;
  }
}

/** 1000 blocks of 4 KiB, one after the other. */
async function bulk(client: Client, session: Session, write: boolean, read: boolean) {
  using block = session.alloc(PAGE_BYTES);
  for (let k = 0; k < 1000; k++) {
    if (write) {
      block.bytes.fill(10);
      assert.equal(await client.io(HERE, block, MD_IO_WRITE), PAGE_BYTES * 10);
    }
    if (read) {
      assert.equal(await client.io(HERE, block, MD_IO_READ), PAGE_BYTES * 15);
      assert.ok(block.bytes.every((byte) => byte === 15));
    }
  }
}

for (const workers of WORKERS) {
  test(`TestIpc: 256 tasks, one after the other, ${workers} workers`, async () => {
    await withPool(workers, async (client) => {
      for (let k = 0; k < 256; k++) assert.equal(await client.md(HERE, 0, k), 1);
    });
  });

  // The whole 2^20 stands in a file of its own: it takes a minute.
  test(`TestAsyncIpc: 2^12 forgotten tasks, ${DEPTH} deep, ${workers} workers`, async () => {
    await withPool(workers, async (client, session) => {
      await sendForgotten(client, 2 ** 12);
      await new Admin(session).flush(HERE);
      assert.equal(await doneBy(client, session), 2 ** 12 * (DEPTH + 1));
    });
  });

  test(`TestFlush: 256 tasks, and a flush after each, ${workers} workers`, async () => {
    await withPool(workers, async (client, session) => {
      const admin = new Admin(session);
      for (let k = 0; k < 256; k++) {
        client.asyncMd.forget(HERE, { depthLeft: k % 4, lane: k });
        await admin.flush(HERE);
        const before = (k >> 2) * 10 + [1, 3, 6, 10][k % 4]!;
        if (k % 16 === 15) assert.equal(await doneBy(client, session), before);
      }
    });
  });

  for (const submitters of [4, 8, 16, 32]) {
    test(`TestMultithread: ${submitters} ports, ${workers} workers`, async () => {
      await withPool(workers, async (client, session, node) => {
        // A session has sixteen ports.
        await using other = await node.connect(SESSION_BYTES);
        const clients: Client[] = [];
        for (let k = 0; k < submitters; k++) {
          const owner = k < 16 ? session : other;
          clients.push(client.in(k % 16 === 0 ? owner.port : await owner.openPort()));
        }
        await Promise.all(clients.map(async (bound, k) => {
          for (let n = 0; n < 64; n++) assert.equal(await bound.md(HERE, DEPTH, k), DEPTH + 1);
          await sendForgotten(bound, 64);
        }));
        await new Admin(session).flush(HERE);
        assert.equal(await doneBy(client, session), submitters * 128 * (DEPTH + 1));
      });
    });
  }

  test(`TestBulkWrite, TestBulkRead, TestBulk: 1000 × 4 KiB, ${workers} workers`, async () => {
    await withPool(workers, async (client, session) => {
      await bulk(client, session, true, false);
      await bulk(client, session, false, true);
      await bulk(client, session, true, true);
    });
  });

  // Between processes that share no memory each task is packed into a frame, as it would be
  // between nodes.
  test(`TestSerialize: 8192 tasks by frames, ${workers} workers`, async () => {
    using folder = new RuntimeFolder();
    const env = { env: folder.env };
    await using node = await NodeProcess.start({ workers }, env);
    const config = { scenario: "messages", transport: "socket", count: 8192, depth: 1 } as const;
    await using client = startClient({ ...config, bulkBytes: PAGE_BYTES }, env);
    const { ran, sums } = await client.next<{ ran: number; sums: number[] }>("messages");
    assert.equal(ran, 8192 * 2);
    assert.deepEqual(sums, [PAGE_BYTES * 10, PAGE_BYTES * 15]);
    await client.ended();
    await node.stop();
  });

  test(`TestMalloc: blocks of all sizes are their owner's alone, ${workers} workers`, async () => {
    await withPool(workers, async (client, session) => {
      const before = liveBlocks(session.segment).length;
      for (let round = 0; round < 4; round++) {
        const blocks = Array.from({ length: 256 }, (_, k) => session.alloc(1 << (k % 17)));
        for (const [k, block] of blocks.entries()) block.bytes.fill(k);
        const sums = await Promise.all(blocks.map((block) => client.io(HERE, block, MD_IO_WRITE)));
        assert.deepEqual(sums, blocks.map(({ size }, k) => size * k));
        for (const block of blocks) block.free();
      }
      assert.equal(liveBlocks(session.segment).length, before);
    });
  });
}

for (const workers of WORKERS) {
  test(`PollStats: again and again, once a second, ${workers} workers`, async () => {
    await withPool(workers, async (_client, session, node) => {
      const runs = () => {
        const { lanes } = node.pools.list().find(({ id }) => id === ADMIN_POOL_ID)!;
        return lanes.reduce((sum, { done }) => sum + done, 0);
      };
      const admin = new Admin(session);
      await admin.pollStats(HERE);
      const before = runs();
      const task = admin.asyncPollStats.alloc(null, HERE);
      task.setPeriodSec(1);
      const sentMs = Date.now();
      task.submit();
      session.port.flush();
      await eventually("it has run three times", () => runs() >= before + 3);
      assert.ok(Date.now() - sentMs >= 1990, "there is a second between two beginnings");
      await admin.flush(HERE);
      assert.ok(runs() >= before + 5, "a flush has it run once more");
      assert.equal(task.done, false);
      task.free();
      await eventually("it has ended", () => (session.port.poll(), session.port.outstanding === 0));
    });
  });

  test(`GetDynamic: tasks without a place go where their module maps them, ${workers} workers`, async () => {
    await withPool(workers, async (client, session) => {
      const query = DomainQuery.getDynamic();
      for (let k = 0; k < 64; k++) assert.equal(await client.md(query, DEPTH, k), DEPTH + 1);
      const pools = await new Admin(session).listPools(query);
      const { lanes } = pools.find(({ id }) => id === client.poolId)!;
      assert.deepEqual(lanes.map(({ done }) => done), Array(LANES).fill(64 * (DEPTH + 1) / LANES));
    });
  });
}

for (const [submitters, workers] of [[4, 1], [8, 2], [16, 4], [32, 2]] as const) {
  // Programs take a third of a second each to start: not every number with every other.
  test(`TestMultithread: ${submitters} processes, ${workers} workers`, async () => {
    using folder = new RuntimeFolder();
    const env = { env: folder.env };
    await using node = await NodeProcess.start({ workers }, env);
    const clients = Array.from({ length: submitters }, () => {
      const config = { scenario: "messages", count: 1024, depth: DEPTH, bulkBytes: PAGE_BYTES };
      return startClient({ ...config, sizeBytes: 32 << 20 }, env);
    });
    try {
      for (const client of clients) {
        const { ran, sums } = await client.next<{ ran: number; sums: number[] }>("messages");
        assert.equal(ran, 1024 * (DEPTH + 1));
        assert.deepEqual(sums, [PAGE_BYTES * 10, PAGE_BYTES * 15]);
        await client.ended();
      }
    } finally {
      for (const client of clients) await client[Symbol.asyncDispose]();
    }
    await eventually("no block is left", async () => (await node.figures()).blocks.length === 0);
    await node.stop();
  });
}
