/** Lanes that move while other processes use them, and while such a process dies. */

import assert from "node:assert/strict";
import { CreateContext, DomainQuery, type Session } from "chimaera";
import { Instance, type Node, startNode } from "chimaera/node";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { test } from "../permission.ts";
import { startClient } from "./kit/client_process.ts";
import { eventually } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import type { ProgramOptions } from "./kit/program.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/nomad/nomad_client.ts";

const HERE = DomainQuery.getLocalId();
const WORKERS = [2, 4];
const LANES = 2;

/** A node that other processes find, with a pool of nomads. */
async function withCamp(
  workers: number,
  body: (node: Node, client: Client, session: Session, env: ProgramOptions) => Promise<void>,
): Promise<void> {
  using folder = new RuntimeFolder();
  await using node = await startNode({
    workers,
    debugHeap: true,
    memoryBytes: 128 << 20,
    modules: TEST_MODULES,
    instance: Instance.claim(),
  });
  {
    await using session = await node.connect(64 << 20);
    const client = new Client(session);
    await client.create(HERE, HERE, "nomads", new CreateContext(), LANES);
    await body(node, client, session, { env: folder.env });
  }
  await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
}

/** Moves the lanes in turn, `count` times. */
async function moveLanes(node: Node, client: Client, count: number): Promise<void> {
  const admin = new Admin(client.submitter);
  for (let move = 0; move < count; move++) {
    const lane = node.pools.get(client.poolId).lanes[move % LANES]!;
    const to = (lane.worker + 1 + move % (node.workers - 1)) % node.workers;
    await admin.moveLane(HERE, client.poolId, 0, lane.index, to);
  }
}

for (const workers of WORKERS) {
  test(`other processes' tasks keep their order, ${workers} workers`, async () => {
    await withCamp(workers, async (node, client, _session, env) => {
      const transports = ["shm", "shm", "socket"] as const;
      const clients = transports.map((transport, sender) =>
        startClient({ scenario: "stride", transport, sender, lanes: LANES }, env)
      );
      for (const program of clients) await program.next("strides");
      await moveLanes(node, client, 60);
      for (const program of clients) {
        await program.send({ kind: "stop" });
        const { sent } = await program.next<{ sent: number }>("total");
        assert.ok(sent > 0);
        await program.ended();
      }
    });
  });

  test(`a client may die while lanes move, ${workers} workers`, async () => {
    await withCamp(workers, async (node, client, _session, env) => {
      const others = () => node.sessions.info().filter(({ transport }) => transport === "shm");
      await using steady = startClient(
        { scenario: "stride", sender: 100, lanes: LANES },
        env,
      );
      await steady.next("strides");
      for (let round = 0; round < 3; round++) {
        await using victim = startClient(
          { scenario: "stride", sender: round, lanes: LANES },
          env,
        );
        await victim.next("strides");
        const moving = moveLanes(node, client, 12);
        await new Promise((resolve) => setTimeout(resolve, 5 + round * 7));
        victim.kill("SIGKILL");
        await victim.ended(true);
        await moving;
        await eventually("its session goes", () => others().length === 1);
      }
      await steady.send({ kind: "stop" });
      await steady.next("total");
      await steady.ended();
    });
  });
}
