/** Clients that die, stop, or lose their node in the middle of work. */

import assert from "node:assert/strict";
import { test } from "../permission.ts";
import { DomainQuery, LIMITS } from "chimaera";
import { InstancePaths, startNode } from "chimaera/node";
import { startClient } from "./kit/client_process.ts";
import { eventually, rejectsWith, throwsWith } from "./kit/expect.ts";
import type { ErrorLine } from "./kit/lines.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { memoryFiles, sharedKiB } from "./kit/proc.ts";
import type { Program } from "./kit/program.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/faulty/faulty_client.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();
const TOUCH_BYTES = 40 << 20;
/** Of a stopped client; stopped_minute_test.ts has a minute. */
const STOPPED_MS = 1200;
/** A lost node is told of within so long. */
const LOSS_MS_MAX = 2000;
/** What a test waits for it: the machine may run other things as well. */
const LOSS_WAIT_MS_MAX = 10 * LOSS_MS_MAX;

Deno.test("a lost node is told of within 2 s, as far as the limits say", () => {
  // A waiter sleeps, looks at the node's life when it wakes and it has not for a while, and may have
  // looked right before the node died.
  const slowestMs = LIMITS.livenessMs + 2 * LIMITS.sleepMs;
  assert.ok(slowestMs <= LOSS_MS_MAX, `${slowestMs} ms`);
});

interface Progress {
  readonly count: number;
}

/** Waits until a client has done more than it had. */
async function goesOn(bystander: Program): Promise<void> {
  bystander.take("progress");
  const { count } = await bystander.next<Progress>("progress");
  const later = await bystander.next<Progress>("progress");
  assert.ok(later.count > count);
}

async function endWell(bystander: Program): Promise<void> {
  await bystander.send({ kind: "stop" });
  await bystander.next("total");
  await bystander.ended();
}

for (const workers of WORKER_COUNTS) {
  test(`a client killed in mid-task gives everything back, ${workers} workers`, async () => {
    using folder = new RuntimeFolder();
    const env = { env: folder.env };
    await using node = await NodeProcess.start({ workers }, env);
    await using bystander = startClient({ scenario: "bystander" }, env);
    await goesOn(bystander);
    const filesBefore = memoryFiles(node.pid, "session").length;
    const sharedBefore = sharedKiB(node.pid);
    const config = { scenario: "flood", count: 6000, ms: 400, touchBytes: TOUCH_BYTES };
    await using client = startClient({ ...config, sizeBytes: 96 << 20 }, env);
    await client.next("outstanding");
    assert.equal((await node.clients()).length, 2);
    client.kill("SIGKILL");
    await client.ended(true);
    await eventually("its session goes", async () => (await node.clients()).length === 1);
    await eventually(
      "its memory file goes",
      () => memoryFiles(node.pid, "session").length === filesBefore,
    );
    await eventually(
      "its pages go back",
      () => sharedKiB(node.pid) < sharedBefore + TOUCH_BYTES / 1024 / 2,
    );
    const doorbells = [...Deno.readDirSync(new InstancePaths().folder)]
      .filter(({ name }) => name.startsWith("client-"));
    assert.equal(doorbells.length, 1, "the sockets of its ports go");
    await goesOn(bystander);
    await endWell(bystander);
    await eventually("no block is left", async () => {
      const { blocks } = await node.figures();
      return blocks.length === 0;
    });
    await node.stop();
  });

  test(`a stopped client holds nobody up and goes on later, ${workers} workers`, async () => {
    using folder = new RuntimeFolder();
    const env = { env: folder.env };
    await using node = await NodeProcess.start({ workers }, env);
    await using bystander = startClient({ scenario: "bystander" }, env);
    await using client = startClient({ scenario: "bystander" }, env);
    await goesOn(client);
    client.kill("SIGSTOP");
    await goesOn(bystander);
    await new Promise((resolve) => setTimeout(resolve, STOPPED_MS));
    await goesOn(bystander);
    client.kill("SIGCONT");
    await goesOn(client);
    await endWell(client);
    // The node may be stopped as well; nothing is lost by it.
    node.program.kill("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 700));
    node.program.kill("SIGCONT");
    await goesOn(bystander);
    await endWell(bystander);
    await node.stop();
  });
}

for (const transport of ["shm", "socket"] as const) {
  test(`a killed client's handler does not sleep on, ${transport}`, async () => {
    using folder = new RuntimeFolder();
    const env = { env: folder.env };
    await using node = await NodeProcess.start({ workers: 2 }, env);
    await using client = startClient({ scenario: "wait", mode: "wait", transport }, env);
    await client.next("waiting");
    await eventually("its handler sleeps, for an hour", async () => {
      const { blocks } = await node.figures();
      return blocks.length > 0;
    });
    client.kill("SIGKILL");
    await client.ended(true);
    await eventually("its session goes", async () => (await node.clients()).length === 0);
    await eventually("no block is left", async () => {
      const { blocks } = await node.figures();
      return blocks.length === 0;
    });
    await node.stop();
  });
}

for (const mode of ["wait", "waitSync"]) {
  test(`a client learns that its node was killed, by ${mode}`, async () => {
    using folder = new RuntimeFolder();
    const env = { env: folder.env };
    await using node = await NodeProcess.start({ workers: 2 }, env);
    await using client = startClient({ scenario: "wait", mode }, env);
    await client.next("waiting");
    node.program.kill("SIGKILL");
    await node.program.ended(true);
    for (const which of ["sent", "allocated", "new"]) {
      const seen = await client.next<{ which: string; error: ErrorLine }>(
        "ended",
        LOSS_WAIT_MS_MAX,
      );
      assert.equal(seen.which, which);
      assert.equal(seen.error.code, "CHI-5005", seen.error.message);
      assert.match(seen.error.hint, /start it again/);
    }
    await client.next("done");
    await client.ended();
  });
}

for (const mode of ["wait", "waitSync"]) {
  test(`a client over the socket learns that its node was killed, by ${mode}`, async () => {
    using folder = new RuntimeFolder();
    const env = { env: folder.env };
    await using node = await NodeProcess.start({ workers: 2 }, env);
    await using client = startClient({ scenario: "wait", mode, transport: "socket" }, env);
    await client.next("waiting");
    node.program.kill("SIGKILL");
    for (const which of ["sent", "allocated", "new"]) {
      const seen = await client.next<{ which: string; error: ErrorLine }>(
        "ended",
        LOSS_WAIT_MS_MAX,
      );
      assert.equal(seen.which, which);
      assert.equal(seen.error.code, "CHI-5005", seen.error.message);
    }
    await client.ended();
  });
}

test("sessions and nodes of a process end although a task runs on", async () => {
  await using node = await startNode({ workers: 2, debugHeap: true, modules: TEST_MODULES });
  const session = await node.connect(64 << 20);
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  const sent = client.asyncSleep(HERE, { ms: 3_600_000 });
  const waiting = rejectsWith("CHI-5006", sent.wait());
  await session.close();
  await waiting;
  sent.free();
  const other = await node.connect(64 << 20);
  const later = client.in(other).asyncSleep(HERE, { ms: 3_600_000 });
  const stopped = rejectsWith("CHI-5011", later.wait());
  await node.close();
  await stopped;
  throwsWith("CHI-5006", () => client.in(other).asyncOk(HERE, { value: 1 }));
});

test("a node that is stopped tells its clients", async () => {
  using folder = new RuntimeFolder();
  const env = { env: folder.env };
  await using node = await NodeProcess.start({ workers: 2 }, env);
  await using client = startClient({ scenario: "wait", mode: "wait" }, env);
  await client.next("waiting");
  await node.stop();
  const { error } = await client.next<{ error: ErrorLine }>("ended");
  assert.equal(error.code, "CHI-5011", error.message);
  await client.ended();
});
