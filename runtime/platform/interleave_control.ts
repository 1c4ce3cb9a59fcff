/**
 * The interleaving simulator's own memory: who holds the token, who sleeps on what, and what has
 * happened. It is apart from the memory under test, which the simulator only reads.
 *
 *   word 0 …       the run: seed, counters, history, bounds (see {@linkcode RUN})
 *   word 64 …      one line of 16 words per thread: turn, state, sleep (see {@linkcode LINE})
 *   word 320 …     the failure's text, UTF-8
 *
 * Thread rules: all words but `turn` and `ended` belong to the holder of the token and are plain;
 * handing the token over (a sequentially consistent store of the receiver's turn) publishes them.
 */

import { seededRandom } from "./random.ts";

/** Words of the run. */
export const RUN = {
  seed: 0,
  /** Random numbers drawn so far. */
  draws: 1,
  steps: 2,
  /** Steps at which more than one thread could have gone on. */
  points: 3,
  preemptions: 4,
  switches: 5,
  faults: 6,
  timeouts: 7,
  historyLow: 8,
  historyHigh: 9,
  preemptionsMax: 10,
  /** Of 65,536. */
  preemptionChance: 11,
  spuriousWakeChance: 12,
  killChance: 13,
  stepsMax: 14,
  timeoutsFail: 15,
  /** Simulated milliseconds; only time-outs advance them. */
  clockMs: 16,
  /** 1: somebody failed, and every thread ends at its next step. */
  failed: 17,
  failureBytes: 18,
  /** Runs that have ended; the coordinator sleeps on it. */
  ended: 32,
} as const;

/** Words of a thread's line. */
export const LINE = { turn: 0, state: 1, sleepWord: 2, deadlineMs: 3, wakeResult: 4 } as const;

export const Turn = { none: 0, go: 1, close: 2 } as const;

export const ThreadState = { runnable: 0, asleep: 1, done: 2 } as const;

/** A deadline that never comes. */
export const NEVER_MS = 0x7fffffff;

export const THREADS_MAX = 16;

const LINES_WORD = 64;
const LINE_WORDS = 16;
const TEXT_WORD = LINES_WORD + THREADS_MAX * LINE_WORDS;
const TEXT_BYTES_MAX = 4096;

/** Bounds of one run. */
export interface RunBounds {
  readonly preemptionsMax: number;
  readonly preemptionChance: number;
  readonly spuriousWakeChance: number;
  readonly killChance: number;
  readonly stepsMax: number;
  readonly timeoutsFail: boolean;
}

export class Control {
  readonly words: Int32Array;
  readonly threads: number;

  constructor(buffer: SharedArrayBuffer, threads: number) {
    this.words = new Int32Array(buffer);
    this.threads = threads;
  }

  static newBuffer(): SharedArrayBuffer {
    return new SharedArrayBuffer(TEXT_WORD * 4 + TEXT_BYTES_MAX);
  }

  /** The word of a field of a thread's line. */
  lineWord(thread: number, field: number): number {
    return LINES_WORD + thread * LINE_WORDS + field;
  }

  /** Makes everything as it is at the start of a run; no thread holds the token yet. */
  begin(seed: number, bounds: RunBounds): void {
    const words = this.words;
    words.fill(0, 0, RUN.ended);
    words[RUN.seed] = seed;
    words[RUN.preemptionsMax] = bounds.preemptionsMax;
    words[RUN.preemptionChance] = bounds.preemptionChance;
    words[RUN.spuriousWakeChance] = bounds.spuriousWakeChance;
    words[RUN.killChance] = bounds.killChance;
    words[RUN.stepsMax] = bounds.stepsMax;
    words[RUN.timeoutsFail] = bounds.timeoutsFail ? 1 : 0;
    words[RUN.historyLow] = 0x811c9dc5 | 0;
    words[RUN.historyHigh] = 0x9747b28c | 0;
    for (let thread = 0; thread < this.threads; thread++) {
      words.fill(0, this.lineWord(thread, LINE.state), this.lineWord(thread, LINE_WORDS));
    }
  }

  /** The run's next random number, 0 … 2^32 − 1. It depends on seed and history only. */
  draw(): number {
    const words = this.words;
    const count = ++words[RUN.draws]!;
    return seededRandom(words[RUN.seed]! ^ Math.imul(count, 0x9e3779b1)).nextU32();
  }

  /** True with a chance given in parts of 65,536. */
  chance(parts: number): boolean {
    return parts > 0 && (this.draw() & 0xffff) < parts;
  }

  /** Adds a number to the history. */
  record(value: number): void {
    const words = this.words;
    words[RUN.historyLow] = Math.imul(words[RUN.historyLow]! ^ value, 0x01000193);
    const turned = words[RUN.historyHigh]! ^ Math.imul(value, 0xcc9e2d51 | 0);
    words[RUN.historyHigh] = Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64;
  }

  /** Sixteen digits that differ when two histories do. */
  historyHash(): string {
    const hex = (word: number) => (this.words[word]! >>> 0).toString(16).padStart(8, "0");
    return hex(RUN.historyHigh) + hex(RUN.historyLow);
  }

  /** Says why the run failed, and ends it. The first reason stays. */
  fail(why: string): void {
    const words = this.words;
    if (words[RUN.failed] === 1) return;
    words[RUN.failed] = 1;
    const text = new TextEncoder().encode(why).subarray(0, TEXT_BYTES_MAX);
    new Uint8Array(words.buffer, TEXT_WORD * 4, text.length).set(text);
    words[RUN.failureBytes] = text.length;
    for (let thread = 0; thread < this.threads; thread++) {
      const state = this.lineWord(thread, LINE.state);
      if (words[state] === ThreadState.asleep) words[state] = ThreadState.runnable;
    }
  }

  /** Why the run failed; empty when it did not. */
  failure(): string {
    const bytes = new Uint8Array(this.words.buffer, TEXT_WORD * 4, this.words[RUN.failureBytes]!);
    return new TextDecoder().decode(bytes.slice());
  }
}
