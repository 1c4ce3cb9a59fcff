/** The same calls by every way that a client may reach a node: same results, same errors. */

import assert from "node:assert/strict";
import { DomainQuery } from "chimaera";
import { startNode } from "chimaera/node";
import { test } from "../permission.ts";
import { type CallResults, expectedEchoes, makeCalls } from "./kit/calls.ts";
import { startClient } from "./kit/client_process.ts";
import { expectFault, FAULT_CASES, type SeenFault } from "./kit/faults.ts";
import { eventually } from "./kit/expect.ts";
import type { ErrorLine } from "./kit/lines.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { NodeProcess } from "./kit/node_process.ts";
import type { ProgramOptions } from "./kit/program.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/faulty/faulty_client.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();

interface Way {
  readonly name: string;
  readonly transport: "auto" | "shm" | "socket";
  readonly permissions?: readonly string[];
  readonly expected: "shm" | "socket";
  readonly reason: RegExp;
}

/** What a client says of its session. */
interface Connected {
  readonly transport: string;
  readonly reason: string;
  readonly workers: number;
}

const WAYS: readonly Way[] = [
  { name: "memory", transport: "auto", expected: "shm", reason: /memory is mapped/ },
  { name: "the socket", transport: "socket", expected: "socket", reason: /asked for it/ },
  {
    name: "the socket, FFI denied",
    transport: "auto",
    permissions: ["--allow-all", "--deny-ffi"],
    expected: "socket",
    reason: /FFI is denied/,
  },
];

/** The results in this process, to which all others are compared. */
async function resultsHere(): Promise<CallResults> {
  await using node = await startNode({ workers: 2, debugHeap: true, modules: TEST_MODULES });
  await using session = await node.connect(64 << 20);
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  const results = await makeCalls(client, session);
  await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
  return results;
}

for (const workers of WORKER_COUNTS) {
  test(`calls give the same by every transport, ${workers} workers`, async () => {
    const expected = JSON.parse(JSON.stringify(await resultsHere()));
    for (const [name, echo] of Object.entries(JSON.parse(JSON.stringify(expectedEchoes())))) {
      assert.deepEqual(expected[name], echo, name);
    }
    using folder = new RuntimeFolder();
    await using node = await NodeProcess.start({ workers }, { env: folder.env });
    for (const way of WAYS) {
      const options: ProgramOptions = {
        env: folder.env,
        ...way.permissions === undefined ? {} : { permissions: way.permissions },
      };
      await using client = startClient({ scenario: "calls", transport: way.transport }, options);
      const connected = await client.next<Connected>("connected");
      assert.equal(connected.transport, way.expected);
      assert.match(connected.reason, way.reason);
      assert.equal(connected.workers, workers);
      const { results } = await client.next<{ results: CallResults }>("results");
      assert.deepEqual(results, expected, way.name);
      const blocked = await client.next<{ result?: number; error?: ErrorLine }>("blocked");
      assert.equal(blocked.result, 2, JSON.stringify(blocked.error));
      const { sums } = await client.next<{ sums: number[] }>("ports");
      assert.deepEqual(sums, [1, 2, 3], way.name);
      await client.next("done");
      await client.ended();
    }
    await eventually("no block is left", async () => {
      const { blocks, stats } = await node.figures();
      return blocks.length === 0 && stats.malformed === 0;
    });
    await node.stop();
  });
}

test("a program may block for its tasks, whatever carries them", async () => {
  using folder = new RuntimeFolder();
  await using node = await NodeProcess.start({ workers: 2 }, { env: folder.env });
  for (const way of WAYS) {
    const options: ProgramOptions = {
      env: folder.env,
      ...way.permissions === undefined ? {} : { permissions: way.permissions },
    };
    await using client = startClient({ scenario: "blocking", transport: way.transport }, options);
    const { results } = await client.next<{ results: unknown }>("blocking");
    assert.deepEqual(results, {
      ok: 2,
      small: [100, 100, 6, 7, true],
      large: [3 << 20, 3 << 20, 6, 7, true],
      pipeline: 2000 * 2001 / 2,
      fault: "CHI-3004",
      late: "CHI-3005",
      after: 3,
      beside: 4,
      slow: 8,
      blockedPort: 5,
    }, way.name);
    await client.next("done");
    await client.ended();
  }
  await eventually("no block is left", async () => {
    const { blocks } = await node.figures();
    return blocks.length === 0;
  });
  await node.stop();
});

test("a program that gets no thread for its socket awaits, and is told so when it blocks", async () => {
  using folder = new RuntimeFolder();
  await using node = await NodeProcess.start({ workers: 2 }, { env: folder.env });
  const thread = new URL("../../runtime/session/wire_main.ts", import.meta.url).pathname;
  await using client = startClient({ scenario: "calls", transport: "socket" }, {
    env: folder.env,
    permissions: ["--allow-all", `--deny-read=${thread}`],
  });
  const { results } = await client.next<{ results: CallResults }>("results");
  assert.equal(results.ok, 42);
  const { error } = await client.next<{ error?: ErrorLine }>("blocked");
  assert.equal(error?.code, "CHI-3014");
  await client.next("done");
  await client.ended();
  await node.stop();
});

test("faults look the same by every transport", async () => {
  using folder = new RuntimeFolder();
  await using node = await NodeProcess.start({ workers: 2, memoryBytes: 64 << 20 }, {
    env: folder.env,
  });
  for (const way of WAYS) {
    const options: ProgramOptions = {
      env: folder.env,
      ...way.permissions === undefined ? {} : { permissions: way.permissions },
    };
    await using client = startClient({ scenario: "faults", transport: way.transport }, options);
    await client.next("done");
    const seen = client.take<SeenFault>("fault");
    assert.equal(seen.length, FAULT_CASES.length);
    seen.forEach(expectFault);
    await client.ended();
  }
  await node.stop();
});

test("a client that insists on memory is told why there is none", async () => {
  using folder = new RuntimeFolder();
  await using node = await NodeProcess.start({ workers: 1 }, { env: folder.env });
  await using client = startClient({ scenario: "calls", transport: "shm" }, {
    env: folder.env,
    permissions: ["--allow-all", "--deny-ffi"],
  });
  const { error } = await client.next<{ error: ErrorLine }>("failed");
  assert.equal(error.code, "CHI-5004");
  assert.match(error.message, /FFI is denied/);
  await client.ended(true);
  await node.stop();
});

test("a node without FFI serves its clients over the socket", async () => {
  using folder = new RuntimeFolder();
  const options = { env: folder.env, permissions: ["--allow-all", "--deny-ffi"] };
  await using node = await NodeProcess.start({ workers: 2 }, options);
  const { stats } = await node.figures();
  assert.equal(stats.backing, "private");
  await using client = startClient({ scenario: "calls" }, { env: folder.env });
  const connected = await client.next<{ transport: string; reason: string }>("connected");
  assert.equal(connected.transport, "socket");
  assert.match(connected.reason, /private/);
  await client.next("done");
  await client.ended();
  await node.stop();
});
