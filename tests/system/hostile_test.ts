/**
 * A client that scribbles random bytes over everything that it can reach, while the node reads it.
 *
 * CHIMAERA_TEST_ROUNDS sets how many rounds there are over all numbers of workers, and
 * CHIMAERA_TEST_SEED repeats a seed.
 */

import assert from "node:assert/strict";
import { connect, DomainQuery } from "chimaera";
import { permitted, test } from "../permission.ts";
import { startClient } from "./kit/client_process.ts";
import { eventually } from "./kit/expect.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { Program } from "./kit/program.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import type { Scribbled, ScribblerConfig } from "./kit/scribbler.ts";
import { Client } from "./modules/faulty/faulty_client.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();
const ROUNDS = Number(permitted() && Deno.env.get("CHIMAERA_TEST_ROUNDS") || 10_000);
const PATIENCE_MS = 60_000 + ROUNDS * 50;

for (const workers of WORKER_COUNTS) {
  test(`a client that scribbles over its memory harms only itself, ${workers} workers`, async () => {
    const seed = Number(
      Deno.env.get("CHIMAERA_TEST_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0],
    );
    using folder = new RuntimeFolder();
    const env = { env: folder.env };
    await using node = await NodeProcess.start({ workers }, env);
    await using bystander = startClient({ scenario: "bystander" }, env);
    await bystander.next("progress");
    {
      await using session = await connect({ sizeBytes: 32 << 20 });
      const client = new Client(session);
      await client.create(HERE, HERE, "faulty");
      const config: ScribblerConfig = {
        seed,
        rounds: Math.ceil(ROUNDS / WORKER_COUNTS.length),
        pool: client.poolId,
      };
      console.log(`seed ${seed}, ${config.rounds} rounds`);
      const script = new URL("./kit/scribbler.ts", import.meta.url);
      await using scribbler = Program.start(script, config, env);
      const did = await scribbler.next<Scribbled>("scribbled", PATIENCE_MS);
      await scribbler.ended();
      assert.equal(did.rounds, config.rounds);
      for (let lane = 0; lane < 4; lane++) assert.equal(await client.ok(HERE, 1, lane), 2);
      const { stats } = await node.figures();
      console.log(
        `${did.sessions} sessions, ${did.endedByNode} of them ended by the node, ` +
          `${did.submitted} tasks sent, ${stats.malformed} malformed`,
      );
      assert.ok(stats.malformed >= did.endedByNode);
    }
    bystander.take("progress");
    await bystander.next("progress");
    await bystander.send({ kind: "stop" });
    await bystander.next("total");
    await bystander.ended();
    assert.deepEqual(node.program.take("lost"), []);
    await eventually("its sessions go", async () => (await node.clients()).length === 0);
    await eventually("no block is left", async () => {
      const { blocks } = await node.figures();
      return blocks.length === 0;
    });
    await node.stop();
  });
}
