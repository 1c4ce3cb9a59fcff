/**
 * Bells: how a sleeper is woken, by a thread of its own process or of another one.
 *
 *   word 0   state   0 awake · 1 asleep in a futex · 2 asleep in its event loop
 *   word 1   epoch   changes with each ring; the word that the sleeper waits on
 *
 * A sleeper reads the epoch, says that it sleeps, looks at its rings once more, and waits for the
 * epoch to change. A producer publishes first and looks at the state after: of two that ring at
 * once, the one that turns the state back to 0 does the waking. As all of it is sequentially
 * consistent, either the sleeper's last look finds the entry or the producer finds it asleep.
 *
 * Bell lines are the only memory that sessions share. Whoever damages one causes a wake too many
 * or too late (the node nudges its workers every 100 ms, a client looks around as often), and never
 * a loss.
 *
 * Thread rules: one sleeper per line; any number of ringers.
 */

import {
  add,
  cas,
  load,
  notify,
  type SharedWords,
  store,
  wait,
  waitAsync,
  WaitResult,
  wake,
} from "../platform/mod.ts";

const STATE = 0;
const EPOCH = 1;
const LINE_WORDS = 16;

export const BellState = { awake: 0, futex: 1, eventLoop: 2 } as const;
export type BellState = typeof BellState[keyof typeof BellState];

/** The sleeper's end of a line. */
export class Bell {
  readonly #words: SharedWords;
  readonly #base: number;
  #epoch = 0;

  constructor(words: SharedWords, line: number) {
    this.#words = words;
    this.#base = line * LINE_WORDS;
  }

  /** Says how the caller is about to sleep. It must look at its rings once more after this. */
  prepare(state: BellState): void {
    this.#epoch = load(this.#words.i32, this.#base + EPOCH);
    store(this.#words.i32, this.#base + STATE, state);
  }

  /**
   * Blocks the thread until the bell rings or time is up. Call {@linkcode prepare} first.
   *
   * @returns Whether time was up.
   */
  sleep(timeoutMs: number): boolean {
    return wait(this.#words, this.#base + EPOCH, this.#epoch, timeoutMs) === WaitResult.timedOut;
  }

  /** Address of the word that {@linkcode sleep} waits for; 0 when only this process can ring. */
  get epochAddress(): number {
    return this.#words.address === 0 ? 0 : this.#words.address + (this.#base + EPOCH) * 4;
  }

  /** What the word held at {@linkcode prepare}: a wait for it ends when it holds something else. */
  get epoch(): number {
    return this.#epoch;
  }

  /** As {@linkcode sleep}, without blocking the event loop; rung by this process only. */
  async sleepAsync(timeoutMs: number): Promise<void> {
    await waitAsync(this.#words, this.#base + EPOCH, this.#epoch, timeoutMs);
  }

  /** Ends {@linkcode sleepAsync} early, from the same thread. */
  cancel(): void {
    notify(this.#words, this.#base + EPOCH);
  }

  /** Says that the caller is awake. */
  finish(): void {
    store(this.#words.i32, this.#base + STATE, BellState.awake);
  }
}

/** Wakes whoever sleeps on a line, whatever its state word says. For lost rings. */
export function nudgeBell(words: SharedWords, line: number): void {
  const epoch = line * LINE_WORDS + EPOCH;
  add(words.i32, epoch, 1);
  wake(words, epoch);
  notify(words, epoch);
}

/**
 * Wakes the sleeper of a line, if it sleeps. Call it after publishing.
 *
 * @returns The state found: `eventLoop` means that a sleeper in another process still needs its
 * doorbell rung.
 */
export function ringBell(words: SharedWords, line: number): BellState {
  const base = line * LINE_WORDS;
  const state = load(words.i32, base + STATE);
  if (state === BellState.awake) return BellState.awake;
  // Of several that see a sleeper, the one that turns the state wakes it.
  if (cas(words.i32, base + STATE, state, BellState.awake) !== state) return BellState.awake;
  add(words.i32, base + EPOCH, 1);
  if (state === BellState.futex) wake(words, base + EPOCH);
  else notify(words, base + EPOCH);
  return state as BellState;
}
