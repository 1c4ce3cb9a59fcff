/** Order and fairness: FIFO per port, lane and priority; nobody starves. */

import assert from "node:assert/strict";
import { CreateContext, DomainQuery, type Session, TaskPrio } from "chimaera";
import { type Node, startNode } from "chimaera/node";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { test } from "../permission.ts";
import { eventually } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/faulty/faulty_client.ts";
import type { NextTask } from "./modules/faulty/faulty_tasks.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const HERE = DomainQuery.getLocalId();
const LANES = 4;

async function withNode(
  workers: number,
  body: (node: Node, session: Session) => Promise<void>,
): Promise<void> {
  await using node = await startNode({
    workers,
    debugHeap: true,
    memoryBytes: 128 << 20,
    modules: TEST_MODULES,
  });
  await using session = await node.connect(128 << 20);
  await body(node, session);
  await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
}

/** Sends numbered tasks, each lane and priority with numbers of its own; checks their order. */
class Sender {
  readonly #client: Client;
  readonly #number: number;
  readonly #queries: readonly DomainQuery[];
  readonly #sent = new Map<number, number>();
  #open: { task: NextTask; sequence: number }[] = [];

  constructor(client: Client, number: number, queries: readonly DomainQuery[]) {
    this.#client = client;
    this.#number = number;
    this.#queries = queries;
  }

  send(lane: number, prio: number): void {
    const key = lane * 2 + prio;
    const sequence = this.#sent.get(key) ?? 0;
    this.#sent.set(key, sequence + 1);
    const query = this.#queries[sequence % this.#queries.length]!;
    const sender = this.#number * 2 + prio;
    const task = this.#client.asyncNext.alloc(null, query, { sender, sequence, lane });
    task.prio = prio;
    task.submit();
    this.#open.push({ task, sequence });
  }

  /** Waits for everything that was sent. */
  async check(): Promise<void> {
    for (const { task, sequence } of this.#open) {
      await task.wait();
      assert.equal(task.previous, sequence - 1, `sender ${this.#number}`);
      task.free();
    }
    this.#open = [];
  }
}

for (const workers of WORKER_COUNTS) {
  test(`a lane takes a port's tasks in order, ${workers} workers`, async () => {
    await withNode(workers, async (_node, session) => {
      const client = new Client(session);
      await client.create(HERE, HERE, "ordered", new CreateContext(), LANES);
      const senders: Sender[] = [];
      for (let number = 0; number < 4; number++) {
        const port = number === 0 ? session.port : await session.openPort();
        const bound = client.in(port);
        await bound.ok(HERE, 0); // Its task methods know their client from now on.
        senders.push(new Sender(bound, number, [HERE]));
      }
      for (let round = 0; round < 12; round++) {
        // Handlers that wait, on the same lanes.
        const waiting = Array.from(
          { length: 8 },
          (_, k) => client.asyncSleep(HERE, { ms: 1 + k, lane: k }),
        );
        for (let k = 0; k < 900; k++) {
          for (const sender of senders) sender.send(k % LANES, k % 7 === 0 ? 1 : 0);
        }
        await Promise.all(senders.map((sender) => sender.check()));
        for (const task of waiting) {
          await task.wait();
          task.free();
        }
      }
    });
  });

  test(`a lane takes a port's tasks in order whatever query they name, ${workers} workers`, async () => {
    await withNode(workers, async (_node, session) => {
      const client = new Client(session);
      const queries = [
        HERE,
        DomainQuery.getDirectId(1),
        DomainQuery.getDirectHash(0),
        DomainQuery.getDirectHash(7),
        DomainQuery.getLocalHash(3),
        DomainQuery.getGlobalBcast(),
        DomainQuery.getDynamic(),
        DomainQuery.getRange(0, 1),
      ];
      // Several pools, so that homes and lanes lie on different workers.
      for (let pool = 0; pool < 4; pool++) {
        await client.create(HERE, HERE, `ordered ${pool}`, new CreateContext(), LANES);
        const sender = new Sender(client, 0, queries);
        for (let round = 0; round < 10; round++) {
          for (let k = 0; k < 400; k++) sender.send(k % LANES, 0);
          await sender.check();
        }
      }
    });
  });

  // Without LaneQueue's quota it fails: high-latency tasks starve.
  test(`both priorities get on, ${workers} workers`, async () => {
    await withNode(workers, async (_node, session) => {
      const client = new Client(session);
      await client.create(HERE, HERE, "both", new CreateContext(), 1);
      await client.ok(HERE, 0);
      const place = (prio: number, sequence: number) => {
        const task = client.asyncNext.alloc(null, HERE, { sender: prio, sequence });
        task.prio = prio;
        task.submit();
        return task;
      };
      // The lane is held until all of them wait.
      const hold = client.asyncBlock(HERE, { ms: 300 });
      await new Promise((resolve) => setTimeout(resolve, 50));
      const low = Array.from({ length: 1600 }, (_, k) => place(TaskPrio.kLowLatency, k));
      const high = Array.from({ length: 40 }, (_, k) => place(TaskPrio.kHighLatency, k));
      const places = async (tasks: readonly NextTask[]) => {
        for (const task of tasks) await task.wait();
        return tasks.map((task) => task.place);
      };
      const [lowPlaces, highPlaces] = [await places(low), await places(high)];
      for (const task of [hold, ...low, ...high]) {
        await task.wait();
        task.free();
      }
      // Of both kinds some run before the last of the other.
      assert.ok(lowPlaces[0]! < highPlaces.at(-1)!);
      assert.ok(highPlaces[0]! < lowPlaces.at(-1)!, "high-latency tasks starve");
      // One high-latency task for each 32 others while both wait.
      const between = highPlaces.slice(1, 20).map((at, k) => at - highPlaces[k]!);
      assert.ok(between.every((gap) => gap <= 40), `gaps of ${between}`);
    });
  });
}

for (const workers of WORKER_COUNTS) {
  test(`a flood of high latency does not hurt low latency, ${workers} workers`, async () => {
    await withNode(workers, async (_node, session) => {
      const client = new Client(session);
      await client.create(HERE, HERE, "flood of high", new CreateContext(), 1);
      await client.ok(HERE, 0);
      const hold = client.asyncBlock(HERE, { ms: 200 });
      await new Promise((resolve) => setTimeout(resolve, 50));
      const send = (prio: number, count: number, us: number) =>
        Array.from({ length: count }, (_, sequence) => {
          const task = client.asyncNext.alloc(null, HERE, { sender: prio, sequence, us });
          task.prio = prio;
          task.submit();
          return task;
        });
      const high = send(TaskPrio.kHighLatency, 600, 1000);
      const low = send(TaskPrio.kLowLatency, 64, 0);
      for (const task of [hold, ...high, ...low]) await task.wait();
      // They came last. One high-latency task goes for each 32 of them, and one in each pass in
      // which the worker takes those that were sent before them.
      const behind = high.filter(({ place }) => place < low.at(-1)!.place).length;
      assert.ok(behind <= 12, `${behind} high-latency tasks went before the last low-latency one`);
      for (const task of [hold, ...high, ...low]) task.free();
    });
  });
}

test("a flooded lane does not starve another lane of its worker", async () => {
  await withNode(1, async (_node, session) => {
    const client = new Client(session);
    await client.create(HERE, HERE, "flooded", new CreateContext(), 2);
    const ports = [session.port, await session.openPort(), await session.openPort()];
    const next = (sender: Client, lane: number) =>
      sender.asyncNext.alloc(null, HERE, { sender: lane, sequence: 0, lane, us: 0 });
    const flood = ports.map((port) => client.in(port)).flatMap((flooder) =>
      Array.from({ length: 3000 }, () => next(flooder, 0))
    );
    const quiet = next(client.in(await session.openPort()), 1);
    // All of them are there when the worker next looks, the other lane's as the last.
    const hold = client.asyncBlock(HERE, { ms: 500 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const task of [...flood, quiet]) task.submit();
    for (const task of [hold, ...flood, quiet]) await task.wait();
    const first = Math.min(...flood.map(({ place }) => place));
    const before = quiet.place - first;
    // A lane has no more than its share of 32 before it is the other's turn.
    assert.ok(before < 300, `${before} of the flood's 9000 tasks ran before the other lane's`);
    for (const task of [hold, ...flood, quiet]) task.free();
  });
});

// Without shares of a lane's turn it fails: the other lane waits for all of them.
test("slow handlers of one lane let other lanes of their worker in between", async () => {
  await withNode(1, async (_node, session) => {
    const client = new Client(session);
    await client.create(HERE, HERE, "slow", new CreateContext(), 2);
    const other = client.in(await session.openPort());
    await other.ok(HERE, 0, 1);
    const slow = Array.from({ length: 100 }, () => client.asyncBlock(HERE, { ms: 5, lane: 0 }));
    await slow[0]!.wait();
    for (let k = 0; k < 10; k++) assert.equal(await other.ok(HERE, k, 1), k + 1);
    assert.equal(slow.at(-1)!.done, false, "the other lane waited for all of them");
    for (const task of slow) {
      await task.wait();
      task.free();
    }
  });
});

test("the loads of lanes return to nothing", async () => {
  await withNode(2, async (_node, session) => {
    const client = new Client(session);
    await client.create(HERE, HERE, "loads", new CreateContext(), LANES);
    const tasks = Array.from(
      { length: 500 },
      (_, k) => client.asyncOk(HERE, { value: k, lane: k }),
    );
    for (const task of tasks) {
      await task.wait();
      task.free();
    }
    const admin = new Admin(session);
    await eventually("nothing waits", async () => {
      const pools = await admin.listPools(HERE);
      const { lanes } = pools.find((pool) => pool.name === "loads")!;
      return lanes.every((lane) => lane.waiting === 0) &&
        lanes.reduce((sum, lane) => sum + lane.done, 0) === 500;
    });
  });
});
