/**
 * Tasks that their callers abandon: by a deadline, an abort, `free`, or by going away. Whoever
 * works for them is told, wherever it runs; what they name stays theirs until the last of them is
 * done, and nobody else's memory is ever written to.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { DomainQuery, type Session } from "chimaera";
import { startNode } from "chimaera/node";
import { test } from "../permission.ts";
import { startClient } from "./kit/client_process.ts";
import { eventually, rejectsWith } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client as Faulty } from "./modules/faulty/faulty_client.ts";
import { Client } from "./modules/locking/locking_client.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();
const LANES = 4;

function nodeOf(workers: number) {
  return startNode({ workers, debugHeap: true, memoryBytes: 64 << 20, modules: TEST_MODULES });
}

/** Waits until so many tasks of `watch` have learnt that nobody wants them, and none still runs. */
async function abortsBecome(client: Client, aborted: number): Promise<void> {
  await eventually(`${aborted} handlers have seen it`, async () => {
    const state = await client.state(HERE, LANES);
    return state.watching === 0 && state.aborted === aborted;
  });
}

async function watchesRun(client: Client, count: number): Promise<void> {
  await eventually(
    `${count} run`,
    async () => (await client.state(HERE, LANES)).watching === count,
  );
}

for (const workers of WORKER_COUNTS) {
  const at = `${workers} workers`;

  test(`an abandoned task's subtasks are told, on whatever worker, ${at}`, async () => {
    await using node = await nodeOf(workers);
    await using session = await node.connect(64 << 20);
    const client = new Client(session);
    await client.create(HERE, HERE, "locking", undefined, LANES);
    let aborted = 0;

    const late = client.asyncWatch(HERE, { depth: 3 });
    await watchesRun(client, 1);
    await rejectsWith("CHI-3005", late.wait({ timeoutMs: 1 }));
    late.free();
    await abortsBecome(client, aborted += 4);

    const controller = new AbortController();
    const unwanted = client.asyncWatch(HERE, { depth: 2, lane: 1 });
    const waiting = rejectsWith("CHI-3006", unwanted.wait({ signal: controller.signal }));
    await watchesRun(client, 1);
    controller.abort();
    await waiting;
    unwanted.free();
    await abortsBecome(client, aborted += 3);

    // A handler that has ended is not waited for, but what it left is part of its task.
    const left = client.asyncWatch(HERE, { depth: 1, leaves: true });
    await watchesRun(client, 1);
    await rejectsWith("CHI-3005", left.wait({ timeoutMs: 1 }));
    left.free();
    await abortsBecome(client, aborted += 1);

    // A handler that gives up a subtask abandons that one, and is itself still wanted.
    using impatient = client.asyncWatch(HERE, { depth: 1, timeoutMs: 20 });
    await rejectsWith("CHI-3005", impatient.wait());
    await abortsBecome(client, aborted += 1);

    const gone = await node.connect(64 << 20);
    const lost = client.in(gone).asyncWatch(HERE, { depth: 3, lane: 2 });
    await watchesRun(client, 1);
    lost.free();
    await gone.close();
    await abortsBecome(client, aborted += 4);
    await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
  });

  test(`a killed client's subtasks are told, ${at}`, async () => {
    using folder = new RuntimeFolder();
    const env = { env: folder.env };
    await using node = await NodeProcess.start({ workers, memoryBytes: 64 << 20 }, env);
    for (const transport of ["shm", "socket"] as const) {
      await using watcher = startClient({ scenario: "watch", transport, depth: 3 }, env);
      await watcher.next("watching");
      watcher.kill("SIGKILL");
      await eventually("its session goes, and its tasks with it", async () => {
        const { stats, blocks } = await node.figures();
        return stats.sessions.every(({ transport }) => transport === "in-process") &&
          blocks.length === 0;
      });
    }
    await node.stop();
  });

  test(`late handlers write to nobody else's memory, ${at}`, async () => {
    await using node = await nodeOf(workers);
    await using session = await node.connect(64 << 20);
    const client = new Faulty(session);
    await client.create(HERE, HERE, "faulty", undefined, LANES);
    const before = liveBlocks(session.segment).length;
    await fc.assert(
      fc.asyncProperty(storm, async (tasks) => {
        const churn = new Churn(session);
        const lost = await node.connect(32 << 20);
        for (const task of tasks) {
          await send(client, session, task);
          if (task.ms > 10) void abandon(client, lost, task);
          churn.turn(task.sizeBytes);
        }
        await lost.close();
        const isQuiet = () => {
          churn.turn(1000);
          session.port.poll();
          return session.port.outstanding === 0;
        };
        await eventually("the last handler is done", isQuiet);
        churn.end();
        assert.equal(liveBlocks(session.segment).length, before);
      }),
      { numRuns: 3, endOnFailure: true },
    );
    await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
    await eventually("the lost sessions are gone", () => node.stats().sessions.length === 2);
  });
}

for (const workers of [1, 2]) {
  test(`a killed client's long chain of tasks unwinds, ${workers} workers`, async () => {
    using folder = new RuntimeFolder();
    const env = { env: folder.env };
    await using node = await NodeProcess.start({ workers, memoryBytes: 256 << 20 }, env);
    await using client = startClient({ scenario: "deep", transport: "shm", depth: 30_000 }, env);
    await client.next("descending");
    client.kill("SIGKILL");
    await eventually("its session goes, and its tasks with it", async () => {
      const { stats, blocks } = await node.figures();
      return stats.sessions.every(({ transport }) => transport === "in-process") &&
        blocks.length === 0;
    });
    await node.stop();
  });
}

test("a node tells what it still does for a client that has gone", async () => {
  await using node = await nodeOf(1);
  await using session = await node.connect(64 << 20);
  const client = new Faulty(session);
  await client.create(HERE, HERE, "faulty", undefined, LANES);
  const gone = await node.connect(32 << 20);
  void abandon(client, gone, { way: "free", sizeBytes: 8, ms: 500 });
  const inFlight = () => node.stats().workers[0]!.inFlight;
  await eventually("it runs", () => inFlight() > 0);
  assert.ok(node.stats().sessions.every(({ isClosing }) => !isClosing));
  const closed = gone.close();
  const isClosing = () =>
    node.stats().sessions.some(({ id, isClosing }) => id === gone.id && isClosing);
  await eventually("its session ends", isClosing);
  assert.equal(inFlight(), 1);
  await closed;
  await eventually("all has ended", () => inFlight() === 0 && !isClosing());
});

test("a task that is abandoned before it begins begins with its signal fired", async () => {
  await using node = await nodeOf(1);
  await using session = await node.connect(64 << 20);
  const client = new Client(session);
  await client.create(HERE, HERE, "locking", undefined, LANES);
  using gate = session.alloc(64);
  gate.bytes.fill(0);
  using blocker = client.asyncBlock(HERE, { gate, gateSize: gate.size });
  session.port.flush();
  await eventually("the worker is busy", () => gate.bytes[1] === 1);
  const tasks = Array.from({ length: 40 }, (_, lane) => client.asyncWatch(HERE, { lane }));
  await Promise.all(tasks.map((task) => rejectsWith("CHI-3005", task.wait({ timeoutMs: 1 }))));
  for (const task of tasks) task.free();
  gate.bytes[0] = 1;
  await blocker.wait();
  await abortsBecome(client, tasks.length);
  assert.equal((await client.state(HERE, LANES)).bornAborted, tasks.length);
});

// ---- the storm -----------------------------------------------------------------------------------

/** What becomes of one task. */
interface Stormy {
  readonly way: "deadline" | "abort" | "free" | "wait";
  readonly sizeBytes: number;
  /** How long its handler takes, whatever its signal says. */
  readonly ms: number;
}

const storm = fc.array(
  fc.record<Stormy>({
    way: fc.constantFrom("deadline", "abort", "free", "wait"),
    sizeBytes: fc.integer({ min: 1, max: 20_000 }),
    ms: fc.integer({ min: 0, max: 40 }),
  }),
  { minLength: 250, maxLength: 350, size: "max" },
);

/** Sends a stubborn task with bulk of both directions; the blocks are freed at once. */
function abandon(client: Faulty, session: Session, { sizeBytes, ms }: Stormy) {
  using target = session.alloc(sizeBytes);
  using both = session.alloc(sizeBytes);
  using source = session.alloc(sizeBytes);
  return client.in(session).asyncTransform(HERE, {
    add: 1,
    ms,
    stubborn: true,
    lane: sizeBytes,
    source,
    sourceSize: sizeBytes,
    target,
    targetCapacity: sizeBytes,
    both,
    bothSize: sizeBytes,
    bothCapacity: sizeBytes,
  });
}

async function send(client: Faulty, session: Session, stormy: Stormy): Promise<void> {
  const task = abandon(client, session, stormy);
  switch (stormy.way) {
    case "free":
      break;
    case "deadline":
      await task.wait({ timeoutMs: 1 }).catch(() => {}); // It may have been in time.
      break;
    case "abort": {
      const controller = new AbortController();
      const waiting = task.wait({ signal: controller.signal }).catch(() => {});
      controller.abort();
      await waiting;
      break;
    }
    case "wait":
      if (stormy.ms < 3) await task.wait();
  }
  task.free();
}

/** Blocks that come and go at full rate, each with a pattern that must stay. */
class Churn {
  readonly #session: Session;
  readonly #held: { block: ReturnType<Session["alloc"]>; pattern: number }[] = [];
  #turns = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  turn(sizeBytes: number): void {
    for (let k = 0; k < 8; k++) {
      const pattern = this.#turns++ & 0xff;
      const block = this.#session.alloc(sizeBytes);
      block.bytes.fill(pattern);
      this.#held.push({ block, pattern });
      if (this.#held.length > 64) this.#drop();
    }
  }

  #drop(): void {
    const { block, pattern } = this.#held.shift()!;
    assert.ok(block.bytes.every((byte) => byte === pattern), "somebody wrote into another's block");
    block.free();
  }

  end(): void {
    while (this.#held.length > 0) this.#drop();
  }
}
