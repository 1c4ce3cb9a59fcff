/** Lanes that call other pools and read files while they open. */

import assert from "node:assert/strict";
import { CreateContext, DomainQuery } from "chimaera";
import { startNode } from "chimaera/node";
import { test } from "../permission.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/loose/loose_client.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();
const LANES = 6;

for (const workers of WORKER_COUNTS) {
  test(`every lane calls another pool and reads a file to open, ${workers} workers`, async () => {
    await using node = await startNode({
      workers,
      debugHeap: true,
      memoryBytes: 64 << 20,
      modules: TEST_MODULES,
    });
    await using session = await node.connect(64 << 20);
    const other = new Client(session);
    await other.create(HERE, HERE, "other");
    const path = new URL(import.meta.url).pathname;
    const roots = new Set<string>();
    for (const name of ["first", "second"]) {
      const client = new Client(session);
      await client.create(HERE, HERE, name, new CreateContext(), {
        lanes: LANES,
        other: other.poolId,
        path,
      });
      for (let lane = 0; lane < LANES; lane++) {
        using task = client.asyncOpened(HERE, { lane });
        await task.wait();
        assert.equal(task.lanesOfPool, LANES);
        assert.equal(task.answer, 42);
        assert.equal(task.fileBytes, Math.min(1024, Deno.statSync(path).size));
        assert.equal(task.depth, 0);
        roots.add(`${task.rootOrigin} ${task.rootNumber}`);
      }
    }
    assert.equal(roots.size, 2 * LANES, "each start is a root of its own");
  });
}
