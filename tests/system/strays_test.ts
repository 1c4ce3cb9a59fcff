/** Failures that a handler leaves behind: they fail its task, or are reported when it has ended. */

import assert from "node:assert/strict";
import { connect, DomainQuery } from "chimaera";
import { startNode } from "chimaera/node";
import { test } from "../permission.ts";
import { eventually, rejectsWith } from "./kit/expect.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/loose/loose_client.ts";
import { Left } from "./modules/loose/loose_tasks.ts";

const HERE = DomainQuery.getLocalId();
const HOUR_MS = 3_600_000;

const KINDS = ["rejection", "lateRejection", "timer", "microtask", "subtask", "interval"] as const;

for (const workers of [1, 2]) {
  test(`what a handler leaves behind fails its task, ${workers} workers`, async () => {
    await using node = await startNode({ workers, debugHeap: true, modules: TEST_MODULES });
    await using session = await node.connect(64 << 20);
    const client = new Client(session);
    await client.create(HERE, HERE, "strays");
    for (const kind of KINDS) {
      const fields = { left: Left[kind], delayMs: 5, ms: HOUR_MS, name: kind };
      const error = await rejectsWith("CHI-4016", client.leave(HERE, fields));
      assert.match(error.message, /^tests_loose\.kLeave: /, kind);
      assert.match(error.message, kind === "subtask" ? /no pool/ : new RegExp(kind));
      if (kind !== "subtask") assert.match(error.stack!, /loose_runtime\.ts:\d+/, kind);
      assert.equal(await client.ok(HERE, 1), 2);
    }
  });

  test(`of two handlers the right one fails, ${workers} workers`, async () => {
    await using node = await startNode({ workers, debugHeap: true, modules: TEST_MODULES });
    await using session = await node.connect(64 << 20);
    const client = new Client(session);
    await client.create(HERE, HERE, "strays");
    for (const kind of ["lateRejection", "timer"] as const) {
      const bad = { left: Left[kind], delayMs: 20, ms: HOUR_MS, name: "bad" };
      const worse = { left: Left[kind], delayMs: 30, ms: HOUR_MS, name: "worse" };
      const good = { left: Left.nothing, ms: 100, name: "good" };
      const [first, second, third] = await Promise.all([
        rejectsWith("CHI-4016", client.leave(HERE, bad)),
        rejectsWith("CHI-4016", client.leave(HERE, worse)),
        client.leave(HERE, good),
      ]);
      assert.match(first.message, /bad was left behind/);
      assert.match(second.message, /worse was left behind/);
      assert.equal(third, true);
    }
  });
}

test("a buffer is given back when the failed handler has ended, and not before", async () => {
  await using node = await startNode({ workers: 1, debugHeap: true, modules: TEST_MODULES });
  await using session = await node.connect(64 << 20);
  const client = new Client(session);
  await client.create(HERE, HERE, "strays");
  using data = session.alloc(64);
  data.bytes.fill(1);
  await rejectsWith("CHI-4016", client.fill(HERE, data, 50));
  assert.ok(data.bytes.every((byte) => byte === 7));
});

test("what fails after its handler has ended is reported once, with its module", async () => {
  using folder = new RuntimeFolder();
  await using node = await NodeProcess.start({ workers: 2 }, { env: folder.env });
  await using session = await connect();
  const client = new Client(session);
  await client.create(HERE, HERE, "strays");
  for (const kind of ["lateRejection", "timer", "interval", "nodeTimer"] as const) {
    await client.leave(HERE, { left: Left[kind], delayMs: 20, name: `async ${kind}` });
    await client.leaveSync(HERE, { left: Left[kind], delayMs: 20, name: `sync ${kind}` });
    for (const name of [`async ${kind}`, `sync ${kind}`]) {
      const line = new RegExp(`^error\\[CHI-4016\\]: tests_loose.*${name} was left behind$`, "m");
      await eventually(`${name} is reported`, () => line.test(node.program.errors));
    }
    assert.equal(await client.ok(HERE, 1), 2);
  }
  const reports = node.program.errors.match(/^error\[/gm);
  assert.equal(reports?.length, 8);
  assert.match(node.program.errors, /^error\[CHI-4016\]: tests_loose\.kLeave: a callback threw/m);
  assert.match(node.program.errors, /loose_runtime\.ts:\d+/);
});
