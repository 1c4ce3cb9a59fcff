/**
 * A ring between one producer and one consumer, with batches of random length, a ring that is
 * often full, and counters that start just before they wrap. Every entry must arrive once, in
 * order and whole.
 */

import { RingConsumer, RingProducer, type RingShape } from "../../../runtime/memory/mod.ts";
import {
  randomOf,
  type Scenario,
  type SimulatedThread,
  type Stage,
} from "../../../runtime/platform/interleave.ts";

export type Producer = Pick<RingProducer, "claim" | "commit" | "publish">;
export type Consumer = Pick<RingConsumer, "available" | "next" | "release">;

/** The two ends of the ring under test. */
export interface RingEnds {
  producer(words: Int32Array, shape: RingShape): Producer;
  consumer(words: Int32Array, shape: RingShape): Consumer;
}

export const REAL_RING: RingEnds = {
  producer: (words, shape) => new RingProducer(words, shape),
  consumer: (words, shape) => new RingConsumer(words, shape),
};

const SLOT_WORDS = 4;
const HEAD_WORD = 0;
const TAIL_WORD = 16;
/** Where the counters start: fresh, before the sign changes, before they wrap at 2^32. */
const STARTS = [0, 0x7fffffff - 5, -5] as const;

interface Parameters {
  readonly shape: RingShape;
  readonly entries: number;
  readonly start: number;
}

function parametersOf(seed: number): Parameters {
  const random = randomOf(seed, 0);
  const capacity = 2 << (random.nextU32() % 3);
  return {
    shape: { baseWord: 0, capacity, slotWords: SLOT_WORDS },
    entries: 8 + random.nextU32() % 16,
    start: STARTS[random.nextU32() % STARTS.length]!,
  };
}

function fill(words: Int32Array, slot: number, entry: number): void {
  words[slot] = entry;
  words[slot + 1] = ~entry;
  words[slot + 2] = Math.imul(entry, 0x01000193);
  words[slot + 3] = entry + 7;
}

function isWhole(words: Int32Array, slot: number, entry: number): boolean {
  return words[slot] === entry && words[slot + 1] === ~entry &&
    words[slot + 2] === Math.imul(entry, 0x01000193) && words[slot + 3] === entry + 7;
}

function produce(words: Int32Array, ends: RingEnds, run: Parameters, thread: SimulatedThread) {
  const producer = ends.producer(words, run.shape);
  let entry = 1;
  while (entry <= run.entries) {
    const batch = 1 + thread.random.nextU32() % run.shape.capacity;
    for (let k = 0; k < batch && entry <= run.entries; k++) {
      const slot = producer.claim();
      if (slot < 0) break;
      fill(words, slot, entry++);
      producer.commit();
    }
    if (!producer.publish()) thread.pause();
  }
}

function consume(words: Int32Array, ends: RingEnds, run: Parameters, thread: SimulatedThread) {
  const consumer = ends.consumer(words, run.shape);
  let entry = 1;
  while (entry <= run.entries) {
    const available = consumer.available();
    if (available < 0 || available > run.shape.capacity) thread.fail(`${available} available`);
    if (available === 0) {
      thread.pause();
      continue;
    }
    const taken = 1 + thread.random.nextU32() % available;
    for (let k = 0; k < taken; k++, entry++) {
      const slot = consumer.next();
      if (!isWhole(words, slot, entry)) {
        thread.fail(`entry ${entry} arrived as ${words.subarray(slot, slot + SLOT_WORDS)}`);
      }
      thread.record(words[slot]!);
    }
    consumer.release();
  }
  if (consumer.available() !== 0) thread.fail("entries that nobody sent");
}

/** A scenario of a ring with the given ends. */
export function ringScenario(name: string, ends: RingEnds): Scenario {
  return {
    name,
    threads: 2,
    memoryBytes: 65536,
    timeoutsFail: true,
    reset(stage: Stage) {
      const words = new Int32Array(stage.memory.buffer);
      const { start } = parametersOf(stage.seed);
      words.fill(0, 0, 1024);
      words[HEAD_WORD] = start;
      words[TAIL_WORD] = start;
    },
    run(stage, thread) {
      const words = new Int32Array(stage.memory.buffer);
      const part = thread.index === 0 ? produce : consume;
      part(words, ends, parametersOf(stage.seed), thread);
    },
    check(stage) {
      const words = new Int32Array(stage.memory.buffer);
      if (words[HEAD_WORD] !== words[TAIL_WORD]) throw new Error("head and tail differ");
    },
  };
}
