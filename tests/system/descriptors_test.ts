/** A node that may open few files: it refuses what it has no descriptor for, and goes on. */

import assert from "node:assert/strict";
import { ChimaeraError, connect, DomainQuery, type Session } from "chimaera";
import { InstancePaths } from "chimaera/node";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { test } from "../permission.ts";
import { startClient } from "./kit/client_process.ts";
import { NodeProcess } from "./kit/node_process.ts";
import type { Program } from "./kit/program.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";

const LOCAL = DomainQuery.getLocalId();
const OPEN_FILES_MAX = 128;

/** With a client of the node that must see nothing of what the body does. */
async function withNode(body: (node: NodeProcess, goesOn: () => Promise<void>) => Promise<void>) {
  using folder = new RuntimeFolder();
  const { env } = folder;
  const options = { env, openFilesMax: OPEN_FILES_MAX };
  await using node = await NodeProcess.start({ workers: 2 }, options);
  await using bystander: Program = startClient({ scenario: "bystander" }, { env });
  const goesOn = async () => {
    bystander.take("progress");
    await bystander.next("progress");
  };
  await goesOn();
  await body(node, goesOn);
  await goesOn();
  await bystander.send({ kind: "stop" });
  await bystander.next("total");
  await bystander.ended();
  await node.stop();
}

/** A client as everybody's gets its answers. */
async function expectServed(node: NodeProcess): Promise<void> {
  await using session = await connect({ sizeBytes: 32 << 20 });
  assert.equal(session.transport, "shm");
  assert.equal((await new Admin(session).pollStats(LOCAL)).pid, node.pid);
}

test("connections that say nothing cost a node no more than a few descriptors", async () => {
  await withNode(async (node, goesOn) => {
    const { socket: path } = new InstancePaths();
    const silent: Deno.UnixConn[] = [];
    for (let k = 0; k < 230; k++) silent.push(await Deno.connect({ transport: "unix", path }));
    await goesOn();
    await expectServed(node); // Behind all of them.
    for (const connection of silent) connection.close();
    await expectServed(node);
  });
});

test("a program that connects again and again is refused, and the node goes on", async () => {
  await withNode(async (node, goesOn) => {
    const sessions: Session[] = [];
    let refused: unknown = null;
    while (refused === null) {
      await connect({ sizeBytes: 32 << 20, transport: "shm" }).then(
        (session) => sessions.push(session),
        (thrown) => refused = thrown,
      );
    }
    assert.ok(refused instanceof ChimaeraError);
    assert.equal(refused.code, "CHI-5008", refused.message);
    assert.match(refused.hint, /ulimit -n/);
    await goesOn();
    const stats = await new Admin(sessions.at(-1)).pollStats(LOCAL);
    assert.equal(stats.pid, node.pid);
    for (const session of sessions) await session.close();
    while ((await node.clients()).length > 1) await new Promise((r) => setTimeout(r, 10));
    await expectServed(node);
  });
});
