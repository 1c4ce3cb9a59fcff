/** News that is faster than what it is about: an abort that overtakes its task, an end before use. */

import assert from "node:assert/strict";
import { ChimaeraError, connect, DomainQuery, type PoolInfo } from "chimaera";
import { startNode } from "chimaera/node";
import { Client as Admin } from "chimaera/admin_client";
import { test } from "../permission.ts";
import { eventually, rejectsWith } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/locking/locking_client.ts";

const HERE = DomainQuery.getLocalId();
const WORKERS = 3;

/** A pool of two lanes, and the worker without any, to which new clients send their first task. */
interface ThreeWays {
  readonly id: number;
  readonly homeWorker: number;
  /** The lane that is not on the home worker, and whose it is. */
  readonly lane: number;
  readonly laneWorker: number;
}

/** The worker that a new client sends its first task for a pool to. */
function guessOf(poolId: number): number {
  return (poolId - 1) % WORKERS;
}

function threeWays({ id, lanes }: PoolInfo): ThreeWays | null {
  const [home, other] = lanes;
  if (new Set([guessOf(id), home!.worker, other!.worker]).size < WORKERS) return null;
  return { id, homeWorker: home!.worker, lane: other!.index, laneWorker: other!.worker };
}

/** The index of a pool's lane on a worker. */
function laneOn({ lanes }: PoolInfo, worker: number): number {
  return lanes.find((lane) => lane.worker === worker)!.index;
}

test("an abort that overtakes its task, which comes by a third worker, reaches it", async () => {
  await using node = await startNode({
    workers: WORKERS,
    debugHeap: true,
    memoryBytes: 64 << 20,
    modules: TEST_MODULES,
  });
  await using session = await node.connect(64 << 20);
  const holder = new Client(session);
  await holder.create(HERE, HERE, "holder", undefined, WORKERS);
  for (let k = 0; k < 2 * WORKERS; k++) {
    await new Client(session).create(HERE, HERE, `pool${k}`, undefined, 2);
  }
  for (let k = 0; k < WORKERS; k++) {
    await new Client(session).create(HERE, HERE, `marker${k}`, undefined, WORKERS);
  }
  const placed = await new Admin(session).listPools(HERE);
  const pools = placed.filter(({ name }) => name.startsWith("pool"));
  const found = pools.map(threeWays).find((ways) => ways !== null);
  assert.ok(found, "no pool has its lanes on two workers and its guess on the third");

  // The task waits at its pool's home, which a handler holds; the abort is at the lane already.
  using gate = session.alloc(64);
  gate.bytes.fill(0);
  const holding = laneOn(placed.find(({ name }) => name === "holder")!, found.homeWorker);
  using blocker = holder.asyncBlock(HERE, { lane: holding, gate, gateSize: gate.size });
  session.port.flush();
  await eventually("the home is held", () => gate.bytes[1] === 1);
  const client = new Client(session);
  client.init(found.id);
  const task = client.asyncWatch(HERE, { lane: found.lane });
  await rejectsWith("CHI-3005", task.wait({ timeoutMs: 1 }));
  task.free();
  // What goes the abort's way after it, by the same two workers, has come: so has the abort.
  const isMarker = ({ id, name }: PoolInfo) =>
    name.startsWith("marker") && guessOf(id) === guessOf(found.id);
  const marker = placed.find(isMarker)!;
  const follower = new Client(session);
  follower.init(marker.id);
  using behind = follower.asyncState(HERE, { lane: laneOn(marker, found.laneWorker) });
  await behind.wait();
  gate.bytes[0] = 1;
  await blocker.wait();

  await eventually("nothing runs for nobody", () => {
    session.port.poll();
    return session.port.outstanding === 0;
  });
  const state = client.asyncState(HERE, { lane: found.lane });
  await state.wait();
  assert.deepEqual([state.watching, state.aborted, state.bornAborted], [0, 1, 1]);
  state.free();
  await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
});

test("a session of a node that has stopped opens no port, and says why", async () => {
  using folder = new RuntimeFolder();
  await using node = await NodeProcess.start({ workers: 1 }, { env: folder.env });
  await using shared = await connect({ transport: "shm", sizeBytes: 64 << 20 });
  await using wired = await connect({ transport: "socket", sizeBytes: 64 << 20 });
  await node.stop();
  for (const session of [shared, wired]) {
    await eventually("the end has come", () => session.port.isLost);
    await rejectsWith("CHI-5011", session.openPort());
  }
});

test("a session that opens while its node stops is none, or says so at each call", async () => {
  for (let k = 0; k < 12; k += 3) {
    const node = await startNode({ workers: 2, memoryBytes: 32 << 20, modules: TEST_MODULES });
    let turns = k;
    const opening = node.connect(32 << 20).catch((thrown) => thrown as unknown);
    while (turns-- > 0) await null;
    await node.close();
    await rejectsWith("CHI-5011", node.connect(32 << 20));
    const opened = await opening;
    if (opened instanceof ChimaeraError) continue;
    assert.ok(typeof opened === "object" && opened !== null && "port" in opened, String(opened));
    await assert.rejects(new Admin(opened as never).listPools(HERE), ChimaeraError);
  }
});
