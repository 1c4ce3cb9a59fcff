/**
 * The loops of a client thread, on a pool of `bench_noop`: written as an application would write
 * them, against the SDK alone.
 */

import { type Block, DomainQuery, type Session } from "chimaera";
import { Client } from "../modules/noop/noop_client.ts";
import type { NoopTask, SlowNoopTask } from "../modules/noop/noop_tasks.ts";
import { type PassedBuffer, PIPE_OUTSTANDING, type Target } from "./target.ts";

const HERE = DomainQuery.getLocalId();

/** Subtasks of one nesting task. */
const NEST_COUNT = 1000;

function wrong(value: number, result: number): never {
  throw new Error(`bench_noop answered ${result} to ${value}`);
}

/** Takes the result of a finished task, and frees it. */
function finish(task: NoopTask | SlowNoopTask, value: number): number {
  const result = task.result;
  if (result !== value + 1) wrong(value, result);
  task.free();
  return result;
}

/** {@linkcode Target} on a session. */
export class NoopTarget implements Target {
  readonly #session: Session;
  readonly #client: Client;
  readonly #close: () => Promise<void>;
  readonly #pipe: NoopTask[] = new Array(PIPE_OUTSTANDING);

  private constructor(session: Session, client: Client, close: () => Promise<void>) {
    this.#session = session;
    this.#client = client;
    this.#close = close;
  }

  /** Makes the pool. `close` ends what was started for the target. */
  static async open(session: Session, close: () => Promise<void>): Promise<NoopTarget> {
    const client = new Client(session);
    await client.create(HERE, HERE, "bench");
    return new NoopTarget(session, client, close);
  }

  syncLoop(ops: number): number {
    const client = this.#client;
    let sum = 0;
    for (let value = 0; value < ops; value++) {
      const task = client.asyncNoop(HERE, { value });
      task.waitSync();
      sum = (sum + finish(task, value)) >>> 0;
    }
    return sum;
  }

  slowLoop(ops: number): number {
    const client = this.#client;
    let sum = 0;
    for (let value = 0; value < ops; value++) {
      const task = client.asyncSlowNoop(HERE, { value });
      task.waitSync();
      sum = (sum + finish(task, value)) >>> 0;
    }
    return sum;
  }

  async awaitLoop(ops: number): Promise<number> {
    const client = this.#client;
    let sum = 0;
    for (let value = 0; value < ops; value++) {
      const result = await client.noop(HERE, value);
      if (result !== value + 1) wrong(value, result);
      sum = (sum + result) >>> 0;
    }
    return sum;
  }

  /**
   * Tasks stand in a circle of {@linkcode PIPE_OUTSTANDING}. When it is full the client sleeps
   * until half of it is done, so that neither side is woken for every task.
   */
  pipeLoop(ops: number, batch: number): number {
    const client = this.#client;
    const port = this.#session.port;
    const pipe = this.#pipe;
    const mask = PIPE_OUTSTANDING - 1;
    let sum = 0;
    let done = 0;
    for (let sent = 0; sent < ops;) {
      const end = Math.min(sent + batch, ops);
      if (end - done > PIPE_OUTSTANDING) {
        const middle = done + PIPE_OUTSTANDING / 2;
        pipe[(middle - 1) & mask]!.waitSync();
        for (; done < middle; done++) sum = (sum + finish(pipe[done & mask]!, done)) >>> 0;
      }
      for (; sent < end; sent++) pipe[sent & mask] = client.asyncNoop(HERE, { value: sent });
      port.flush();
    }
    for (; done < ops; done++) {
      const task = pipe[done & mask]!;
      task.waitSync();
      sum = (sum + finish(task, done)) >>> 0;
    }
    return sum;
  }

  async promiseLoop(ops: number, outstanding: number): Promise<number> {
    const client = this.#client;
    let next = 0;
    let sum = 0;
    const callInTurn = async () => {
      while (next < ops) {
        const value = next++;
        const task = client.asyncNoop(HERE, { value });
        await task.wait();
        sum = (sum + finish(task, value)) >>> 0;
      }
    };
    await Promise.all(Array.from({ length: outstanding }, callInTurn));
    return sum;
  }

  subtaskLoop(ops: number, across: boolean): number {
    let sum = 0;
    for (let left = ops; left > 0; left -= NEST_COUNT) {
      const count = Math.min(left, NEST_COUNT);
      const task = this.#client.asyncNest(HERE, { count, across });
      task.waitSync();
      const expected = count * (count + 1) / 2;
      if (task.result !== expected) wrong(count, task.result);
      sum = (sum + expected) >>> 0;
      task.free();
    }
    return sum;
  }

  makeBuffer(sizeBytes: number): PassedBuffer {
    const block: Block = this.#session.alloc(sizeBytes);
    const source = new Uint8Array(sizeBytes).fill(7);
    block.bytes.set(source);
    const expected = 7 + 7 + sizeBytes;
    return {
      pass: () => {
        const task = this.#client.asyncPass(HERE, { data: block, dataSize: sizeBytes });
        task.waitSync();
        const result = task.result;
        if (result !== expected) wrong(sizeBytes, result);
        task.free();
        return result;
      },
      copyIn: () => block.bytes.set(source),
    };
  }

  async close(): Promise<void> {
    await this.#close();
  }
}
