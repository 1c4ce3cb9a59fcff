/** The node's door: what people, old clients and garbage do to it; and one node per instance. */

import assert from "node:assert/strict";
import { connect, DomainQuery } from "chimaera";
import { Instance, InstancePaths, startNode } from "chimaera/node";
import { encodeJson, FrameType } from "../../runtime/session/protocol.ts";
import { LIMITS } from "../../runtime/limits.ts";
import { DESCRIPTOR_WORDS, H } from "../../runtime/task/mod.ts";
import { test } from "../permission.ts";
import { startClient } from "./kit/client_process.ts";
import { eventually, rejectsWith, throwsWith } from "./kit/expect.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { memoryFiles } from "./kit/proc.ts";
import { Program } from "./kit/program.ts";
import { RawClient } from "./kit/raw_client.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/faulty/faulty_client.ts";

const HERE = DomainQuery.getLocalId();
/** Length, type and descriptor of a task without fields. */
const TASK_FRAME_BYTES = 5 + DESCRIPTOR_WORDS * 4;
/** Of a client over the socket. */
const SLOTS = LIMITS.portsPerSession * LIMITS.slotsPerPort;

/** A node with a bystander, which must see nothing of what the body does. */
async function withNode(body: (node: NodeProcess) => Promise<void>): Promise<void> {
  using folder = new RuntimeFolder();
  const env = { env: folder.env };
  await using node = await NodeProcess.start({ workers: 2 }, env);
  await using bystander = startClient({ scenario: "bystander" }, env);
  await bystander.next("progress");
  await body(node);
  bystander.take("progress");
  await bystander.next("progress");
  await bystander.send({ kind: "stop" });
  await bystander.next("total");
  await bystander.ended();
  await eventually("only the node's own sessions stay", async () => {
    return (await node.clients()).length === 0;
  });
  await node.stop();
}

/** A connection without a protocol. */
async function rawSocket(): Promise<Deno.UnixConn> {
  return await Deno.connect({ transport: "unix", path: new InstancePaths().socket });
}

async function writeAll(connection: Deno.UnixConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** A task frame's bytes: a slot, and behind it anything. */
function randomTask(slot: number, sizeBytes: number): Uint8Array {
  const bytes = crypto.getRandomValues(new Uint8Array(sizeBytes));
  new DataView(bytes.buffer).setInt32(H.slot * 4, slot, true);
  return bytes;
}

/** Whether the node closes the connection, whatever it says before. */
async function closes(connection: Deno.UnixConn): Promise<boolean> {
  const bytes = new Uint8Array(65536);
  try {
    while (await connection.read(bytes) !== null);
  } catch {
    // Reset: closed too.
  }
  connection.close();
  return true;
}

test("a client of another protocol version is told both versions", async () => {
  await withNode(async () => {
    for (const protocol of [0, 2, 999, "1", null, undefined]) {
      for (const shared of [true, false]) {
        using raw = await RawClient.open();
        const error = await rejectsWith("CHI-5003", raw.hello({ protocol, shared }));
        assert.match(error.message, /speaks version .*, the node version 1$/);
        assert.match(error.hint, /same version/);
      }
    }
  });
});

test("hellos of strange sizes get what is possible, or an error", async () => {
  await withNode(async () => {
    for (const sizeBytes of [0, -1, 1.5, NaN, "a lot", null, {}]) {
      using raw = await RawClient.open();
      await raw.hello({ sizeBytes });
      raw.attach();
      assert.equal(raw.segment.sizeBytes, LIMITS.sessionBytesMin);
    }
    for (const sizeBytes of [2 ** 40, 1e300]) {
      using raw = await RawClient.open();
      // More than a segment can have: the largest one, where the machine has memory for it.
      await raw.hello({ sizeBytes }).then(() => {
        raw.attach();
        assert.equal(raw.segment.sizeBytes, LIMITS.segmentBytesMax);
      }, (thrown) => assert.equal(thrown.code, "CHI-2007"));
      raw.close();
    }
  });
});

test("two hellos at once make one session", async () => {
  await withNode(async (node) => {
    using raw = await RawClient.open();
    const said = await Promise.allSettled([raw.hello(), raw.hello(), raw.hello()]);
    assert.equal(said.filter(({ status }) => status === "fulfilled").length, 1);
    assert.equal((await node.clients()).length, 2);
  });
});

test("garbage on the door closes its connection", async () => {
  await withNode(async () => {
    for (let round = 0; round < 40; round++) {
      const connection = await rawSocket();
      const bytes = crypto.getRandomValues(new Uint8Array(4 + round * 50));
      bytes.set([round, 0, 0, 0], 0); // A frame of that many bytes: the rest follows as others.
      await connection.write(bytes);
      await connection.closeWrite();
      assert.ok(await closes(connection));
    }
  });
});

test("frames that are no requests get an answer or an end", async () => {
  await withNode(async () => {
    const texts = ["", "{", "null", "7", '"text"', "[]", '{"kind":7}', '{"kind":"hello"}', "{}"];
    for (const text of texts) {
      using raw = await RawClient.open();
      raw.connection.send(FrameType.json, new TextEncoder().encode(text));
      // The connection still serves, or was closed; it does not hang.
      await Promise.race([
        raw.hello().catch(() => {}),
        raw.ended,
      ]);
    }
    // A frame that claims more bytes than any may have.
    const connection = await rawSocket();
    await connection.write(new Uint8Array([0xff, 0xff, 0xff, 0xff, 1]));
    assert.ok(await closes(connection));
    // Tasks before a hello, and of a client that shares memory.
    for (const shared of [null, true]) {
      using raw = await RawClient.open();
      if (shared !== null) await raw.hello({ shared });
      raw.connection.send(FrameType.task, new Uint8Array(64));
      assert.equal((await raw.ended)?.code, "CHI-3009");
    }
    // Tasks of a client over the socket that are no tasks.
    for (const sizeBytes of [0, 1, DESCRIPTOR_WORDS * 4 - 1]) {
      using raw = await RawClient.open();
      await raw.hello({ shared: false });
      raw.connection.send(FrameType.task, new Uint8Array(sizeBytes));
      assert.equal((await raw.ended)?.code, "CHI-3009");
    }
    // And of slots that there are not.
    for (const slot of [-1, SLOTS]) {
      using raw = await RawClient.open();
      await raw.hello({ shared: false });
      raw.connection.send(FrameType.task, randomTask(slot, 64));
      const error = await raw.ended;
      assert.equal(error?.code, "CHI-3009");
      assert.match(error.message, /task slot .* does not exist/);
    }
    {
      using raw = await RawClient.open();
      await raw.hello({ shared: false });
      for (let k = 0; k < 50; k++) {
        raw.connection.send(FrameType.task, randomTask(k, 64 + k * 8));
      }
      await eventually("each is answered", () => raw.frames.length === 50);
    }
  });
});

test("half a hello and silence cost one connection", async () => {
  await withNode(async () => {
    const connections: Deno.UnixConn[] = [];
    for (const bytes of [[], [20], [20, 0, 0, 0, 1], [20, 0, 0, 0, 1, 123, 34, 107]]) {
      const connection = await rawSocket();
      await connection.write(new Uint8Array(bytes));
      connections.push(connection);
    }
    await using session = await connect({ sizeBytes: 32 << 20 });
    const client = new Client(session);
    await client.create(HERE, HERE, "faulty");
    assert.equal(await client.ok(HERE, 1), 2);
    for (const connection of connections) connection.close();
  });
});

test("a client over the socket that never reads is not taken from for ever", async () => {
  await withNode(async (node) => {
    const anonymousKiB = () =>
      Number(/^RssAnon:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${node.pid}/status`))?.[1]);
    const connection = await rawSocket();
    const text = encodeJson({ id: 1, kind: "hello", protocol: 1, pid: 1, shared: false });
    const hello = new Uint8Array([text.length + 1, 0, 0, 0, FrameType.json, ...text]);
    await writeAll(connection, hello);
    // Tasks of a pool that is not there: each is answered by some hundred bytes.
    const batch = new Uint8Array(TASK_FRAME_BYTES * 1000);
    const view = new DataView(batch.buffer);
    for (let at = 0; at < batch.length; at += TASK_FRAME_BYTES) {
      view.setUint32(at, TASK_FRAME_BYTES - 4, true);
      batch[at + 4] = FrameType.task;
      view.setUint32(at + 5 + H.pool * 4, 99, true);
    }
    const before = anonymousKiB();
    let sent = 0;
    let blocked = false;
    while (!blocked && sent < 3_000_000) {
      // A slot is used again when its task has long been answered.
      for (let at = 0; at < batch.length; at += TASK_FRAME_BYTES) {
        view.setUint32(at + 5 + H.slot * 4, sent++ % (SLOTS - SLOTS % 1000), true);
      }
      const writing = writeAll(connection, batch).then(() => false);
      const slow = new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 3000));
      blocked = await Promise.race([writing, slow]);
      writing.catch(() => {}); // It ends with the connection.
    }
    assert.ok(blocked, `${sent} tasks were taken`);
    const keptKiB = anonymousKiB() - before;
    assert.ok(keptKiB < 300_000, `the node keeps ${keptKiB} KiB for it`);
    connection.close();
  });
});

test("fifty clients come and go, some in the middle of their hello", async () => {
  await withNode(async (node) => {
    const before = memoryFiles(node.pid, "session").length;
    for (let k = 0; k < 50; k++) {
      const raw = await RawClient.open();
      if (k % 5 === 0) void raw.hello().catch(() => {}); // It goes before it is answered.
      else await raw.hello({ shared: k % 5 !== 1 });
      if (k % 5 === 2) {
        raw.attach();
        await raw.openPort();
      }
      raw.close();
    }
    for (let k = 0; k < 50; k++) {
      await using session = await connect({
        sizeBytes: 32 << 20,
        transport: k % 2 === 0 ? "shm" : "socket",
      });
      const client = new Client(session);
      await client.create(HERE, HERE, "faulty");
      assert.equal(await client.ok(HERE, k), k + 1);
    }
    await eventually(
      "their memory goes back",
      () => memoryFiles(node.pid, "session").length === before,
    );
    // Nothing of them stays in the instance's folder.
    const left = [...Deno.readDirSync(new InstancePaths().folder)].map(({ name }) => name)
      .filter((name) => name.startsWith("client-"));
    assert.equal(left.length, 1, `${left}`); // The bystander's doorbell.
  });
});

test("too much memory is refused, and comes back", async () => {
  await withNode(async () => {
    const total = Deno.systemMemoryInfo().total;
    const clients: RawClient[] = [];
    const error = await rejectsWith(
      "CHI-2007",
      (async () => {
        for (;;) {
          const raw = await RawClient.open();
          clients.push(raw);
          await raw.hello({ sizeBytes: 1 << 30 });
        }
      })(),
    );
    assert.match(error.message, /are in use/);
    assert.ok(clients.length <= total / 4 / (1 << 30) + 1);
    for (const raw of clients) raw.close();
    await eventually("there is room again", async () => {
      using raw = await RawClient.open();
      return await raw.hello({ sizeBytes: 1 << 30 }).then(() => true, () => false);
    });
  });
});

test("one node per instance; a dead one's place is taken", async () => {
  using folder = new RuntimeFolder();
  const env = { env: folder.env };
  await using first = await NodeProcess.start({ workers: 1 }, env);
  assert.equal(first.takenOver, false);
  const running = throwsWith("CHI-5002", () => Instance.claim());
  assert.match(running.message, new RegExp(`as process ${first.pid}$`));
  assert.match(running.hint, /chimaera stop/);
  await using second = Program.start(new URL("./kit/serve.ts", import.meta.url), {
    workers: 1,
  }, env);
  await second.ended(true);
  assert.match(second.errors, /CHI-5002|it runs already, as process/);
  // Another name is another node.
  await using other = await NodeProcess.start({ workers: 1, instance: "other" }, env);
  await using session = await connect({ instance: "other", sizeBytes: 32 << 20 });
  assert.equal(session.nodePid, other.pid);
  await session.close();
  await other.stop();
  await rejectsWith("CHI-5001", connect({ instance: "other" }));

  first.program.kill("SIGKILL");
  await first.program.ended(true);
  const gone = await rejectsWith("CHI-5001", connect());
  assert.match(gone.hint, /chimaera serve/);
  await using third = await NodeProcess.start({ workers: 1 }, env);
  assert.equal(third.takenOver, true);
  await using again = await connect({ sizeBytes: 32 << 20 });
  assert.equal(again.nodePid, third.pid);
  await again.close();
  await third.stop();
});

test("an instance in this process is held and let go", async () => {
  using _folder = new RuntimeFolder();
  const instance = Instance.claim("mine");
  throwsWith("CHI-5002", () => Instance.claim("mine"));
  const node = await startNode({ workers: 1, instance, modules: TEST_MODULES });
  const session = await connect({ instance: "mine", sizeBytes: 32 << 20 });
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  assert.equal(await client.ok(HERE, 1), 2);
  await session.close();
  await node.close();
  assert.deepEqual(
    [...Deno.readDirSync(instance.paths.folder)].map(({ name }) => name),
    ["lock"],
  );
  Instance.claim("mine").release();
});

test("names that are no names", () => {
  using _folder = new RuntimeFolder();
  const names = ["", ".", "..", "../x", "a/b", "-x", ".x", "a b", "a\u0000b", "ä", "x".repeat(33)];
  for (const name of names) throwsWith("CHI-1001", () => Instance.claim(name));
  for (const name of ["a", "A-b_c.d", "0", "x".repeat(32)]) Instance.claim(name).release();
});

test("a runtime directory that others could write is refused", async () => {
  const own = Deno.makeTempDirSync({ prefix: "chi" });
  const before = Deno.env.get("CHIMAERA_RUNTIME_DIR");
  const refuse = (path: string) => {
    Deno.env.set("CHIMAERA_RUNTIME_DIR", path);
    return throwsWith("CHI-5010", () => Instance.claim());
  };
  try {
    Deno.mkdirSync(`${own}/open`);
    Deno.chmodSync(`${own}/open`, 0o777);
    assert.match(refuse(`${own}/open`).message, /only this user can write/);
    Deno.mkdirSync(`${own}/group`);
    Deno.chmodSync(`${own}/group`, 0o770);
    refuse(`${own}/group`);
    Deno.mkdirSync(`${own}/real`, { mode: 0o700 });
    Deno.symlinkSync(`${own}/real`, `${own}/link`);
    refuse(`${own}/link`);
    Deno.writeTextFileSync(`${own}/file`, "");
    refuse(`${own}/file`);
    refuse(`${own}/file/below`);
    Deno.mkdirSync(`${own}/mine`, { mode: 0o700 });
    Deno.mkdirSync(`${own}/mine/default`);
    Deno.chmodSync(`${own}/mine/default`, 0o707);
    refuse(`${own}/mine`);
    if (Deno.uid() === 0) {
      Deno.mkdirSync(`${own}/theirs`, { mode: 0o700 });
      Deno.chownSync(`${own}/theirs`, 12345, 12345);
      refuse(`${own}/theirs`);
    }
    Deno.mkdirSync(`${own}/odd`, { mode: 0o700 });
    Deno.mkdirSync(`${own}/odd/default/lock`, { recursive: true, mode: 0o700 });
    assert.match(refuse(`${own}/odd`).message, /^lock /);
    // Sockets have short names: a path that is too long must not fail half way.
    const long = `${own}/${"long".repeat(30)}`;
    Deno.env.set("CHIMAERA_RUNTIME_DIR", long);
    const error = throwsWith("CHI-5010", () => Instance.claim());
    assert.match(error.message, /too long/);
    // A damaged record is no crash of whoever looks.
    Deno.env.set("CHIMAERA_RUNTIME_DIR", `${own}/fine`);
    const instance = Instance.claim();
    Deno.writeTextFileSync(instance.paths.record, '{"pid":');
    await rejectsWith("CHI-5010", connect());
    throwsWith("CHI-5002", () => Instance.claim());
    instance.release();
  } finally {
    if (before === undefined) Deno.env.delete("CHIMAERA_RUNTIME_DIR");
    else Deno.env.set("CHIMAERA_RUNTIME_DIR", before);
    Deno.removeSync(own, { recursive: true });
  }
});
