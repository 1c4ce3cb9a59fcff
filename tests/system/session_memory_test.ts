/** Sessions on a machine with little memory for them. */

import assert from "node:assert/strict";
import { connect, DomainQuery, LIMITS } from "chimaera";
import { Instance, startNode } from "chimaera/node";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { test } from "../permission.ts";
import { rejectsWith } from "./kit/expect.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";

const LOCAL = DomainQuery.getLocalId();

test("a client that names no size gets a session, however little there is", async () => {
  using _folder = new RuntimeFolder();
  for (const sessionMemoryBytes of [256 << 20, 80 << 20]) {
    const instance = Instance.claim("default");
    await using _node = await startNode({ workers: 1, instance, sessionMemoryBytes });
    const session = await connect();
    const stats = await new Admin(session).pollStats(LOCAL);
    const mine = stats.sessions.find(({ id }) => id === session.id);
    if (session.transport === "shm") assert.equal(mine?.memoryBytes, sessionMemoryBytes);
    await session.close();
  }
});

test("programs of the node's process share what there is", async () => {
  await using node = await startNode({ workers: 1, sessionMemoryBytes: 300 << 20 });
  const first = await node.connect();
  const second = await node.connect();
  const sizes = node.sessions.info().map(({ memoryBytes }) => memoryBytes);
  assert.deepEqual(sizes.slice(1), [LIMITS.sessionBytesDefault, 44 << 20]);
  await rejectsWith("CHI-2007", node.connect());
  await second.close();
  await first.close();
});
