/**
 * Operations on shared control words: the only file that names `Atomics`, a futex or a wait.
 *
 * Every other file reaches a word that two threads or processes touch through these functions, so
 * that the interleaving simulator can stand between them: with an {@linkcode Interleaver} set each
 * call is a point where another thread may be let in, by seed. Without one the test is a compare
 * of a module variable with null, which the compiler folds into the atomic beside it.
 *
 * Memory order: all operations are sequentially consistent. Payload is written with plain stores
 * before the store of the word that publishes it, and read with plain loads after the load of
 * that word.
 *
 * Sleeping: a word of a mapped segment has an address, and a sleeper there is woken by futex from
 * any process. A word without an address (no FFI) can be waited for within the process only.
 */

import { ChimaeraError } from "../errors.ts";
import { futexWait, futexWake } from "./libc.ts";
import { machine } from "./simulated_machine.ts";

/** A view on shared words, with the address of word 0 where the memory is mapped (0: it is not). */
export interface SharedWords {
  /** The words. */
  readonly i32: Int32Array;
  /** Where word 0 is mapped; 0: nowhere that another process could see. */
  readonly address: number;
}

/** Why {@linkcode wait} returned. */
export const WaitResult = { woken: 0, changed: 1, timedOut: 2 } as const;
export type WaitResult = typeof WaitResult[keyof typeof WaitResult];

/** What the simulator puts in place of the real thing. */
export interface Interleaver {
  /** Called before each operation on a control word; may let another thread run first. */
  point(words: Int32Array, index: number): void;
  wait(words: SharedWords, index: number, expected: number, timeoutMs: number): WaitResult;
  wake(words: SharedWords, index: number): void;
}

let interleaver: Interleaver | null = null;

/** Sets or clears this isolate's interleaver. Simulation only. */
export function setInterleaver(next: Interleaver | null): void {
  interleaver = next;
}

export function load(words: Int32Array, index: number): number {
  if (interleaver !== null) interleaver.point(words, index);
  return Atomics.load(words, index);
}

export function store(words: Int32Array, index: number, value: number): void {
  if (interleaver !== null) interleaver.point(words, index);
  Atomics.store(words, index, value);
}

/** Adds and returns the old value. */
export function add(words: Int32Array, index: number, value: number): number {
  if (interleaver !== null) interleaver.point(words, index);
  return Atomics.add(words, index, value);
}

export function exchange(words: Int32Array, index: number, value: number): number {
  if (interleaver !== null) interleaver.point(words, index);
  return Atomics.exchange(words, index, value);
}

/** Compare and set; returns the value found. */
export function cas(words: Int32Array, index: number, expected: number, value: number): number {
  if (interleaver !== null) interleaver.point(words, index);
  return Atomics.compareExchange(words, index, expected, value);
}

/**
 * Blocks the calling thread until the word is woken, differs from `expected`, or time is up.
 *
 * @param timeoutMs Longest wait; `Infinity` for none.
 */
export function wait(
  words: SharedWords,
  index: number,
  expected: number,
  timeoutMs: number,
): WaitResult {
  if (interleaver !== null) return interleaver.wait(words, index, expected, timeoutMs);
  if (machine !== null) throw cannotBlockAll();
  if (words.address !== 0) return futexWait(words.i32, index, expected, timeoutMs);
  const result = Atomics.wait(words.i32, index, expected, timeoutMs);
  return result === "ok"
    ? WaitResult.woken
    : result === "not-equal"
    ? WaitResult.changed
    : WaitResult.timedOut;
}

/** In a simulation all threads are one, so that a blocked one would wait for itself. */
export function cannotBlockAll(): ChimaeraError {
  return new ChimaeraError("waitSyncOnNodeThread", {
    what: "block this thread",
    why: "the node is simulated, and all of it runs here",
    hint: "use `await task.wait()`",
  });
}

/** Wakes every thread, of any process, that sleeps in {@linkcode wait} on the word. */
export function wake(words: SharedWords, index: number): void {
  if (interleaver !== null) {
    interleaver.wake(words, index);
    return;
  }
  if (machine !== null) {
    machine.wake(words, index);
    return;
  }
  if (words.address !== 0) futexWake(words.i32, index);
  else Atomics.notify(words.i32, index);
}

/**
 * Waits for the word without blocking the event loop; {@linkcode notify} of the same process ends
 * it. Resolves at once when the word already differs.
 */
export async function waitAsync(
  words: SharedWords,
  index: number,
  expected: number,
  timeoutMs: number,
): Promise<void> {
  if (machine !== null) return await machine.waitAsync(words, index, expected, timeoutMs);
  const result = Atomics.waitAsync(words.i32, index, expected, timeoutMs);
  if (result.async) await result.value;
}

/** Ends every {@linkcode waitAsync} of this process on the word. */
export function notify(words: SharedWords, index: number): void {
  if (machine === null) Atomics.notify(words.i32, index);
  else machine.notify(words, index);
}

/**
 * Writes a word and wakes its sleepers in {@linkcode takeTurn} and {@linkcode waitAsync}. For the
 * simulator's own words: the interleaver does not see it.
 */
export function giveTurn(words: Int32Array, index: number, value: number): void {
  Atomics.store(words, index, value);
  Atomics.notify(words, index);
}

/** Blocks until the word is not 0, sets it to 0 and returns what it was; see {@linkcode giveTurn}. */
export function takeTurn(words: Int32Array, index: number): number {
  while (true) {
    const found = Atomics.exchange(words, index, 0);
    if (found !== 0) return found;
    Atomics.wait(words, index, 0, 50); // A notice that was lost costs this long.
  }
}
