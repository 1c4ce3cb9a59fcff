/** What a client may write by mistake or in malice, and what it costs: itself, and nobody else. */

import assert from "node:assert/strict";
import { connect, defineTask, DomainQuery, IN, OUT, type Session } from "chimaera";
import { H } from "../../runtime/task/mod.ts";
import { LIMITS } from "../../runtime/limits.ts";
import { test } from "../permission.ts";
import { startClient } from "./kit/client_process.ts";
import { eventually, rejectsWith } from "./kit/expect.ts";
import { NodeProcess } from "./kit/node_process.ts";
import { memoryFilePaths } from "./kit/proc.ts";
import type { Program } from "./kit/program.ts";
import { RawClient, SLOTS_OFFSET } from "./kit/raw_client.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { Client } from "./modules/faulty/faulty_client.ts";
import { EchoTask, OkTask, SleepTask, TransformTask } from "./modules/faulty/faulty_tasks.ts";
import { Method } from "./modules/faulty/faulty_methods.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();
const SEGMENT_BYTES = 32 << 20;

/** A node, a bystander, and a session of this process with the pool that both call. */
interface Scene {
  readonly node: NodeProcess;
  readonly bystander: Program;
  readonly session: Session;
  readonly client: Client;
}

async function withScene(workers: number, body: (scene: Scene) => Promise<void>): Promise<void> {
  using folder = new RuntimeFolder();
  const env = { env: folder.env };
  await using node = await NodeProcess.start({ workers }, env);
  await using bystander = startClient({ scenario: "bystander" }, env);
  await bystander.next("progress");
  {
    await using session = await connect({ sizeBytes: 64 << 20 });
    const client = new Client(session);
    await client.create(HERE, HERE, "faulty");
    await body({ node, bystander, session, client });
    assert.equal(await client.ok(HERE, 41), 42);
  }
  await bystander.send({ kind: "stop" });
  await bystander.next("total");
  await bystander.ended();
  assert.deepEqual(node.program.take("lost"), []);
  await eventually("no block is left", async () => {
    const { blocks } = await node.figures();
    return blocks.length === 0;
  });
  await node.stop();
}

/** Changes a right descriptor and the fields that it names. */
type Mischief = (words: Int32Array, client: RawClient) => void;

/** Word of a field of a task in slot 0. */
function fieldWord(type: { layout: typeof OkTask.layout }, name: string): number {
  const field = type.layout.fields.find((placed) => placed.name === name)!;
  return (SLOTS_OFFSET + field.offsetBytes) / 4;
}

function bulkMischief(change: (words: Uint32Array, at: number, own: number) => void): Mischief {
  return (_words, { segment }) => {
    const at = fieldWord(TransformTask, "source");
    segment.u32[at] = segment.id;
    segment.u32[at + 1] = SLOTS_OFFSET;
    segment.u32[fieldWord(TransformTask, "sourceSize")] = 16;
    change(segment.u32, at, segment.id);
  };
}

const SOURCE_SIZE = () => fieldWord(TransformTask, "sourceSize");

/** Each ends its session with CHI-3009, and this reason. */
const MALFORMED: readonly [name: string, type: typeof OkTask, why: RegExp, mischief: Mischief][] = [
  ["slot −1", OkTask, /slot -1/, (words) => words[H.slot] = -1],
  ["slot 4096", OkTask, /slot 4096/, (words) => words[H.slot] = LIMITS.slotsPerPort],
  ["slot 2^31 − 1", OkTask, /slot 2147483647/, (words) => words[H.slot] = 0x7fffffff],
  ["fields at 4", OkTask, /misplaced/, (words) => words[H.fields]! += 4],
  ["fields in the header", OkTask, /misplaced/, (words) => words[H.fields] = 4096],
  ["fields at 0", OkTask, /misplaced/, (words) => words[H.fields] = 0],
  [
    "fields that end outside",
    OkTask,
    /fields leave/,
    (words) => words[H.fields] = SEGMENT_BYTES - 8,
  ],
  ["fields at 2^32 − 8", OkTask, /fields leave/, (words) => words[H.fields] = -8],
  [
    "a string longer than its field",
    EchoTask as unknown as typeof OkTask,
    /count is above/,
    (_words, { segment }) => segment.u32[fieldWord(EchoTask as never, "text")] = 65,
  ],
  [
    "a string of −1 bytes",
    EchoTask as unknown as typeof OkTask,
    /count is above/,
    (_words, { segment }) => segment.i32[fieldWord(EchoTask as never, "text")] = -1,
  ],
  [
    "a vec longer than its field",
    EchoTask as unknown as typeof OkTask,
    /count is above/,
    (_words, { segment }) => segment.u32[fieldWord(EchoTask as never, "list")] = 9,
  ],
  [
    "bulk of another segment",
    TransformTask as unknown as typeof OkTask,
    /source points into another segment/,
    bulkMischief((words, at, own) => words[at] = own - 1),
  ],
  [
    "bulk of the node's segment",
    TransformTask as unknown as typeof OkTask,
    /source points into another segment/,
    bulkMischief((words, at) => words[at] = 1),
  ],
  [
    "bulk of no segment",
    TransformTask as unknown as typeof OkTask,
    /source points into another segment/,
    bulkMischief((words, at) => words[at] = 0),
  ],
  [
    "bulk in the header",
    TransformTask as unknown as typeof OkTask,
    /source points into the header/,
    bulkMischief((words, at) => words[at + 1] = 64),
  ],
  [
    "bulk that ends outside",
    TransformTask as unknown as typeof OkTask,
    /source leaves/,
    bulkMischief((words, at) => words[at + 1] = SEGMENT_BYTES - 8),
  ],
  [
    "bulk of 2^32 bytes",
    TransformTask as unknown as typeof OkTask,
    /source leaves/,
    bulkMischief((words) => words[SOURCE_SIZE() + 1] = 1),
  ],
  [
    "bulk of 2^64 − 1 bytes",
    TransformTask as unknown as typeof OkTask,
    /source leaves/,
    bulkMischief((words) => {
      words[SOURCE_SIZE()] = 0xffffffff;
      words[SOURCE_SIZE() + 1] = 0xffffffff;
    }),
  ],
];

for (const workers of WORKER_COUNTS) {
  test(`malformed descriptors end their session only, ${workers} workers`, async () => {
    await withScene(workers, async ({ node, client }) => {
      let count = 0;
      for (const [name, type, why, mischief] of MALFORMED) {
        using raw = await RawClient.connect();
        // Tasks under way when it happens are answered into a segment that nobody reads.
        raw.submit(raw.descriptor(SleepTask as never, client.poolId, 7), count % workers);
        const words = raw.descriptor(type, client.poolId, 0);
        mischief(words, raw);
        raw.submit(words, count % workers);
        const error = await raw.ended;
        assert.equal(error?.code, "CHI-3009", name);
        assert.match(error.message, why, name);
        count++;
      }
      for (const tail of [-1, LIMITS.slotsPerPort + 1, 0x7fffffff, -0x80000000]) {
        using raw = await RawClient.connect();
        raw.setTail(workers - 1, tail);
        const error = await raw.ended;
        assert.equal(error?.code, "CHI-3009");
        assert.match(error.message, /tail is out of range/);
        count++;
      }
      const { stats } = await node.figures();
      assert.equal(stats.malformed, count);
      await eventually("their sessions go", async () => (await node.clients()).length === 2);
    });
  });

  test(`mistakes fail their task only, ${workers} workers`, async () => {
    await withScene(workers, async ({ node, session, client }) => {
      class OldOkTask extends defineTask(Method.kOk, {
        value: IN.u32(),
        lane: IN.u32(),
        result: OUT.u64(),
      }) {}
      class NoSuchTask extends defineTask(99, { value: IN.u32() }) {}
      class LastTask extends defineTask(0xffffffff, { value: IN.u32() }) {}
      const send = (type: typeof OkTask, poolId: number, query: [number, number, number]) => {
        const task = session.allocate(type);
        task.header.poolId = poolId;
        [task.header.queryKind, task.header.queryFirst, task.header.querySecond] = query;
        task.submit();
        return task;
      };
      const local: [number, number, number] = [1, 1, 0];
      const cases: [code: string, type: unknown, pool: number, query: [number, number, number]][] =
        [
          ["CHI-4001", OkTask, 999, local],
          ["CHI-4001", OkTask, -1, local],
          ["CHI-4001", OkTask, 0x7fffffff, local],
          ["CHI-4004", NoSuchTask, client.poolId, local],
          ["CHI-4004", LastTask, client.poolId, local],
          ["CHI-3002", OldOkTask, client.poolId, local],
          ["CHI-4012", OkTask, client.poolId, [0, 1, 0]],
          ["CHI-4012", OkTask, client.poolId, [77, 1, 0]],
          ["CHI-4012", OkTask, client.poolId, [-1, 1, 0]],
          ["CHI-4011", OkTask, client.poolId, [3, 2, 0]],
          ["CHI-4011", OkTask, client.poolId, [3, 0, 0]],
          ["CHI-4011", OkTask, client.poolId, [3, -7, 0]],
          ["CHI-4011", OkTask, client.poolId, [7, 0, 5]],
          ["CHI-4011", OkTask, client.poolId, [7, -1, 2]],
        ];
      for (const [code, type, pool, query] of cases) {
        const task = send(type as typeof OkTask, pool, query);
        const error = await rejectsWith(code, task.wait());
        assert.ok(error.hint.length > 10);
        task.free();
        assert.equal(await client.ok(HERE, 1), 2);
      }
      using block = session.alloc(64);
      const tooMuch = client.asyncTransform(HERE, {
        both: block,
        bothSize: 65,
        bothCapacity: 64,
      });
      await rejectsWith("CHI-3003", tooMuch.wait());
      tooMuch.free();
      const { stats } = await node.figures();
      assert.equal(stats.malformed, 0);
    });
  });
}

test("ports in impossible places are refused", async () => {
  await withScene(2, async ({ node }) => {
    const wrong: Record<string, unknown>[] = [
      { index: 1 },
      { index: -1 },
      { index: "0" },
      { bellLine: 0 },
      { bellLine: 1 },
      { bellLine: 1 << 20 },
      { bellLine: -3 },
      { bellLine: 0.5 },
      { bellLine: null },
      { slotsOffset: 64 },
      { slotsOffset: SEGMENT_BYTES },
      { slotsOffset: SLOTS_OFFSET + 8 },
      { slotsOffset: "2097152" },
      { slotsOffset: NaN },
      { errorsOffset: SEGMENT_BYTES - 4096 },
      { errorsOffset: -4096 },
      { errorsOffset: 1e300 },
      { ringsOffset: SEGMENT_BYTES - 64 },
      { ringsOffset: undefined },
      { ringsOffset: [] },
    ];
    for (const places of wrong) {
      using raw = await RawClient.open();
      await raw.hello();
      raw.attach();
      await rejectsWith("CHI-3009", raw.openPort(places));
    }
    // No more bell lines than ports, and no more ports than there may be.
    using raw = await RawClient.open();
    await raw.hello();
    for (let k = 0; k < LIMITS.portsPerSession; k++) {
      await raw.requests.ask({ kind: "reserveBellLine" });
    }
    await rejectsWith("CHI-5009", raw.requests.ask({ kind: "reserveBellLine" }));
    const { stats } = await node.figures();
    assert.equal(stats.malformed, 0);
  });
});

test("a client cannot change the size of its memory, nor of the bells", async () => {
  await withScene(2, async ({ node, session }) => {
    using raw = await RawClient.connect();
    const paths = [
      ...memoryFilePaths(node.pid, "session"),
      ...memoryFilePaths(node.pid, "bell"),
      ...memoryFilePaths(node.pid, "node"),
    ];
    assert.ok(paths.length >= 5);
    for (const path of paths) {
      for (const sizeBytes of [0, 4096, 8 << 30]) {
        const error = await Deno.truncate(path, sizeBytes).then(() => null, (thrown) => thrown);
        assert.ok(error instanceof Error, `${path} was cut to ${sizeBytes}`);
      }
    }
    assert.ok(raw.segment.sizeBytes === SEGMENT_BYTES && session.segment.sizeBytes > 0);
  });
});

test("a client that never reads its completions harms only itself", async () => {
  await withScene(2, async ({ node, client, bystander }) => {
    using raw = await RawClient.connect();
    // Ten rings full of tasks: each completion that does not fit overwrites an older one of its own.
    const words = raw.descriptor(OkTask, client.poolId, 0);
    for (let round = 0; round < 10; round++) {
      for (let k = 0; k < LIMITS.slotsPerPort; k++) {
        words[H.slot] = k;
        words[H.fields] = SLOTS_OFFSET + k * LIMITS.slotBytes;
        raw.submit(words);
      }
      // A slot that is used again before its task is answered would be another fault.
      const sent = (round + 1) * LIMITS.slotsPerPort;
      await eventually("a round is answered", () => raw.answered === sent);
    }
    await eventually("all of them ran", async () => {
      const { stats } = await node.figures();
      return stats.workers.reduce((sum, worker) => sum + worker.tasks, 0) > 40_000;
    });
    await bystander.next("progress");
    const { stats } = await node.figures();
    assert.equal(stats.malformed, 0);
  });
});

test("one slot used by many tasks at once harms only its owner", async () => {
  await withScene(2, async ({ client }) => {
    using raw = await RawClient.connect();
    for (let k = 0; k < 500; k++) {
      const words = raw.descriptor(SleepTask as never, client.poolId, 3);
      words[H.generation] = k % 3;
      raw.submit(words, k % 2);
    }
    assert.equal(await client.ok(HERE, 1), 2);
  });
});

test("a pool may be named before the hello, but not used", async () => {
  await withScene(1, async () => {
    using raw = await RawClient.open();
    await rejectsWith("CHI-3009", raw.openPort());
    await rejectsWith("CHI-3009", raw.requests.ask({ kind: "reserveBellLine" }));
    await rejectsWith("CHI-3009", raw.requests.ask({ kind: "nothing of this kind" }));
    await raw.hello();
    await rejectsWith("CHI-3009", raw.hello());
  });
});
