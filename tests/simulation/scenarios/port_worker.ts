/**
 * A worker in the port scenario, as the port sees one: it takes tasks, answers them in any order,
 * and sleeps. Now and then it gives up another worker's task and fails it in its place; the other
 * one answers all the same, and whichever answer comes second must reach nobody.
 */

import { ChimaeraError } from "../../../runtime/errors.ts";
import {
  bellLineOf,
  ClientPort,
  ClientSession,
  custodyBytes,
  ringPlaces,
} from "../../../runtime/lane/mod.ts";
import { LIMITS } from "../../../runtime/limits.ts";
import {
  type Bell,
  BellState,
  ringBell,
  RingConsumer,
  RingProducer,
} from "../../../runtime/memory/mod.ts";
import type { SimulatedThread, Stage } from "../../../runtime/platform/interleave.ts";
import type { SharedWords } from "../../../runtime/platform/mod.ts";
import { ABORT_POOL, COMPLETION_WORDS, DESCRIPTOR_WORDS, H } from "../../../runtime/task/mod.ts";
import { segmentOf } from "./heap.ts";
import {
  bellsOf,
  BLOCK_NOTE,
  CLOSED_NOTE,
  GENERATION_NOTE,
  Holder,
  HOLDER_NOTE,
  LAST_NOTE,
  PLACES,
  resultOf,
  SLOT_NOTE,
  TASKS,
  wordOf,
  WORKERS,
} from "./port_stage.ts";

const NUMBER = wordOf("number");
const RESULT = wordOf("result");
const STALLED = new ChimaeraError("handlerThrew", { what: "run a task", why: "it was given up" });

/** A task that the worker has taken. */
interface Held {
  readonly number: number;
  readonly slot: number;
  readonly generation: number;
  /** Word index of its fields. */
  readonly fields: number;
}

export type MakeBell = (words: SharedWords, line: number) => Bell;

function openPort(stage: Stage, worker: number): ClientPort {
  const segment = segmentOf(stage);
  const { submissions, completions } = ringPlaces(PLACES.ringsOffset, worker);
  const shape = (offsetBytes: number, slotWords: number) => ({
    baseWord: offsetBytes / 4,
    capacity: LIMITS.slotsPerPort,
    slotWords,
  });
  return new ClientPort(
    new ClientSession(segment.id, segment),
    PLACES,
    new RingConsumer(segment.i32, shape(submissions, DESCRIPTOR_WORDS)),
    new RingProducer(segment.i32, shape(completions, COMPLETION_WORDS)),
    -1,
    worker,
    new Int32Array(custodyBytes(WORKERS) / 4), // The node's notes, which nobody reads here.
    0,
  );
}

export class PortWorker {
  readonly #stage: Stage;
  readonly #thread: SimulatedThread;
  readonly #worker: number;
  readonly #bells: SharedWords;
  readonly #bell: Bell;
  readonly #port: ClientPort;
  readonly #words: Int32Array;
  readonly #held: Held[] = [];

  constructor(stage: Stage, thread: SimulatedThread, makeBell: MakeBell) {
    this.#stage = stage;
    this.#thread = thread;
    this.#worker = thread.index - 1;
    this.#bells = bellsOf(stage);
    this.#bell = makeBell(this.#bells, bellLineOf(this.#worker));
    this.#port = openPort(stage, this.#worker);
    this.#words = this.#port.submissions.words;
  }

  run(): void {
    while (true) {
      this.#take();
      while (this.#held.length > 0 && this.#draw(2) === 0) this.#answer();
      if (this.#draw(3) === 0) this.#giveUpAnother();
      if (this.#port.completions.publish()) ringBell(this.#bells, PLACES.bellLine);
      if (this.#held.length > 0) this.#thread.pause();
      else if (this.#closed) return;
      else this.#sleep();
    }
  }

  get #closed(): boolean {
    return this.#stage.notes[CLOSED_NOTE] === 1;
  }

  #draw(choices: number): number {
    return this.#thread.random.nextU32() % choices;
  }

  #sleep(): void {
    this.#bell.prepare(BellState.futex);
    if (this.#port.submissions.available() === 0 && !this.#closed) this.#bell.sleep(Infinity);
    this.#bell.finish();
  }

  #take(): void {
    const { notes } = this.#stage;
    const ring = this.#port.submissions;
    for (let count = ring.available(); count > 0; count--) {
      const at = ring.next();
      const pool = this.#words[at + H.pool]!;
      if (pool === ABORT_POOL) continue; // Nothing here looks at its signal.
      const fields = this.#words[at + H.fields]! >>> 2;
      const number = this.#words[fields + NUMBER]!;
      const slot = this.#words[at + H.slot]!;
      const generation = this.#words[at + H.generation]!;
      if (number <= notes[LAST_NOTE + pool]!) {
        this.#thread.fail(`pool ${pool}: task ${number} after ${notes[LAST_NOTE + pool]}`);
      }
      notes[LAST_NOTE + pool] = number;
      notes[HOLDER_NOTE + number] = this.#worker + 1;
      notes[SLOT_NOTE + number] = slot;
      notes[GENERATION_NOTE + number] = generation;
      this.#held.push({ number, slot, generation, fields });
    }
    ring.release();
  }

  /** Answers any of its tasks. One that was given up has failed: its result is not written. */
  #answer(): void {
    const { notes } = this.#stage;
    const [task] = this.#held.splice(this.#draw(this.#held.length), 1);
    const { number, slot, generation, fields } = task!;
    this.#thread.record(number);
    const givenUp = notes[HOLDER_NOTE + number] === Holder.givenUp;
    if (!givenUp) {
      notes[HOLDER_NOTE + number] = Holder.answered;
      const found = this.#words[fields + NUMBER];
      if (found !== number) {
        this.#thread.fail(`the slot of task ${number}, which still runs, holds task ${found}`);
      }
      if (notes[BLOCK_NOTE + number] !== 0) {
        this.#thread.fail(`the block of task ${number}, which still runs, was given back`);
      }
      this.#words[fields + RESULT] = resultOf(number);
    }
    this.#port.complete(slot, generation, givenUp ? STALLED : null);
  }

  #giveUpAnother(): void {
    const { notes } = this.#stage;
    const other = (this.#worker + 1) % WORKERS + 1;
    for (let number = this.#draw(TASKS); number < TASKS; number++) {
      if (notes[HOLDER_NOTE + number] !== other) continue;
      this.#port.complete(notes[SLOT_NOTE + number]!, notes[GENERATION_NOTE + number]!, STALLED);
      this.#port.completions.publish();
      // Until then its worker may still answer; from now on the caller may use the slot again.
      notes[HOLDER_NOTE + number] = Holder.givenUp;
      ringBell(this.#bells, PLACES.bellLine);
      return;
    }
  }
}
