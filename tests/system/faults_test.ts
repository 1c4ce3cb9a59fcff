/** Modules that misbehave: each fault fails its own task, and nothing else. */

import assert from "node:assert/strict";
import { DomainQuery, type StallInfo } from "chimaera";
import { startNode } from "chimaera/node";
import { test } from "../permission.ts";
import { runClient, startClient } from "./kit/client_process.ts";
import { eventually } from "./kit/expect.ts";
import { expectFault, FAULT_CASES, type SeenFault, SILENT_FAULTS } from "./kit/faults.ts";
import { type ErrorLine, errorLine } from "./kit/lines.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/faulty/faulty_client.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();

for (const workers of WORKER_COUNTS) {
  test(`faults in process, ${workers} workers: the task fails, the worker goes on`, async () => {
    await using node = await startNode({
      workers,
      debugHeap: true,
      memoryBytes: 64 << 20,
      modules: TEST_MODULES,
    });
    await using session = await node.connect(64 << 20);
    const client = new Client(session);
    await client.create(HERE, HERE, "faulty");
    for (const { name, call } of FAULT_CASES) {
      let error: ErrorLine | null = null;
      try {
        await call(client, session);
      } catch (thrown) {
        error = errorLine(thrown);
      }
      expectFault({ name, error });
      for (let lane = 0; lane < 4; lane++) assert.equal(await client.ok(HERE, 1, lane), 2, name);
    }
    for (const fault of SILENT_FAULTS) {
      await client.fail(HERE, fault);
      assert.equal(await client.ok(HERE, 1), 2);
    }
    await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
  });

  test(`faults across processes, ${workers} workers: other clients go on`, async () => {
    using folder = new RuntimeFolder();
    const env = { env: folder.env };
    await using node = await NodeProcess.start({ workers, memoryBytes: 64 << 20 }, env);
    await using bystander = startClient({ scenario: "bystander" }, env);
    await bystander.next("progress");
    const seen = await runClient<SeenFault>({ scenario: "faults" }, "fault", env);
    assert.deepEqual(seen.map(({ name }) => name), FAULT_CASES.map(({ name }) => name));
    seen.forEach(expectFault);
    await bystander.send({ kind: "stop" });
    const { count } = await bystander.next<{ count: number }>("total");
    assert.ok(count > 0);
    await bystander.ended();
    const { stats } = await node.figures();
    assert.equal(stats.malformed, 0);
    assert.deepEqual(node.program.take("lost"), []);
    await eventually("no block is left", async () => {
      const { blocks } = await node.figures();
      return blocks.length === 0;
    });
    await node.stop();
  });
}

for (const workers of WORKER_COUNTS) {
  test(`a handler that blocks its lane is named, ${workers} workers`, async () => {
    using folder = new RuntimeFolder();
    const env = { env: folder.env };
    await using node = await NodeProcess.start({ workers }, env);
    const stalls: StallInfo[] = [];
    for (const after of [false, true]) {
      const blocked = runClient({ scenario: "block", ms: 1600, after }, "unblocked", env);
      const { stall } = await node.program.next<{ stall: StallInfo }>("stall");
      stalls.push(stall);
      const { stats } = await node.figures();
      assert.equal(stats.stalls.length, 1);
      assert.equal((await blocked).length, 1);
    }
    for (const stall of stalls) {
      assert.equal(stall.libName, "tests_faulty");
      assert.equal(stall.poolName, "faulty");
      assert.equal(stall.methodName, "kBlock");
    }
    await eventually("no lane is stalled any more", async () => {
      const { stats } = await node.figures();
      return stats.stalls.length === 0;
    });
    await node.stop();
  });
}
