/**
 * Several clients, each with several ports, doing everything at once: every task is answered once
 * and rightly, and at the end nothing is left in anybody's memory.
 *
 * CHIMAERA_TEST_MS soaks longer; CHIMAERA_TEST_SEED repeats a seed.
 */

import assert from "node:assert/strict";
import { connect } from "chimaera";
import { permitted, test } from "../permission.ts";
import { startClient } from "./kit/client_process.ts";
import { eventually } from "./kit/expect.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { soak, type Soaked } from "./scenarios/soak.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const SOAK_MS = Number(permitted() && Deno.env.get("CHIMAERA_TEST_MS") || 3000);
const PATIENCE_MS = 60_000 + 2 * SOAK_MS;

for (const workers of WORKER_COUNTS) {
  test(`nothing is lost, nothing is left, ${workers} workers`, async () => {
    const seed = Number(
      Deno.env.get("CHIMAERA_TEST_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0],
    );
    console.log(`seed ${seed}`);
    using folder = new RuntimeFolder();
    const env = { env: folder.env };
    await using node = await NodeProcess.start({ workers }, env);
    const clients = (["shm", "shm", "socket"] as const).map((transport, k) =>
      startClient({ scenario: "soak", transport, seed: seed + 10 * k, ms: SOAK_MS }, env)
    );
    const totals: Soaked[] = [];
    {
      await using session = await connect({ sizeBytes: 64 << 20 });
      totals.push(await soak(session, seed + 100, SOAK_MS));
    }
    for (const client of clients) {
      const { soaked } = await client.next<{ soaked: Soaked }>("soaked", PATIENCE_MS);
      totals.push(soaked);
      await client.ended();
    }
    for (const total of totals) {
      assert.ok(total.sent > 0);
      assert.equal(total.answered, total.sent);
      assert.equal(total.outstanding, 0);
      assert.equal(total.leftBlocks, 0);
    }
    const sum = (key: "sent" | "lapsed") => totals.reduce((all, total) => all + total[key], 0);
    console.log(`${sum("sent")} tasks answered, ${sum("lapsed")} given up`);
    assert.deepEqual(node.program.take("lost"), []);
    assert.equal(node.program.errors, "");
    await eventually("no block is left in the node", async () => {
      const { blocks, stats } = await node.figures();
      return blocks.length === 0 && stats.malformed === 0;
    });
    await node.stop();
  });
}
