/** Fire and forget: every task runs, its memory comes back, and its failure is counted. */

import assert from "node:assert/strict";
import { DomainQuery, LIMITS, type Session } from "chimaera";
import { startNode } from "chimaera/node";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { test } from "../permission.ts";
import { startClient } from "./kit/client_process.ts";
import { eventually, throwsWith } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { forgetTrees } from "./kit/trees.ts";
import { Client } from "./modules/steady/steady_client.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();
const LANES = 4;
const DEPTH = 8;
const TREES = 2 ** 12;

/** Tasks that all lanes have counted under a key. */
async function total(client: Client, key: number): Promise<number> {
  let sum = 0;
  for (let lane = 0; lane < LANES; lane++) sum += await client.tally(HERE, key, lane);
  return sum;
}

async function failures(session: Session): Promise<number> {
  const pools = await new Admin(session).listPools(HERE);
  const { lanes } = pools.find(({ name }) => name === "steady")!;
  return lanes.reduce((sum, { failed }) => sum + failed, 0);
}

for (const workers of WORKER_COUNTS) {
  test(`forgotten tasks forget tasks, ${DEPTH} deep, ${workers} workers`, async () => {
    await using node = await startNode({
      workers,
      debugHeap: true,
      memoryBytes: 256 << 20,
      modules: TEST_MODULES,
    });
    await using session = await node.connect(64 << 20);
    const client = new Client(session);
    await client.create(HERE, HERE, "steady");
    await forgetTrees(session, client, { key: 1, trees: TREES, depth: DEPTH });
    const tasks = TREES * (DEPTH + 1);
    await eventually("all have run", async () => await total(client, 1) === tasks);
    // A branching one, whose last level fails.
    await forgetTrees(session, client, { key: 2, trees: 3, depth: DEPTH, width: 2, fails: true });
    const nodes = 3 * (2 ** (DEPTH + 1) - 1);
    await eventually("all have run", async () => await total(client, 2) === nodes);
    assert.equal(await failures(session), 3 * 2 ** DEPTH);
    await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
    assert.equal(session.port.outstanding, 0);
  });

  for (const transport of ["shm", "socket"] as const) {
    test(`a process that forgets tasks, ${transport}, ${workers} workers`, async () => {
      using folder = new RuntimeFolder();
      const env = { env: folder.env };
      await using node = await NodeProcess.start({ workers }, env);
      await using client = startClient({ scenario: "forget", transport, depth: DEPTH }, env);
      await client.next("all ran");
      await client.ended();
      await eventually("no block is left", async () => (await node.figures()).blocks.length === 0);
      await node.stop();
    });
  }
}

test("forgotten tasks hold their slots until they are done, and no longer", async () => {
  await using node = await startNode({ workers: 1, debugHeap: true, modules: TEST_MODULES });
  await using session = await node.connect(64 << 20);
  const client = new Client(session);
  await client.create(HERE, HERE, "steady");
  const send = () => client.asyncTree.forget(HERE, { key: 1 });
  throwsWith("CHI-3011", () => {
    for (let k = 0; k <= 64 * LIMITS.slotsPerPort; k++) send();
  });
  await session.port.slotFree();
  send();
  await eventually("all slots are free", () => {
    session.port.poll();
    return session.port.outstanding === 0;
  });
});
