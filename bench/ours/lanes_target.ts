/** The loops of a client thread on a pool of `bench_lanes`: several lanes, several workers. */

import { CreateContext, DomainQuery, type Session, TaskPrio } from "chimaera";
import { startNode } from "chimaera/node";
import { startOnServerCpu } from "../harness/cpus.ts";
import type { BenchContext } from "../harness/line.ts";
import { Client } from "../modules/lanes/lanes_client.ts";
import type { NoopTask, ReadTask, SpinTask } from "../modules/lanes/lanes_tasks.ts";
import { BENCH_MODULES } from "./modules.ts";
import { placeWorkers } from "./placement.ts";

const HERE = DomainQuery.getLocalId();

/** Computing tasks that go out together: the workers begin before the last one is sent. */
const SPIN_BATCH = 64;
/** Seeds of computing tasks: the numbers from 1 on, in turn. */
const SEEDS = 8;
/** No-op tasks under way while files are read. */
const NOOPS_OUTSTANDING = 2048;

function wrong(what: string, result: number): never {
  throw new Error(`bench_lanes answered ${result} to ${what}`);
}

export class LanesTarget {
  readonly #session: Session;
  readonly #client: Client;
  readonly #close: () => Promise<void>;

  private constructor(session: Session, client: Client, close: () => Promise<void>) {
    this.#session = session;
    this.#client = client;
    this.#close = close;
  }

  /**
   * A node in this process, with a pool.
   *
   * @param path The file that {@linkcode readsAmongNoops} reads.
   */
  static async open(context: BenchContext, workers: number, path = ""): Promise<LanesTarget> {
    return await startOnServerCpu(context, async () => {
      const node = await startNode({ workers, modules: BENCH_MODULES });
      const session = await node.connect();
      await placeWorkers(session, context);
      const client = new Client(session);
      await client.create(HERE, HERE, "bench", new CreateContext(), path);
      return new LanesTarget(session, client, () => node.close());
    });
  }

  /**
   * Computing tasks on lanes of one worker or of two, all sent at once: a worker that the system
   * holds up for a while makes nobody else wait. Returns the sum of the results.
   */
  spinLoop(ops: number, rounds: number, workers: number): number {
    const open: SpinTask[] = [];
    for (let op = 0; op < ops; op++) {
      const fields = { seed: 1 + op % SEEDS, rounds, across: op % workers === 1 };
      open.push(this.#client.asyncSpin(HERE, fields));
      if (op % SPIN_BATCH === 0) this.#session.port.flush();
    }
    this.#session.port.flush();
    let sum = 0;
    for (const task of open) {
      task.waitSync();
      sum = (sum + task.result) >>> 0;
      task.free();
    }
    return sum;
  }

  /** Handlers that await `width` no-op tasks each. Returns the sum of the results. */
  fanoutLoop(ops: number, width: number, across: boolean): number {
    const expected = width * (width + 1) / 2;
    let sum = 0;
    for (let op = 0; op < ops; op++) {
      const task = this.#client.asyncFanout(HERE, { width, across });
      task.waitSync();
      if (task.result !== expected) wrong(`${width} subtasks`, task.result);
      sum = (sum + task.result) >>> 0;
      task.free();
    }
    return sum;
  }

  /** One no-op task by `waitSync`. */
  noop(value: number): number {
    const task = this.#client.asyncNoop(HERE, { value });
    task.waitSync();
    return this.#take(task, value);
  }

  #take(task: NoopTask, value: number): number {
    const { result } = task;
    if (result !== value + 1) wrong(String(value), result);
    task.free();
    return result;
  }

  /** A high-latency computing task on the worker that has no no-ops. */
  startSlow(rounds: number): SpinTask {
    const task = this.#client.asyncSpin.alloc(null, HERE, { seed: 1, rounds, across: true });
    task.prio = TaskPrio.kHighLatency;
    task.submit();
    return task;
  }

  /** One file read on an idle lane; milliseconds from the handler's call until it goes on. */
  read(offset: number, expected: number): number {
    return takeRead(this.#client.asyncRead(HERE, { offset }), expected);
  }

  /**
   * Reads pages while the lane always has no-ops to do: a read is among each half of those under
   * way, and its result is looked at a half later.
   *
   * @param offsetOf Where the reads begin.
   * @param expected Sum of the bytes of a page.
   * @returns Milliseconds of each read, from the handler's call until it goes on.
   */
  readsAmongNoops(ops: number, offsetOf: (op: number) => number, expected: number): number[] {
    const reads: ReadTask[] = [];
    const times: number[] = [];
    let early = this.#sendNoops();
    for (let op = 0; op < ops; op++) {
      reads.push(this.#client.asyncRead(HERE, { offset: offsetOf(op) }));
      const late = this.#sendNoops();
      this.#takeAll(early);
      early = late;
      if (op > 0) times.push(takeRead(reads.shift()!, expected));
    }
    this.#takeAll(early);
    times.push(takeRead(reads.shift()!, expected));
    return times;
  }

  /** Half of the no-ops under way. */
  #sendNoops(): NoopTask[] {
    const tasks: NoopTask[] = [];
    for (let value = 0; value < NOOPS_OUTSTANDING / 2; value++) {
      tasks.push(this.#client.asyncNoop(HERE, { value }));
    }
    this.#session.port.flush();
    return tasks;
  }

  #takeAll(tasks: readonly NoopTask[]): void {
    tasks.at(-1)!.waitSync();
    tasks.forEach((task, value) => this.#take(task, value));
  }

  async close(): Promise<void> {
    await this.#close();
  }
}

function takeRead(task: ReadTask, expected: number): number {
  task.waitSync();
  const { sum, tookMs } = task;
  if (sum !== expected) wrong("a read", sum);
  task.free();
  return tookMs;
}
