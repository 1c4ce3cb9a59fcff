/**
 * `TestAsyncIpc` of the C++ original, whole: 2^20 tasks that nobody waits for, each the first of a
 * chain of nine, and a flush.
 *
 * The number is whole at one number of workers; nine million handlers with a promise each take
 * some twenty seconds there. As many are under way as workers can turn to: with a full port, where
 * 36,000 promises outlive each collection of garbage, a task costs four times as much. What a full
 * port does is in `upstream_test.ts` and `back_pressure_test.ts`. The debug heap, which also makes
 * them several times as dear, is at work there too.
 */

import assert from "node:assert/strict";
import { CreateContext, DomainQuery } from "chimaera";
import { startNode } from "chimaera/node";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { Client } from "../../chimods/small_message/small_message_client.ts";
import { test } from "../permission.ts";

const HERE = DomainQuery.getLocalId();
const DEPTH = 8;
const LANES = 4;
/** After so many forgotten trees the sender waits for one more, which comes behind them. */
const UNDER_WAY = 64;

for (const [workers, exponent] of [[1, 17], [2, 20], [4, 17]] as const) {
  test(`TestAsyncIpc: 2^${exponent} forgotten tasks, ${DEPTH} deep, ${workers} workers`, async () => {
    const ops = 2 ** exponent;
    await using node = await startNode({ workers, debugHeap: false, memoryBytes: 256 << 20 });
    await using session = await node.connect(64 << 20);
    const client = new Client(session);
    await client.create(HERE, HERE, "ipc_test", new CreateContext(), LANES);
    const admin = new Admin(session);
    for (let k = 1; k <= ops; k++) {
      client.asyncMd.forget(HERE, { depthLeft: DEPTH, lane: k });
      if (k % UNDER_WAY === 0) assert.equal(await client.md(HERE, DEPTH, k), DEPTH + 1);
    }
    await admin.flush(HERE);
    const pools = await admin.listPools(HERE);
    const { lanes } = pools.find(({ id }) => id === client.poolId)!;
    const trees = ops + ops / UNDER_WAY;
    assert.equal(lanes.reduce((sum, { done }) => sum + done, 0), trees * (DEPTH + 1));
    assert.equal(lanes.reduce((sum, { failed }) => sum + failed, 0), 0);
  });
}
