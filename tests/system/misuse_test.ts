/** Programs that use the SDK wrongly: an error with a code at the place of the mistake. */

import assert from "node:assert/strict";
import {
  type Block,
  connect,
  CreateContext,
  DomainQuery,
  LIMITS,
  type Session,
  TaskPrio,
} from "chimaera";
import { Instance, type Node, startNode } from "chimaera/node";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { test } from "../permission.ts";
import { eventually, rejectsWith, throwsWith } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/faulty/faulty_client.ts";

const HERE = DomainQuery.getLocalId();
/** No room for a port. */
const SMALL_SESSION_BYTES = 2 << 20;

async function withClient(
  body: (client: Client, session: Session, node: Node) => Promise<void>,
): Promise<void> {
  await using node = await startNode({
    workers: 2,
    debugHeap: true,
    memoryBytes: 64 << 20,
    modules: TEST_MODULES,
  });
  await using session = await node.connect(64 << 20);
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  await body(client, session, node);
  assert.equal(await client.ok(HERE, 1), 2);
  await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
}

test("a node of impossible size is refused", async () => {
  for (const workers of [0, -1, 1.5, 65, NaN]) {
    const { hint } = await rejectsWith("CHI-1001", startNode({ workers }));
    assert.doesNotMatch(hint, /--help/);
  }
  for (const memoryBytes of [0, 1, 65536, 1 << 20, NaN, -1]) {
    const error = await startNode({ workers: 1, memoryBytes }).then(() => null, (thrown) => thrown);
    assert.match(error?.code ?? "none", /^CHI-(1001|2001|2006)$/, `${memoryBytes}: ${error}`);
  }
});

test("options of connect() that there are not are refused, with a way out", async () => {
  const wrong = [
    { instance: "../x" },
    { transport: "pigeon" as "shm" },
    ...[0, -1, 1.5, NaN, 1e13].map((sizeBytes) => ({ sizeBytes })),
  ];
  for (const options of wrong) {
    const { hint } = await rejectsWith("CHI-1001", connect(options));
    assert.doesNotMatch(hint, /--help/);
  }
});

test("what is no block is refused where one belongs", async () => {
  await withClient((client) => {
    for (const wrong of [new Uint8Array(8), null, "bytes"]) {
      const source = wrong as unknown as Block;
      throwsWith("CHI-3001", () => client.asyncTransform(HERE, { source }));
    }
    return Promise.resolve();
  });
});

test("who does not catch an error sees its code", async () => {
  const error = await rejectsWith("CHI-5001", connect({ instance: "nobody" }));
  assert.equal(error.name, "ChimaeraError [CHI-5001]");
  assert.match(error.stack ?? "", /^ChimaeraError \[CHI-5001\]: /);
});

test("a node that cannot write its record says why, and leaves nothing", async () => {
  const instance = Instance.claim("unwritten");
  Deno.mkdirSync(`${instance.paths.record}.new`);
  const error = await rejectsWith("CHI-5010", startNode({ workers: 1, instance }));
  assert.match(error.what, /^write .*node\.json$/);
  assert.ok(error.cause instanceof Error);
  assert.equal(instance.paths.isHeld(), false);
  const { folder } = instance.paths;
  assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["lock"]);
  instance.release(); // As whoever claimed it does.
  Deno.removeSync(folder.slice(0, folder.lastIndexOf("/")), { recursive: true });
});

test("a session too small for its port is refused, and leaves nothing", async () => {
  await withClient(async (_client, _session, node) => {
    const before = node.stats().sessions.length;
    for (const sizeBytes of [0, 1, 1 << 20, 4 << 20]) {
      await rejectsWith("CHI-2001", node.connect(sizeBytes));
    }
    for (const sizeBytes of [NaN, -5, 2 ** 24 + 0.5, Infinity]) {
      await rejectsWith("CHI-2008", node.connect(sizeBytes));
    }
    await eventually("they go", () => node.stats().sessions.length === before);
  });
});

test("one session too many is refused, and closing one makes room", async () => {
  await using node = await startNode({ workers: 1, memoryBytes: 64 << 20 });
  const { sessions } = node;
  while (sessions.list.length < LIMITS.sessionsMax) {
    await sessions.open("a client", SMALL_SESSION_BYTES, () => {});
  }
  const error = await rejectsWith("CHI-5008", node.connect(32 << 20));
  assert.match(error.message, /256 sessions are open/);
  await sessions.close(sessions.list.at(-1)!.id);
  await using session = await node.connect(32 << 20);
  assert.equal(session.transport, "in-process");
});

test("deadlines that are no times are refused, and endless ones are none", async () => {
  await withClient(async (client) => {
    for (const timeoutMs of [NaN, -1]) {
      const task = client.asyncSleep(HERE, { ms: 5 });
      await rejectsWith("CHI-3001", task.wait({ timeoutMs }));
      throwsWith("CHI-3001", () => task.waitSync(timeoutMs));
      await task.wait();
      task.free();
    }
    for (const timeoutMs of [Infinity, 2 ** 31, 2 ** 40, Number.MAX_VALUE]) {
      const task = client.asyncSleep(HERE, { ms: 30, value: 1 });
      await task.wait({ timeoutMs });
      assert.equal(task.result, 2);
      task.free();
      const blocked = client.asyncSleep(HERE, { ms: 30, value: 1 });
      blocked.waitSync(timeoutMs);
      blocked.free();
    }
  });
});

test("priorities are two", async () => {
  await withClient(async (client) => {
    for (const prio of [2, 3, -1, 0.5, NaN, 8]) {
      const task = client.asyncOk.alloc(null, HERE, { value: 1 });
      throwsWith("CHI-3001", () => task.prio = prio);
      task.free();
    }
    const task = client.asyncOk.alloc(null, HERE, { value: 1 });
    task.prio = TaskPrio.kHighLatency;
    task.submit();
    await task.wait();
    assert.equal(task.result, 2);
    task.free();
  });
});

test("blocks of another session are refused where they are named", async () => {
  await withClient(async (client, _session, node) => {
    await using other = await node.connect(32 << 20);
    using foreign = other.alloc(64);
    const fields = { both: foreign, bothSize: 64, bothCapacity: 64 };
    const error = throwsWith("CHI-2002", () => client.asyncTransform(HERE, fields));
    assert.match(error.hint, /this session allocated/);
    throwsWith(
      "CHI-2002",
      () => client.asyncTransform(HERE, { ...fields, both: foreign.slice(0, 8) }),
    );
    assert.equal(node.stats().malformed, 0);
  });
});

test("tasks are used once, in order", async () => {
  await withClient(async (client) => {
    const task = client.asyncOk.alloc(null, HERE, { value: 1 });
    await rejectsWith("CHI-3010", task.wait());
    throwsWith("CHI-3010", () => task.waitSync());
    task.submit();
    throwsWith("CHI-3010", () => task.submit());
    await task.wait();
    throwsWith("CHI-3010", () => task.submit());
    task.free();
    throwsWith("CHI-3010", () => task.submit());
    task.free(); // Freeing what is free does nothing.

    const unbound = new Client();
    await rejectsWith("CHI-4001", (async () => await unbound.ok(HERE, 1))());
  });
});

test("a program without a session is told so", () => {
  const client = new Client();
  throwsWith("CHI-3010", () => client.asyncOk.alloc(null, HERE)); // It knows no client yet.
  throwsWith("CHI-5007", () => client.asyncOk(HERE, { value: 1 }));
  throwsWith("CHI-5007", () => client.asyncCreate(HERE, HERE, "x"));
  throwsWith("CHI-5007", () => client.asyncOk.alloc(null, HERE));
  for (const noPool of [-1, 0.5, NaN, 2 ** 32]) throwsWith("CHI-4001", () => client.init(noPool));
});

test("who assembled the node may not block for its admin", async () => {
  await withClient(async (client, session) => {
    const task = client.asyncCreate(HERE, HERE, "blocked", new CreateContext(), { lanes: 1 });
    throwsWith("CHI-3012", () => task.waitSync());
    await task.wait();
    task.free();
    const admin = new Admin(session);
    const list = admin.asyncListPools(HERE);
    throwsWith("CHI-3012", () => list.waitSync());
    await list.wait();
    list.free();
  });
});

test("a handler that never ends holds up nobody", async () => {
  await using node = await startNode({ workers: 1, debugHeap: true, modules: TEST_MODULES });
  await using session = await node.connect(64 << 20);
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  const never = Array.from({ length: 50 }, () => client.asyncSleep(HERE, { ms: 3_600_000 }));
  for (let k = 0; k < 200; k++) assert.equal(await client.ok(HERE, k, k), k + 1);
  const task = client.asyncOk(HERE, { value: 1 });
  task.waitSync();
  task.free();
  for (const one of never) one.free();
});
