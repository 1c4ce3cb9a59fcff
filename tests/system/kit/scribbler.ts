/**
 * A hostile client as a process: scribbles over its own segment and over the bells, round after
 * round, while a second thread of it changes what the node reads. A session that the node ends is
 * replaced by a new one. Says `scribbled` at the end, with what it did.
 *
 * Same seed, same rounds; what the second thread hits in them is up to the machine.
 */

import { LIMITS } from "../../../runtime/limits.ts";
import { Segment, type SegmentHandle } from "../../../runtime/memory/mod.ts";
import { type Random, seededRandom } from "../../../runtime/platform/mod.ts";
import { DESCRIPTOR_WORDS, H, type TaskType } from "../../../runtime/task/mod.ts";
import {
  CallTask,
  EchoTask,
  NextTask,
  OkTask,
  TransformTask,
} from "../modules/faulty/faulty_tasks.ts";
import { listen, say } from "./lines.ts";
import { RawClient, SLOTS_OFFSET } from "./raw_client.ts";

/** What a scribbler is told. */
export interface ScribblerConfig {
  readonly seed: number;
  readonly rounds: number;
  /** Pool of `tests_faulty`. */
  readonly pool: number;
}

/** What it did. */
export interface Scribbled {
  readonly rounds: number;
  readonly sessions: number;
  /** Sessions that the node ended. */
  readonly endedByNode: number;
  readonly submitted: number;
}

const TYPES: readonly TaskType[] = [
  OkTask,
  NextTask,
  EchoTask,
  TransformTask,
  CallTask,
];
const SLOTS_USED = 64;
/** The parts of the segment that the node reads: slots and rings, with what lies between. */
const READ_FROM = SLOTS_OFFSET;
const READ_TO = 18 << 20;

/** Makes rounds out of random numbers. */
class Rounds {
  readonly #random: Random;
  readonly #pool: number;
  submitted = 0;

  constructor(seed: number, pool: number) {
    this.#random = seededRandom(seed);
    this.#pool = pool;
  }

  #below(limit: number): number {
    return this.#random.nextU32() % limit;
  }

  /** One of: right tasks, altered tasks, random descriptors, scribbled memory, wrong tails, bells. */
  run(client: RawClient): void {
    switch (this.#below(12)) {
      case 0:
        return this.#scribble(client, this.#below(client.segment.sizeBytes), 65536);
      case 1:
        return this.#scribble(client, READ_FROM + this.#below(READ_TO - READ_FROM), 4096);
      case 2:
        return this.#scribbleBells(client);
      case 3:
        return this.#wrongTail(client);
      case 4:
        return this.#submit(client, () => {
          const words = new Int32Array(DESCRIPTOR_WORDS);
          for (let k = 0; k < words.length; k++) words[k] = this.#random.nextU32() | 0;
          return words;
        });
      case 5:
      case 6:
      case 7:
        return this.#submit(client, (slot) => this.#altered(client, slot));
      default:
        for (let k = this.#below(40); k >= 0; k--) {
          this.#submit(client, (slot) => this.#right(client, slot));
        }
    }
  }

  /** A task that a working client could send. */
  #right(client: RawClient, slot: number): Int32Array {
    const type = TYPES[this.#below(TYPES.length)]!;
    const words = client.descriptor(type, this.#pool, slot);
    const { segment } = client;
    const at = words[H.fields]! >>> 2;
    segment.u32.fill(0, at, at + type.layout.fieldsBytes / 4);
    for (const bulk of type.layout.bulks) {
      segment.u32[at + bulk.word] = segment.id;
      segment.u32[at + bulk.word + 1] = SLOTS_OFFSET + this.#below(4096);
      const size = this.#below(10_000);
      segment.u32[at + bulk.sizeWord] = size;
      if (bulk.capacityWord >= 0) segment.u32[at + bulk.capacityWord] = size + this.#below(100);
    }
    return words;
  }

  /** A right task with a few words of it changed. */
  #altered(client: RawClient, slot: number): Int32Array {
    const words = this.#right(client, slot);
    const at = words[H.fields]! >>> 2;
    for (let k = this.#below(3); k >= 0; k--) {
      const value = this.#value();
      if (this.#below(2) === 0) words[this.#below(DESCRIPTOR_WORDS)] = value;
      else client.segment.i32[at + this.#below(64)] = value;
    }
    return words;
  }

  /** A number that is likely to be an edge of something. */
  #value(): number {
    const edges = [0, 1, -1, 16, 64, 4095, 4096, 65536, 0x7fffffff, -0x80000000, 1 << 20, 32 << 20];
    return this.#below(2) === 0 ? edges[this.#below(edges.length)]! : this.#random.nextU32() | 0;
  }

  #submit(client: RawClient, make: (slot: number) => Int32Array): void {
    this.submitted++;
    // Slots of 4 KiB: the largest task of the test has room, and tasks overlap with nothing.
    client.submit(make(this.#below(SLOTS_USED)), this.#below(client.rings.length));
  }

  #scribble(client: RawClient, offset: number, sizeBytes: number): void {
    const words = client.segment.u32;
    const from = offset >>> 2;
    const to = Math.min(words.length, from + (this.#below(sizeBytes) >>> 2));
    for (let k = from; k < to; k++) words[k] = this.#random.nextU32();
  }

  #scribbleBells(client: RawClient): void {
    const words = client.bells.u32;
    for (let k = 0; k < 200; k++) words[this.#below(2048)] = this.#random.nextU32() % 4;
  }

  #wrongTail(client: RawClient): void {
    client.setTail(this.#below(client.rings.length), this.#value());
  }
}

/** The second thread: changes words of the slots and rings as fast as it can. */
function disturb(handle: SegmentHandle, seed: number, stop: Int32Array): void {
  const { u32 } = Segment.attach(handle);
  const random = seededRandom(seed);
  const slots = READ_FROM >>> 2;
  const slotWords = (SLOTS_USED * LIMITS.slotBytes) >>> 2;
  while (Atomics.load(stop, 0) === 0) {
    for (let k = 0; k < 1000; k++) {
      const inSlots = random.nextU32() % 4 !== 0;
      const at = inSlots
        ? slots + random.nextU32() % slotWords
        : (READ_TO - (1 << 20) >>> 2) - random.nextU32() % (1 << 18);
      u32[at] = random.nextU32() % 8 === 0 ? random.nextU32() : random.nextU32() % 10_000;
    }
  }
}

async function main(config: ScribblerConfig): Promise<void> {
  const rounds = new Rounds(config.seed, config.pool);
  let sessions = 0;
  let endedByNode = 0;
  let client: RawClient | null = null;
  let stop = new Int32Array(new SharedArrayBuffer(4));
  let isOver = false;
  const end = () => {
    Atomics.store(stop, 0, 1);
    client?.close();
    client = null;
  };
  for (let round = 0; round < config.rounds; round++) {
    if (client === null) {
      const opened = await RawClient.connect();
      client = opened;
      sessions++;
      isOver = false;
      void opened.ended.then((reason) => {
        if (client !== opened) return;
        isOver = true;
        if (reason !== null) endedByNode++;
      });
      stop = new Int32Array(new SharedArrayBuffer(4));
      disturber.postMessage({ handle: opened.segment.handle(), seed: config.seed + round, stop });
    }
    rounds.run(client);
    if (round % 3 === 2) await new Promise((resolve) => setTimeout(resolve, 0));
    if (isOver) end();
  }
  end();
  disturber.terminate();
  const { submitted } = rounds;
  say({ kind: "scribbled", rounds: config.rounds, sessions, endedByNode, submitted });
}

const isThread = typeof WorkerGlobalScope !== "undefined";
const disturber = isThread ? null! : new Worker(import.meta.url, { type: "module" });
if (isThread) {
  self.onmessage = ({ data }) => disturb(data.handle, data.seed, data.stop);
} else {
  void listen(() => {});
  await main(JSON.parse(Deno.args[0]!));
  Deno.exit(0);
}
