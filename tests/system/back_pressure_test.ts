/** Who sends more than others can run waits, or is told; memory stays bounded either way. */

import assert from "node:assert/strict";
import { DomainQuery, ERRORS, LIMITS, type Session } from "chimaera";
import { type Node, startNode } from "chimaera/node";
import { test } from "../permission.ts";
import { eventually, rejectsWith, throwsWith } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { inTime } from "./kit/watchdog.ts";
import { Client as Faulty } from "./modules/faulty/faulty_client.ts";
import { Client } from "./modules/pressing/pressing_client.ts";
import { Group, Manner, Pick } from "./modules/pressing/pressing_tasks.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();
/** A flood is many times what is allowed to be under way. */
const FLOOD = 10 * LIMITS.subtasksPerTask;
/** What is under way of a flood, besides its own subtasks. */
const SLACK = 256;

async function withPool(
  workers: number,
  body: (client: Client, session: Session, node: Node) => Promise<void>,
): Promise<void> {
  await using node = await startNode({
    workers,
    debugHeap: true,
    memoryBytes: 256 << 20,
    modules: TEST_MODULES,
  });
  {
    await using session = await node.connect(64 << 20);
    const client = new Client(session);
    await client.create(HERE, HERE, "pressing");
    await inTime("the test", body(client, session, node));
  }
  await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
}

/** The most blocks that the node has while `work` goes on. */
async function mostBlocks(node: Node, work: Promise<unknown>): Promise<number> {
  let most = 0;
  let over = false;
  const end = work.finally(() => over = true);
  while (!over) {
    most = Math.max(most, liveBlocks(node.segment).length);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await end;
  return most;
}

for (const workers of WORKER_COUNTS) {
  test(`a client's calls wait for room, in their order, ${workers} workers`, async () => {
    await withPool(workers, async (client, session) => {
      const ends: number[] = [];
      const calls = Array.from({ length: 3 * LIMITS.slotsPerPort }, async (_, k) => {
        const ranOn = await client.look(HERE, Group.control, k % 4, Pick.byIndex);
        assert.equal(ranOn, k % 4);
        if (k % 4 === 0) ends.push(k);
      });
      // Who asks for an error gets it, and the calls that wait do not lose their turn.
      const error = throwsWith("CHI-3011", () => client.asyncLook(HERE, { lane: 1 }));
      assert.match(error.hint, /paced/);
      throwsWith("CHI-3011", () => client.asyncLook.forget(HERE, { lane: 1 }));
      await Promise.all(calls);
      assert.deepEqual(ends, ends.toSorted((a, b) => a - b));
      assert.equal(session.port.outstanding, 0);
    });
  });

  test(`a client that forgets waits for room, ${workers} workers`, async () => {
    await withPool(workers, async (client, session) => {
      let waits = 0;
      for (let k = 0; k < 5 * LIMITS.slotsPerPort; k++) {
        const room = client.asyncLook.pacedForget(HERE, { lane: k % 4 });
        if (room === undefined) continue;
        waits++;
        await room;
      }
      assert.ok(waits > 0, "there was always room");
      await eventually(
        "all have ended",
        () => (session.port.poll(), session.port.outstanding === 0),
      );
    });
  });

  test(`a pool is made as soon as there is room, ${workers} workers`, async () => {
    await withPool(workers, async (client, session) => {
      const held = Array.from(
        { length: LIMITS.slotsPerPort },
        (_, k) => client.asyncLook(HERE, { lane: k % 4, us: k === 0 ? 20_000 : 0 }),
      );
      const late = new Client(session);
      throwsWith("CHI-3011", () => late.asyncCreate(HERE, HERE, "late"));
      const before = client.look(HERE, Group.control, 1, Pick.byIndex);
      const made = late.create(HERE, HERE, "late");
      for (const task of held) {
        await task.wait();
        task.free();
      }
      assert.equal(await before, 1);
      await made;
      assert.equal(await late.look(HERE, Group.control, 3, Pick.byIndex), 3);
      assert.equal(session.port.outstanding, 0);
    });
  });

  // Without the bound of SubtaskRoom the whole flood is under way at once, and these two fail.
  test(`a handler that floods a slow lane is slowed down, ${workers} workers`, async () => {
    await withPool(workers, async (client, _session, node) => {
      for (const manner of [Manner.paced, Manner.asked]) {
        // Nothing of the flood runs before this has.
        const slow = client.look(HERE, Group.control, 1, Pick.byIndex, 200_000);
        const flood = client.flood(HERE, 0, 1, FLOOD, manner);
        const most = await mostBlocks(node, flood);
        assert.deepEqual(await flood, { sent: FLOOD, code: 0 });
        assert.equal(await slow, 1);
        assert.ok(most <= LIMITS.subtasksPerTask + SLACK, `${most} blocks at once`);
      }
    });
  });

  test(`a handler that does not wait is told, ${workers} workers`, async () => {
    await withPool(workers, async (client) => {
      // To its own lane, and to one that may be another worker's.
      for (const targetLane of [0, 1]) {
        const { sent, code } = await client.flood(HERE, 0, targetLane, FLOOD, Manner.told);
        assert.equal(code, ERRORS.noFreeSlot.code);
        assert.equal(sent, LIMITS.subtasksPerTask);
      }
      assert.equal(await client.look(HERE, Group.control, 1, Pick.byIndex), 1);
    });
  });
}

test("who waits for room learns that the session has ended", async () => {
  await withPool(1, async (_client, _session, node) => {
    const session = await node.connect(64 << 20);
    const client = new Client(session);
    await client.create(HERE, HERE, "pressing");
    const forever = Array.from({ length: LIMITS.slotsPerPort }, () => client.asyncForever(HERE));
    const first = client.look(HERE, Group.control, 0, Pick.byIndex);
    const second = client.asyncLook.paced(HERE, { lane: 0 });
    assert.ok(second instanceof Promise, "there was room");
    const ends = Promise.all([
      rejectsWith("CHI-5006", first),
      rejectsWith("CHI-5006", second),
      rejectsWith("CHI-5006", session.port.slotFree()),
    ]);
    await Promise.all([ends, session.close()]);
    for (const task of forever) task.free();
  });
});

test("a call whose fields cannot be set fails alone", async () => {
  await withPool(1, async (client, session) => {
    const faulty = new Faulty(session);
    await faulty.create(HERE, HERE, "faulty");
    const held = client.asyncLook(HERE, { us: 100_000 });
    const rest = Array.from({ length: LIMITS.slotsPerPort - 1 }, () => client.asyncLook(HERE, {}));
    const bad = faulty.asyncEcho.ask(HERE, { text: "too long".repeat(10) });
    const good = client.look(HERE, Group.control, 2, Pick.byIndex);
    const refused = rejectsWith("CHI-3001", bad);
    for (const task of [held, ...rest]) {
      await task.wait();
      task.free();
    }
    assert.equal(await good, 2);
    await refused;
    assert.equal(session.port.outstanding, 0);
  });
});
