import assert from "node:assert/strict";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { Client, CodecId } from "../../chimods/compressor/compressor_client.ts";
import { Client as MessageClient } from "../../chimods/small_message/small_message_client.ts";
import { DomainQuery } from "../../sdk/mod.ts";
import { startNode } from "../../sdk/node.ts";
import { test } from "../../tests/permission.ts";
import { RunPool, sessionOfPool } from "./compressor_pool.ts";

const LOCAL = DomainQuery.getLocalId();

test("run pools: those of dead runs are ended, and no pool of anybody else", async () => {
  await using node = await startNode({ workers: 2 });
  const session = await node.connect(64 << 20);
  const admin = new Admin(session);
  const dead = ".command_line-shm-4711-00c0ffee";
  const theirs = [
    "command_line-notes",
    "command_line-shm-4711",
    ".command_line-shm-4711",
    ".command_line-shm-4711-mine",
    ".command_line-shm-4711-00c0ffee-2",
  ];
  for (const name of [dead, ...theirs]) {
    await new Client(session).create(LOCAL, LOCAL, name, undefined, CodecId.lz4);
  }
  const other = ".command_line-shm-4712-00c0ffee";
  await new MessageClient(session).create(LOCAL, LOCAL, other);
  const names = async () => (await admin.listPools(LOCAL)).map(({ name }) => name);
  {
    await using first = await RunPool.open(session);
    await using second = await RunPool.open(session);
    assert.notEqual(first.name, second.name);
    const there = await names();
    assert.ok(!there.includes(dead));
    for (const name of [first.name, second.name, other, ...theirs]) {
      assert.ok(there.includes(name), name);
    }
    const libName = "chimaera_compressor";
    const made = { name: first.name, libName };
    assert.equal(sessionOfPool(made), `${session.transport}-${session.id}`);
  }
  assert.deepEqual(
    (await names()).filter((name) => /^[.]?command_line/.test(name)).sort(),
    [
      ...theirs,
      other,
    ].sort(),
  );
});
