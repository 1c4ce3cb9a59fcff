/**
 * The sleep protocol of bells: a worker that serves two clients over rings, and clients that wait
 * for their answers, all of them asleep whenever they have nothing to do.
 *
 *   client 1 ──requests──▶ ┌────────┐ ◀──requests── client 2
 *            ◀──answers─── │ worker │ ───answers──▶
 *                          └────────┘      a bell each
 *
 * Sleeps have no time-out: one lost wake, and the run cannot end.
 */

import {
  Bell,
  BellState,
  ringBell,
  RingConsumer,
  RingProducer,
  type RingShape,
} from "../../../runtime/memory/mod.ts";
import {
  randomOf,
  type Scenario,
  type SimulatedThread,
  type Stage,
} from "../../../runtime/platform/interleave.ts";
import type { SharedWords } from "../../../runtime/platform/mod.ts";

/** How a thread goes to sleep, and how another one wakes it. */
export interface SleepProtocol {
  /** Sleeps on the caller's line, unless `ready` says that there is work. */
  sleepUnless(words: SharedWords, line: number, ready: () => boolean, timeoutMs: number): void;
  /** Shows what was committed, and wakes the sleeper of the line. */
  show(producer: RingProducer, words: SharedWords, line: number): void;
}

export const REAL_PROTOCOL: SleepProtocol = {
  sleepUnless(words, line, ready, timeoutMs) {
    const bell = new Bell(words, line);
    bell.prepare(BellState.futex);
    if (!ready()) bell.sleep(timeoutMs);
    bell.finish();
  },
  show(producer, words, line) {
    if (producer.publish()) ringBell(words, line);
  },
};

const CLIENTS = [1, 2] as const;
const WORKER_LINE = 0;
const CAPACITY = 4;
const SLOT_WORDS = 2;
const RINGS_WORD = 256;
const RING_WORDS = 64;
/** Notes: a client has all its answers; the worker has closed. */
const DONE_NOTE = 16;
const CLOSED_NOTE = 0;

function shapeOf(client: number, direction: 0 | 1): RingShape {
  const baseWord = RINGS_WORD + (client * 2 + direction) * RING_WORDS;
  return { baseWord, capacity: CAPACITY, slotWords: SLOT_WORDS };
}

const answerTo = (request: number) => Math.imul(request, 31) + 1;

function requestsOf(seed: number, client: number): number {
  return 2 + randomOf(seed, 100 + client).nextU32() % 5;
}

function submit(
  stage: Stage,
  thread: SimulatedThread,
  protocol: SleepProtocol,
  giveUpAfterMs: number,
): void {
  const words = wordsOf(stage);
  const requests = new RingProducer(words.i32, shapeOf(thread.index, 0));
  const answers = new RingConsumer(words.i32, shapeOf(thread.index, 1));
  const total = requestsOf(stage.seed, thread.index);
  const outstandingMax = 1 + thread.random.nextU32() % CAPACITY;
  let sent = 0;
  let received = 0;
  while (received < total) {
    if (giveUpAfterMs !== Infinity && stage.notes[CLOSED_NOTE] === 1) return;
    while (sent < total && sent - received < outstandingMax) {
      const slot = requests.claim();
      if (slot < 0) thread.fail("a request ring that is full"); // An answer frees its request.
      words.i32[slot] = sent++;
      requests.commit();
      if (thread.random.nextU32() % 2 === 0) break;
    }
    protocol.show(requests, words, WORKER_LINE);
    protocol.sleepUnless(words, thread.index, () => answers.available() > 0, giveUpAfterMs);
    for (let k = answers.available(); k > 0; k--) {
      const answer = words.i32[answers.next()];
      if (answer !== answerTo(received)) thread.fail(`answer ${received} is ${answer}`);
      received++;
    }
    answers.release();
  }
  stage.notes[DONE_NOTE + thread.index] = 1;
}

/** Serves until every client of `served` is done. */
function serve(
  stage: Stage,
  thread: SimulatedThread,
  protocol: SleepProtocol,
  served: readonly number[],
  timeoutMs: number,
): void {
  const words = wordsOf(stage);
  const requests = CLIENTS.map((client) => new RingConsumer(words.i32, shapeOf(client, 0)));
  const answers = CLIENTS.map((client) => new RingProducer(words.i32, shapeOf(client, 1)));
  const left = new Map(served.map((client) => [client, requestsOf(stage.seed, client)]));
  while ([...left.values()].some((count) => count > 0)) {
    for (const [k, client] of CLIENTS.entries()) {
      const ring = requests[k]!;
      const available = ring.available();
      for (let n = 0; n < available; n++) {
        const slot = answers[k]!.claim();
        if (slot < 0) thread.fail("an answer ring that is full");
        words.i32[slot] = answerTo(words.i32[ring.next()]!);
        answers[k]!.commit();
      }
      ring.release();
      if (available > 0) {
        thread.record(client * 16 + available);
        protocol.show(answers[k]!, words, client);
        if (left.has(client)) left.set(client, left.get(client)! - available);
      }
    }
    const ready = () => requests.some((ring) => ring.available() > 0);
    if ([...left.values()].some((count) => count > 0)) {
      protocol.sleepUnless(words, WORKER_LINE, ready, timeoutMs);
    }
  }
  stage.notes[CLOSED_NOTE] = 1;
}

function wordsOf(stage: Stage): SharedWords {
  return { i32: new Int32Array(stage.memory.buffer), address: 0 };
}

function checkDone(stage: Stage, clients: readonly number[]): void {
  for (const client of clients) {
    if (stage.notes[DONE_NOTE + client] !== 1) throw new Error(`client ${client} is not done`);
  }
}

function reset(stage: Stage): void {
  new Int32Array(stage.memory.buffer).fill(0, 0, RINGS_WORD + 8 * RING_WORDS);
}

/** Sleeping and waking without any time-out. */
export function bellScenario(name: string, protocol: SleepProtocol): Scenario {
  return {
    name,
    threads: 3,
    memoryBytes: 65536,
    timeoutsFail: true,
    reset,
    run(stage, thread) {
      if (thread.index !== 0) submit(stage, thread, protocol, Infinity);
      else serve(stage, thread, protocol, CLIENTS, Infinity);
    },
    check: (stage) => checkDone(stage, CLIENTS),
  };
}

/**
 * One client may be killed anywhere, even between turning the worker's state and waking it. The
 * worker looks around every 100 ms, so the other client is served: late perhaps, but served. When
 * it is, the worker closes, and client 2, if it lives, finds that at its next look.
 */
export function killedRingerScenario(name: string): Scenario {
  return {
    name,
    threads: 3,
    memoryBytes: 65536,
    timeoutsFail: false,
    mortalThreads: [2],
    reset,
    run(stage, thread) {
      if (thread.index === 0) serve(stage, thread, REAL_PROTOCOL, [1], 100);
      else submit(stage, thread, REAL_PROTOCOL, thread.index === 1 ? Infinity : 100);
    },
    check: (stage) => checkDone(stage, [1]),
  };
}
