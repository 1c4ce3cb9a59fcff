/** Modules that are upgraded while they are used: no task is lost, repeated or overtaken. */

import assert from "node:assert/strict";
import { CreateContext, DomainQuery, type Session } from "chimaera";
import { Instance, type Node, startNode } from "chimaera/node";
import { Client as Admin } from "chimaera/admin_client";
import { test } from "../permission.ts";
import { stridersOn, underLoad } from "./kit/camp.ts";
import { startClient } from "./kit/client_process.ts";
import { eventually } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import type { ProgramOptions } from "./kit/program.ts";
import { RepoCopy } from "./kit/repo_copy.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { Strider } from "./kit/strider.ts";
import { Client } from "./modules/nomad/nomad_client.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();
const NOMAD = "tests_nomad";
const LANES = 2;

interface Town {
  readonly node: Node;
  readonly repo: RepoCopy;
  readonly session: Session;
  readonly admin: Admin;
  readonly client: Client;
  /** Upgrades the nomads so many times. */
  readonly upgrade: (times: number) => Promise<void>;
}

/** A node whose nomads are a repo's; checks that no block is left. */
async function withTown(
  workers: number,
  instance: Instance | undefined,
  body: (town: Town) => Promise<void>,
): Promise<void> {
  using repo = new RepoCopy("nomad");
  await using node = await startNode({
    workers,
    debugHeap: true,
    memoryBytes: 128 << 20,
    repos: [repo.folder],
    ...instance === undefined ? {} : { instance },
  });
  {
    await using session = await node.connect(128 << 20);
    const admin = new Admin(session);
    const client = new Client(session);
    await client.create(HERE, HERE, "nomads", new CreateContext(), LANES);
    const upgrade = async (times: number) => {
      for (let time = 0; time < times; time++) {
        repo.touch("nomad");
        const info = await admin.upgradeModule(HERE, NOMAD);
        assert.notEqual(info.from, info.to);
        assert.equal(info.restarted, 0);
      }
    };
    await body({ node, repo, session, admin, client, upgrade });
    for (const { id, libName } of node.pools.list()) {
      if (libName === NOMAD) await admin.destroyContainer(HERE, id);
    }
  }
  await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
}

for (const workers of WORKER_COUNTS) {
  test(`upgrades under load lose, repeat and reorder nothing, ${workers} workers`, async () => {
    await withTown(workers, undefined, async (town) => {
      const { client, session, upgrade } = town;
      const second = new Client(session);
      await second.create(HERE, HERE, "more nomads", new CreateContext(), 3);
      await client.keep(HERE, 1, 50_000, 2);
      const before = await client.recall(HERE, 1);
      const isolates = new Set<number>();
      const striders = await stridersOn(town, 3);
      striders.push(new Strider(second.in(await session.openPort()), 3));
      const sent = await underLoad(striders, LANES, async () => {
        for (let round = 0; round < 8; round++) {
          await upgrade(1);
          using step = client.asyncStep(HERE, { sender: 99, sequence: round });
          await step.wait();
          assert.equal(step.previous, round - 1);
          isolates.add(step.isolate);
        }
      });
      assert.ok(sent > 4000, `only ${sent} tasks ran meanwhile`);
      assert.equal(isolates.size, 8, "each version has answered");
      const after = await client.recall(HERE, 1);
      assert.deepEqual(after, { ...before, moves: 8 }, "its block has stayed where it was");
      assert.equal((await second.recall(HERE, 2)).moves, 8);
    });
  });
}

for (const workers of [1, 2]) {
  test(`other processes notice nothing of upgrades, ${workers} workers`, async () => {
    using folder = new RuntimeFolder();
    const options: ProgramOptions = { env: folder.env };
    await withTown(workers, Instance.claim(), async ({ node, upgrade }) => {
      const transports = ["shm", "shm", "socket"] as const;
      const clients = transports.map((transport, sender) =>
        startClient({ scenario: "stride", transport, sender, lanes: LANES }, options)
      );
      for (const program of clients) await program.next("strides");
      await upgrade(4);
      const victim = startClient({ scenario: "stride", sender: 50, lanes: LANES }, options);
      await victim.next("strides");
      const upgrading = upgrade(3);
      victim.kill("SIGKILL");
      await victim.ended(true);
      await upgrading;
      for (const program of clients) {
        await program.send({ kind: "stop" });
        const { sent } = await program.next<{ sent: number }>("total");
        assert.ok(sent > 0);
        await program.ended();
      }
      const others = () => node.sessions.info().filter(({ transport }) => transport === "shm");
      await eventually("their sessions go", () => others().length === 0);
    });
  });
}

for (const workers of [2, 4]) {
  test(`lanes move and workers are recycled around upgrades, ${workers} workers`, async () => {
    await withTown(workers, undefined, async (town) => {
      const { admin, client, node, upgrade } = town;
      await underLoad(await stridersOn(town, 3), LANES, async () => {
        for (let round = 0; round < 3; round++) {
          const lane = node.pools.get(client.poolId).lanes[round % LANES]!;
          const worker = (lane.worker + 1) % workers;
          const changes = [
            admin.moveLane(HERE, client.poolId, 0, lane.index, worker),
            admin.recycleWorker(HERE, round % workers),
            upgrade(1),
          ];
          if (round % 2 === 1) changes.reverse();
          await Promise.all(changes);
        }
        // The new thread begins with the present version.
        for (let worker = 0; worker < workers; worker++) {
          await admin.recycleWorker(HERE, worker);
        }
        await upgrade(1);
      });
    });
  });
}
