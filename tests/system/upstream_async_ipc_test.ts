/**
 * `TestAsyncIpc` of the C++ original, whole: 2^20 tasks that nobody waits for, each the first of a
 * chain of nine, and a flush.
 *
 * Nine million tasks with a promise each take a minute, so they are sent at one number of workers
 * only, and without the debug heap, which makes each several times as dear; `upstream_test.ts` has
 * the same with 2^12 at the others.
 */

import assert from "node:assert/strict";
import { CreateContext, DomainQuery } from "chimaera";
import { startNode } from "chimaera/node";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { Client } from "../../chimods/small_message/small_message_client.ts";
import { test } from "../permission.ts";

const HERE = DomainQuery.getLocalId();
const OPS = 2 ** 20;
const DEPTH = 8;
const LANES = 4;

test(`TestAsyncIpc: 2^20 forgotten tasks, ${DEPTH} deep, 2 workers`, async () => {
  await using node = await startNode({ workers: 2, memoryBytes: 256 << 20 });
  await using session = await node.connect(64 << 20);
  const client = new Client(session);
  await client.create(HERE, HERE, "ipc_test", new CreateContext(), LANES);
  const admin = new Admin(session);
  for (let k = 0; k < OPS; k++) {
    const room = client.asyncMd.pacedForget(HERE, { depthLeft: DEPTH, lane: k });
    if (room !== undefined) await room;
  }
  await admin.flush(HERE);
  const pools = await admin.listPools(HERE);
  const { lanes } = pools.find(({ id }) => id === client.poolId)!;
  assert.equal(lanes.reduce((sum, { done }) => sum + done, 0), OPS * (DEPTH + 1));
  assert.equal(lanes.reduce((sum, { failed }) => sum + failed, 0), 0);
});
