/** The two rings of `task.pipe.*`: to a worker of this process, and to another process. */

import { ControlledProcess } from "../harness/controlled_process.ts";
import { denoScript } from "../harness/cpus.ts";
import type { BenchContext, Block, Side } from "../harness/line.ts";
import { timeBlock } from "../harness/pairs.ts";
import { closeFile, createSealedMemory } from "../../runtime/platform/libc.ts";
import { futexSleeper, mapRing, RING_FILE_BYTES } from "./mapped_ring.ts";
import { atomicsSleeper, RING_BYTES, SpscProducer } from "./spsc_ring.ts";

class RingSide implements Side {
  readonly #producer: SpscProducer;
  readonly #batch: number;
  readonly #end: () => Promise<void>;

  constructor(producer: SpscProducer, batch: number, end: () => Promise<void>) {
    this.#producer = producer;
    this.#batch = batch;
    this.#end = end;
  }

  run(ops: number): Promise<Block> {
    return timeBlock(ops, () => this.#producer.sendAll(ops, this.#batch));
  }

  async close(): Promise<void> {
    this.#producer.stop();
    await this.#end();
  }
}

/** A ring to a worker of this process; both sleep in `Atomics.wait`. */
export async function ringInProcess(context: BenchContext, batch: number): Promise<Side> {
  const words = new Int32Array(new SharedArrayBuffer(RING_BYTES));
  const url = new URL("./spsc_ring_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  const ready = new Promise((resolve) => worker.onmessage = resolve);
  worker.postMessage({ words, context });
  await ready;
  const ended = new Promise((resolve) => worker.onmessage = resolve);
  return new RingSide(new SpscProducer(words, atomicsSleeper(words)), batch, async () => {
    await ended;
    worker.terminate();
  });
}

/** A ring to another Deno process over a memory file; both sleep in the futex call. */
export async function ringToProcess(context: BenchContext, batch: number): Promise<Side> {
  const file = createSealedMemory("chimaera-bench-ring", RING_FILE_BYTES);
  const ring = mapRing(file);
  const script = new URL("./spsc_ring_process.ts", import.meta.url);
  const path = `/proc/${Deno.pid}/fd/${file}`;
  const consumer = new ControlledProcess(denoScript(script, [path, JSON.stringify(context)]));
  await consumer.receive();
  closeFile(file);
  return new RingSide(new SpscProducer(ring.i32, futexSleeper(ring)), batch, async () => {
    await consumer.close();
  });
}
