/** What becomes of tasks whose worker is lost, and of a node that is lost with its heap. */

import assert from "node:assert/strict";
import { type ChimaeraError, connect, DomainQuery, type Session } from "chimaera";
import { startNode } from "chimaera/node";
import { test } from "../permission.ts";
import { eventually, rejectsWith } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client as Faulty } from "./modules/faulty/faulty_client.ts";
import { Fault } from "./modules/faulty/faulty_tasks.ts";
import { Client as Locking } from "./modules/locking/locking_client.ts";
import { Client as Loose } from "./modules/loose/loose_client.ts";
import { Left } from "./modules/loose/loose_tasks.ts";

const HERE = DomainQuery.getLocalId();
/** A handler is noticed after a second. */
const ABANDON_MS = 1100;
const HOUR_MS = 3_600_000;
/** Enough for a node, and soon full. */
const HEAP_FLAG = "--v8-flags=--max-old-space-size=128";

function isAlive(session: Session, offset: number): boolean {
  return liveBlocks(session.segment).some((block) => block.offset === offset);
}

test("a task that was lost is not run again, nor its block used again; others run once", async () => {
  await using node = await startNode({
    workers: 1,
    debugHeap: true,
    modules: TEST_MODULES,
    stallAbandonMs: ABANDON_MS,
  });
  await using session = await node.connect(64 << 20);
  const faulty = new Faulty(session);
  await faulty.create(HERE, HERE, "faulty");
  const locking = new Locking(session);
  await locking.create(HERE, HERE, "locking", undefined, 4);

  const gate = session.alloc(64);
  const { bytes, pointer } = gate;
  bytes.fill(0);
  using blocker = locking.asyncBlock(HERE, { gate, gateSize: gate.size });
  session.port.flush();
  await eventually("it runs", () => bytes[1] === 1);
  bytes[1] = 0; // A second run would set it again.
  // The worker is held, so these stay in their ring.
  const later = Array.from({ length: 40 }, (_, sequence) => {
    return faulty.asyncNext(HERE, { sender: 1, sequence, lane: 0 });
  });
  await rejectsWith("CHI-4009", blocker.wait());
  gate.free();
  for (const [sequence, task] of later.entries()) {
    await task.wait();
    assert.equal(task.previous, sequence - 1, "it ran once, in its turn");
    task.free();
  }
  assert.equal(bytes[1], 0, "it ran again");
  bytes[0] = 1; // The lost handler returns; what it does from now on reaches nobody.
  for (let lane = 0; lane < 4; lane++) assert.equal(await faulty.ok(HERE, 1, lane), 2);
  assert.ok(isAlive(session, pointer.offset), "a block that it may write to was given back");
  assert.equal(node.stats().lost.length, 1);
});

/** A pool whose lanes begin by a call of another pool and a look into a file. */
async function explorersOf(session: Session, path: string): Promise<Loose> {
  const other = new Loose(session);
  await other.create(HERE, HERE, "other");
  const explorers = new Loose(session);
  Deno.writeTextFileSync(path, "at first");
  const params = { lanes: 2, other: other.poolId, path };
  await explorers.create(HERE, HERE, "explorers", undefined, params);
  return explorers;
}

/** Breaks a lane's worker, which has a task under way; that fails with the code. */
async function breakWorker(breaker: Faulty, lane: number, code: string): Promise<ChimaeraError> {
  const sleeping = breaker.asyncSleep(HERE, { ms: HOUR_MS, lane });
  const told = rejectsWith(code, sleeping.wait());
  await breaker.fail(HERE, Fault.endsTheLoop, lane).catch(() => {}); // It may be lost itself.
  const error = await told;
  sleeping.free();
  return error;
}

for (const workers of [1, 2]) {
  test(`instances begin anew on a new thread, as pools do, ${workers} workers`, async () => {
    using folder = new RuntimeFolder();
    await using node = await startNode({ workers, debugHeap: true, modules: TEST_MODULES });
    await using session = await node.connect(64 << 20);
    const path = `${folder.path}/found`;
    const explorers = await explorersOf(session, path);
    const breaker = new Faulty(session);
    await breaker.create(HERE, HERE, "faulty");
    Deno.writeTextFileSync(path, "later on, more");
    const { lanes } = node.pools.list().find(({ name }) => name === "faulty")!;
    for (let worker = 0; worker < workers; worker++) {
      const { index } = lanes.find((lane) => lane.worker === worker)!;
      await breakWorker(breaker, index, "CHI-4008");
    }
    for (const lane of [0, 1]) {
      using task = explorers.asyncOpened(HERE, { lane });
      await task.wait();
      assert.deepEqual([task.answer, task.fileBytes], [42, "later on, more".length]);
    }
  });
}

test("a pool that cannot begin anew ends its node, and sessions are told why", async () => {
  using folder = new RuntimeFolder();
  await using node = await startNode({ workers: 1, debugHeap: true, modules: TEST_MODULES });
  await using session = await node.connect(64 << 20);
  const path = `${folder.path}/found`;
  await explorersOf(session, path);
  const breaker = new Faulty(session);
  await breaker.create(HERE, HERE, "faulty");
  Deno.removeSync(path);
  const error = await breakWorker(breaker, 0, "CHI-4008");
  assert.match(error.message, /^replace worker 0: open .*found: ENOENT/);
  await node.stopAsked;
});

test("a heap that is exhausted ends its node, and every session is told", async () => {
  using folder = new RuntimeFolder();
  const permissions = ["--allow-all", HEAP_FLAG];
  const node = await NodeProcess.start({ workers: 2 }, { env: folder.env, permissions });
  await using session = await connect({ sizeBytes: 32 << 20 });
  await using other = await connect({ sizeBytes: 32 << 20, transport: "socket" });
  const client = new Loose(session);
  await client.create(HERE, HERE, "hoarders");
  using sleeping = client.in(other).asyncSleep(HERE, { ms: HOUR_MS });
  const told = rejectsWith("CHI-5005", sleeping.wait());
  await rejectsWith("CHI-5005", client.leaveSync(HERE, { left: Left.noMemory }));
  await told;
  await node.program.ended(true);
  assert.match(node.program.errors, /out of memory/i);
  await using next = await NodeProcess.start({ workers: 1 }, { env: folder.env });
  assert.equal(next.takenOver, true);
  await next.stop();
});
