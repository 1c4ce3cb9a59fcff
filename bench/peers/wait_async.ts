/**
 * Peer of `task.await.inprocess`: the least that an awaited round trip between the main isolate
 * and a worker can cost. The caller awaits `Atomics.waitAsync`, the worker blocks in
 * `Atomics.wait`; a value goes out and comes back one greater.
 *
 *     word 0   request sequence      word 1    value
 *     word 16  reply sequence        word 17   result
 */

import type { BenchContext, Block, Side } from "../harness/line.ts";
import { timeBlock } from "../harness/pairs.ts";

const REQUEST = 0;
const REPLY = 16;
const STOP = -1;

class WaitAsyncSide implements Side {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #worker: Worker;
  #sequence = 0;
  /** A pending `waitAsync` alone does not keep the event loop alive. */
  readonly #keepAlive = setInterval(() => {}, 1 << 30);

  constructor(words: Int32Array<SharedArrayBuffer>, worker: Worker) {
    this.#words = words;
    this.#worker = worker;
  }

  run(ops: number): Promise<Block> {
    return timeBlock(ops, () => this.#callAll(ops));
  }

  async #callAll(ops: number): Promise<number> {
    const words = this.#words;
    let sum = 0;
    for (let op = 0; op < ops; op++) {
      const seen = this.#sequence;
      words[REQUEST + 1] = op;
      Atomics.store(words, REQUEST, seen + 1);
      Atomics.notify(words, REQUEST, 1);
      while (Atomics.load(words, REPLY) === seen) {
        const waiting = Atomics.waitAsync(words, REPLY, seen);
        if (waiting.async) await waiting.value;
      }
      this.#sequence = seen + 1;
      const result = words[REPLY + 1]!;
      if (result !== op + 1) throw new Error(`The peer answered ${result} to ${op}`);
      sum = (sum + result) >>> 0;
    }
    return sum;
  }

  async close(): Promise<void> {
    clearInterval(this.#keepAlive);
    const ended = new Promise((resolve) => this.#worker.onmessage = resolve);
    this.#words[REQUEST + 1] = STOP;
    Atomics.add(this.#words, REQUEST, 1);
    Atomics.notify(this.#words, REQUEST, 1);
    await ended;
    this.#worker.terminate();
  }
}

/** Starts the worker and waits until it is about to sleep. */
export async function waitAsyncPingPong(context: BenchContext): Promise<Side> {
  const words = new Int32Array(new SharedArrayBuffer(256));
  const worker = new Worker(new URL("./wait_async_worker.ts", import.meta.url), { type: "module" });
  const ready = new Promise((resolve) => worker.onmessage = resolve);
  worker.postMessage({ words, context });
  await ready;
  return new WaitAsyncSide(words, worker);
}
