/**
 * Who waits in a simulated world, and for what.
 *
 * Thread rules: plain values.
 */

/** What an entry of a history was. */
export const What = {
  pass: 1,
  sleeper: 2,
  turn: 3,
  message: 4,
  timer: 5,
  timeout: 6,
  outside: 7,
} as const;
export type What = typeof What[keyof typeof What];

/** Somebody who may go on. */
export interface Ready {
  readonly owner: number;
  readonly what: What;
  readonly go: () => void;
}

/** Somebody who waits for a word to be rung, or for a time-out. */
export interface Sleeper {
  readonly owner: number;
  readonly words: Int32Array;
  readonly index: number;
  readonly dueMs: number;
  /** Blocks its thread: a `notify` does not reach it. */
  readonly inFutex: boolean;
  readonly go: () => void;
}

/** Something real that somebody waits for. */
export interface Outside {
  readonly real: Promise<unknown>;
  readonly owner: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (thrown: unknown) => void;
}

/** A call that is to come at a time; again and again with a period. */
export interface Timer {
  readonly owner: number;
  dueMs: number;
  readonly periodMs: number;
  readonly call: () => void;
}
