/** Workers that are recycled while other processes use them, by memory and by the socket. */

import assert from "node:assert/strict";
import { CreateContext, DomainQuery } from "chimaera";
import { Instance, startNode } from "chimaera/node";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { test } from "../permission.ts";
import { startClient } from "./kit/client_process.ts";
import { eventually } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/nomad/nomad_client.ts";

const HERE = DomainQuery.getLocalId();
const LANES = 2;
const TRANSPORTS = ["shm", "socket"] as const;

for (const workers of [2, 4]) {
  test(`other processes notice nothing of recyclings, ${workers} workers`, async () => {
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
      const clients = TRANSPORTS.map((transport, sender) =>
        startClient({ scenario: "stride", transport, sender, lanes: LANES }, { env: folder.env })
      );
      for (const program of clients) await program.next("strides");
      const admin = new Admin(session);
      for (let round = 0; round < 4; round++) {
        assert.equal((await admin.recycleWorker(HERE, round % workers)).stayed, 0);
      }
      for (const program of clients) {
        await program.send({ kind: "stop" });
        const { sent } = await program.next<{ sent: number }>("total");
        assert.ok(sent > 0);
        await program.ended();
      }
      assert.deepEqual(node.stats().lost, []);
    }
    await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
  });
}
