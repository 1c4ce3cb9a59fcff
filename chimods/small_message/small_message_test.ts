import assert from "node:assert/strict";
import { CreateContext, DomainQuery } from "chimaera";
import { startNode } from "chimaera/test";
import { test } from "../../tests/permission.ts";
import { Client as Admin } from "chimaera/admin_client";
import { Client } from "./small_message_client.ts";
import { MD_IO_READ, MD_IO_WRITE } from "./small_message_tasks.ts";

const LOCAL = DomainQuery.getLocalId();

async function poolOf(lanes: number) {
  const { session, [Symbol.asyncDispose]: dispose } = await startNode();
  const client = new Client(session);
  await client.create(LOCAL, LOCAL, "messages", new CreateContext(), lanes);
  const lanesNow = async () => {
    const pools = await new Admin(session).listPools(LOCAL);
    return pools.find(({ id }) => id === client.poolId)!.lanes;
  };
  return { session, client, lanesNow, [Symbol.asyncDispose]: dispose };
}

test("small_message: md counts the tasks of its chain, whatever the depth", async () => {
  await using pool = await poolOf(3);
  for (const depth of [0, 1, 2, 3, 10, 100]) {
    assert.equal(await pool.client.md(LOCAL, depth, depth), depth + 1, `depth ${depth}`);
  }
});

test("small_message: each task of a chain runs on the lane after the last one's", async () => {
  await using pool = await poolOf(4);
  await pool.client.md(LOCAL, 9, 2);
  // Ten tasks over the lanes 2, 3, 0, 1, 2, …
  const lanes = (await pool.lanesNow()).toSorted((a, b) => a.index - b.index);
  assert.deepEqual(lanes.map(({ done }) => done), [2, 2, 3, 3]);
  assert.deepEqual(lanes.map(({ failed, waiting }) => failed + waiting), [0, 0, 0, 0]);
  assert.equal(new Set(lanes.map(({ worker }) => worker)).size, 2);
});

test("small_message: many chains at once do not take each other's results", async () => {
  await using pool = await poolOf(4);
  const depths = Array.from({ length: 100 }, (_, k) => k % 8);
  const counts = await Promise.all(depths.map((depth, k) => pool.client.md(LOCAL, depth, k)));
  assert.deepEqual(counts, depths.map((depth) => depth + 1));
});

test("small_message: io reads the caller's bytes, and writes them, at any size", async () => {
  await using pool = await poolOf(1);
  const { session, client } = pool;
  for (const sizeBytes of [1, 7, 4096, 65_537, 1 << 20]) {
    const block = session.alloc(sizeBytes);
    let expected = 0;
    for (let k = 0; k < sizeBytes; k++) {
      const byte = (k * 31 + sizeBytes) & 0xff;
      block.bytes[k] = byte;
      expected += byte;
    }
    assert.equal(await client.io(LOCAL, block, MD_IO_WRITE), expected, `sum of ${sizeBytes}`);
    assert.equal(block.bytes[sizeBytes - 1], ((sizeBytes - 1) * 31 + sizeBytes) & 0xff);
    assert.equal(await client.io(LOCAL, block, MD_IO_READ), 15 * sizeBytes, `${sizeBytes} filled`);
    assert.ok(block.bytes.subarray(0, sizeBytes).every((byte) => byte === 15));
    block.free();
  }
});
