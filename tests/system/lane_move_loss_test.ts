/** Workers that are lost while lanes move to and from them: every task ends, and the node goes on. */

import assert from "node:assert/strict";
import { ChimaeraError, CreateContext, DomainQuery } from "chimaera";
import { startNode } from "chimaera/node";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { test } from "../permission.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client as Faulty } from "./modules/faulty/faulty_client.ts";
import { Fault } from "./modules/faulty/faulty_tasks.ts";
import { Client } from "./modules/nomad/nomad_client.ts";

const HERE = DomainQuery.getLocalId();
const LANES = 2;
/** What tasks and moves may end with. */
const CODES = new Set(["ok", "CHI-4008", "CHI-4017", "CHI-4018"]);

function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "ok",
    (thrown) => thrown instanceof ChimaeraError ? thrown.code : String(thrown),
  );
}

for (const workers of [2, 4]) {
  test(`a worker may be lost while lanes move, ${workers} workers`, async () => {
    await using node = await startNode({ workers, memoryBytes: 128 << 20, modules: TEST_MODULES });
    await using session = await node.connect(64 << 20);
    const admin = new Admin(session);
    const client = new Client(session);
    await client.create(HERE, HERE, "nomads", new CreateContext(), LANES);
    const faulty = new Faulty(session);
    await faulty.create(HERE, HERE, "faulty", new CreateContext(), workers);
    for (let round = 0; round < 6; round++) {
      const steps = Array.from({ length: 2000 }, (_, k) => {
        const task = client.asyncStep(HERE, { lane: k % LANES, sender: round, sequence: k });
        return outcome(task.wait()).finally(() => task.free());
      });
      const moves = Array.from({ length: 6 }, (_, k) => {
        const to = (round + k) % workers;
        return outcome(admin.moveLane(HERE, client.poolId, 0, k % LANES, to));
      });
      const lost = outcome(faulty.fail(HERE, Fault.endsTheLoop, round % workers));
      for (const found of await Promise.all([...steps, ...moves, lost])) {
        assert.ok(CODES.has(found), found);
      }
      for (let lane = 0; lane < LANES; lane++) await client.recall(HERE, lane);
    }
    // Everything is as it was, but for what the lost ones knew.
    for (let index = 0; index < LANES; index++) {
      const from = node.pools.get(client.poolId).lanes[index]!.worker;
      const to = (from + 1) % workers;
      await admin.moveLane(HERE, client.poolId, 0, index, to);
      assert.equal((await client.recall(HERE, index)).worker, to);
    }
  });
}
