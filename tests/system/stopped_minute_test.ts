/**
 * A client that is stopped for a minute. There is little to do meanwhile: `deno task test` runs
 * this file beside the others.
 */

import assert from "node:assert/strict";
import { connect, DomainQuery } from "chimaera";
import { test } from "../permission.ts";
import { startClient } from "./kit/client_process.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { Client } from "./modules/faulty/faulty_client.ts";

const HERE = DomainQuery.getLocalId();
const SECONDS = 60;

test("a client that is stopped for a minute holds nobody up, and goes on", async () => {
  using folder = new RuntimeFolder();
  const env = { env: folder.env };
  await using node = await NodeProcess.start({ workers: 1 }, env);
  await using stopped = startClient({ scenario: "bystander" }, env);
  await stopped.next("progress");
  {
    await using session = await connect({ sizeBytes: 64 << 20 });
    const client = new Client(session);
    await client.create(HERE, HERE, "faulty");
    stopped.kill("SIGSTOP");
    for (let second = 0; second < SECONDS; second++) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      assert.equal(await client.ok(HERE, second), second + 1);
    }
    assert.equal((await node.clients()).length, 2, "it keeps its session");
    stopped.kill("SIGCONT");
  }
  stopped.take("progress");
  await stopped.next("progress");
  await stopped.send({ kind: "stop" });
  await stopped.next("total");
  await stopped.ended();
  await node.stop();
});
