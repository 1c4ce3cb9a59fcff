import assert from "node:assert/strict";
import { IoTask } from "../../chimods/small_message/small_message_tasks.ts";
import { test } from "../../tests/permission.ts";
import { LIMITS } from "../limits.ts";
import { ringPlaces } from "../lane/mod.ts";
import { Node } from "../node.ts";
import { delay, FrameConnection } from "../platform/mod.ts";
import { connect } from "./connect.ts";
import { Instance, PROTOCOL_VERSION } from "./instance.ts";
import { DESCRIPTOR_WORDS, H } from "../task/mod.ts";
import {
  decodeJson,
  encodeJson,
  END_ID,
  FRAME_BYTES_MAX,
  FrameType,
  type Welcome,
} from "./protocol.ts";

const HELLO = { kind: "hello", protocol: PROTOCOL_VERSION, pid: 1, sizeBytes: 0, shared: true };

/** A connection that says whatever a test wants it to. */
class RawClient implements Disposable {
  readonly #connection: FrameConnection;
  readonly #frames: [type: number, payload: Uint8Array<ArrayBuffer>][] = [];
  #arrived: () => void = () => {};
  #open = true;
  #lastId = 0;

  private constructor(connection: FrameConnection) {
    this.#connection = connection;
    void connection.receive((type, payload) => {
      this.#frames.push([type, payload]);
      this.#arrived();
    }, () => {
      this.#open = false;
      this.#arrived();
    });
  }

  static async open(instance: Instance): Promise<RawClient> {
    return new RawClient(await FrameConnection.connect(instance.paths.socket, FRAME_BYTES_MAX));
  }

  send(type: number, payload: Uint8Array): void {
    this.#connection.send(type, payload);
  }

  /** The next frame; null when the node has closed the connection. */
  async next(): Promise<[number, Uint8Array<ArrayBuffer>] | null> {
    while (this.#frames.length === 0 && this.#open) {
      await new Promise<void>((resolve) => this.#arrived = resolve);
    }
    return this.#frames.shift() ?? null;
  }

  /** Sends a request; its value, or the code of its error. */
  async ask(request: object): Promise<unknown> {
    const id = ++this.#lastId;
    this.send(FrameType.json, encodeJson({ ...request, id }));
    const frame = await this.next();
    assert.ok(frame !== null, "the connection is closed");
    const answer = decodeJson(frame[1]) as { id: number; value: unknown; error?: { code: number } };
    assert.equal(answer.id, id);
    return answer.error === undefined ? answer.value : answer.error.code;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

/** Runs with a node that others can connect to, in a runtime directory of its own. */
async function withNode(body: (node: Node, instance: Instance) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "srv" });
  const before = Deno.env.get("CHIMAERA_RUNTIME_DIR");
  Deno.env.set("CHIMAERA_RUNTIME_DIR", folder);
  try {
    const instance = Instance.claim("door");
    await using node = await Node.start({ workers: 2, instance });
    await body(node, instance);
  } finally {
    if (before === undefined) Deno.env.delete("CHIMAERA_RUNTIME_DIR");
    else Deno.env.set("CHIMAERA_RUNTIME_DIR", before);
    Deno.removeSync(folder, { recursive: true });
  }
}

/** A client as everybody's still gets its answers. */
async function expectServed(): Promise<void> {
  await using session = await connect({ instance: "door" });
  assert.equal(session.transport, "shm");
}

function places(bellLine: unknown) {
  return {
    index: 0,
    bellLine,
    slotsOffset: 1 << 20,
    errorsOffset: 2 << 20,
    ringsOffset: 8 << 20,
  };
}

test("door: a port sleeps on a bell line that its session has reserved, and no other", async () => {
  await withNode(async (_node, instance) => {
    using client = await RawClient.open(instance);
    assert.equal(await client.ask({ kind: "reserveBellLine" }), 3009);
    await client.ask(HELLO);
    const line = await client.ask({ kind: "reserveBellLine" });
    for (const wrong of [0, 1, 2, 3, (line as number) - 1, 1 << 20, -1, 0.5, "1", null]) {
      assert.equal(await client.ask({ kind: "openPort", places: places(wrong) }), 3009);
    }
    assert.equal(await client.ask({ kind: "openPort" }), 3009);
    assert.equal(await client.ask({ kind: "openPort", places: places(line) }), null);
    const second = { ...places(line), index: 1 };
    assert.equal(await client.ask({ kind: "openPort", places: second }), 3009);
    for (let k = 1; k < LIMITS.portsPerSession; k++) await client.ask({ kind: "reserveBellLine" });
    assert.equal(await client.ask({ kind: "reserveBellLine" }), 5009);
  });
});

test("door: hello is said once, in the right version", async () => {
  await withNode(async (_node, instance) => {
    using client = await RawClient.open(instance);
    assert.equal(await client.ask({ ...HELLO, protocol: PROTOCOL_VERSION + 1 }), 5003);
    assert.equal(typeof await client.ask(HELLO), "object");
    assert.equal(await client.ask(HELLO), 3009);
    assert.equal(await client.ask({ kind: "nonsense" }), 3009);
  });
});

test("door: who joins a session knows its key", async () => {
  await withNode(async (node, instance) => {
    using first = await RawClient.open(instance);
    const { sessionId, key } = await first.ask({ ...HELLO, shared: false }) as Welcome;
    const join = { kind: "join", sessionId, key };
    assert.equal(await first.ask(join), 3009); // It is the session's connection already.
    using second = await RawClient.open(instance);
    assert.equal(await second.ask({ ...join, key: "" }), 3009);
    assert.equal(await second.ask({ ...join, sessionId: sessionId + 1 }), 3009);
    assert.equal(await second.ask(join), null);
    assert.equal(await second.ask(join), 3009);
    await expectServed();
    // Which of the two is left does not matter: the session has ended with the other.
    first[Symbol.dispose]();
    const isOpen = () => node.stats().sessions.some(({ transport }) => transport === "socket");
    while (isOpen()) await new Promise((r) => setTimeout(r, 5));
    second.send(FrameType.task, new Uint8Array(64));
    const frame = await second.next();
    assert.ok(frame !== null);
    assert.equal(decodeJson(frame[1]).id, END_ID);
    assert.equal(await second.next(), null);
  });
});

test("door: a client that goes while it is greeted leaves no session", async () => {
  await withNode(async (node, instance) => {
    const before = node.sessions.list.length;
    for (let k = 0; k < 5; k++) {
      using client = await RawClient.open(instance);
      client.send(FrameType.json, encodeJson({ ...HELLO, id: 1 }));
      await new Promise((resolve) => setTimeout(resolve, k));
    }
    await expectServed();
    while (node.sessions.list.length > before) await new Promise((r) => setTimeout(r, 5));
  });
});

test("door: a frame that nobody sends ends its connection with a reason, not the node", async () => {
  const frames: [boolean, number, Uint8Array][] = [
    [true, FrameType.task, new Uint8Array(64)], // A task where tasks come by memory.
    [false, FrameType.task, new Uint8Array(63)],
    [false, FrameType.task, new Uint8Array(0)],
    [false, FrameType.completion, new Uint8Array(16)],
    [false, 200, new Uint8Array(1)],
  ];
  await withNode(async (_node, instance) => {
    for (const [shared, type, payload] of frames) {
      using client = await RawClient.open(instance);
      await client.ask({ ...HELLO, shared });
      client.send(type, payload);
      const [, end] = (await client.next())!;
      const { id, error } = decodeJson(end) as { id: number; error: { code: number } };
      assert.deepEqual([id, error.code], [END_ID, 3009]);
      assert.equal(await client.next(), null);
    }
    await expectServed();
  });
});

test("door: a task by socket reaches no more bytes than came with it", async () => {
  await withNode(async (node, instance) => {
    const request = {
      libName: "chimaera_small_message",
      paramsLayout: 0,
      params: new Uint8Array(),
    };
    const { pool } = await node.pools.create({ name: "bytes", ...request });
    using client = await RawClient.open(instance);
    await client.ask({ ...HELLO, shared: false });
    /** The result's code for an Io whose fields say `said` of bulk bytes of which `sent` come. */
    const io = async (said: number, sent: number): Promise<number> => {
      const head = DESCRIPTOR_WORDS * 4;
      const frame = new DataView(new ArrayBuffer(head + IoTask.layout.fieldsBytes + 16 + sent));
      frame.setUint32(H.pool * 4, pool.id, true);
      frame.setUint32(H.method * 4, IoTask.layout.method, true);
      frame.setUint32(H.layoutHash * 4, IoTask.layout.hash, true);
      frame.setUint32(H.queryKind * 4, 1, true);
      frame.setUint32(H.queryFirst * 4, 1, true);
      frame.setUint32(head, 1, true); // mode
      frame.setUint32(head + 16, said, true); // size
      frame.setUint32(head + 24, said, true); // capacity
      frame.setFloat64(head + 40, sent, true);
      frame.setFloat64(head + 48, sent, true);
      client.send(FrameType.task, new Uint8Array(frame.buffer));
      const [type, result] = (await client.next())!;
      assert.equal(type, FrameType.completion);
      return new DataView(result.buffer).getInt32(8, true);
    };
    assert.equal(await io(100, 100), 0);
    assert.equal(await io(101, 100), 3009);
    assert.equal(await io(0xffffffff, 100), 3009);
    assert.equal(await io(0, 0), 0);
  });
});

test("door: a bulk that holds more than its capacity fails its task only", async () => {
  await withNode(async (node) => {
    const { Client } = await import("../../chimods/small_message/small_message_client.ts");
    const { CreateContext, DomainQuery } = await import("../../sdk/mod.ts");
    await using session = await node.connect();
    const local = DomainQuery.getLocalId();
    const messages = new Client(session);
    await messages.create(local, local, "bytes", new CreateContext());
    using block = session.alloc(100);
    using task = messages.asyncIo(local, { mode: 1, data: block, size: 101, capacity: 100 });
    await assert.rejects(task.wait(), { code: "CHI-3003" });
    assert.equal(await messages.md(local, 0), 1);
  });
});

test("door: a client that breaks the rules of memory learns why, the next one is served", async () => {
  await withNode(async (node) => {
    const { Client } = await import("../../chimods/small_message/small_message_client.ts");
    const { CreateContext, DomainQuery } = await import("../../sdk/mod.ts");
    const session = await connect({ instance: "door" });
    const local = DomainQuery.getLocalId();
    const messages = new Client(session);
    await messages.create(local, local, "rules", new CreateContext());
    const tails = [0, 1].map((worker) =>
      ringPlaces(session.port.places.ringsOffset, worker).submissions / 4 + 16
    );
    for (const tail of tails) Atomics.store(session.segment.i32, tail, 100_000);
    const broken = async () => {
      // The node is in this process, and hears of it in the event loop.
      for (;; await delay(1)) await messages.md(local, 0);
    };
    await assert.rejects(broken(), { code: "CHI-3009", message: /tail is out of range/ });
    await session.close();
    assert.equal(node.sessions.malformed, 1);
    await expectServed();
  });
});
