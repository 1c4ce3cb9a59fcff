/**
 * The machine as a simulation plays it: time, timers, threads, and sleepers that nobody blocks for.
 *
 * An isolate has none, and the seam asks the real machine; the test for one is a compare of a
 * module variable with null. With one installed, everything of this isolate that would wait for
 * the machine waits for the simulation instead, which decides by seed what happens next. See
 * `runtime/testing/`.
 *
 * Thread rules: one per isolate.
 */

import type { SharedWords } from "./shared.ts";
import type { Thread } from "./threads.ts";

/** What a simulation puts in place of the machine; each is told where the real one is. */
export interface SimulatedMachine {
  /** See `clock.ts`. */
  nowMs(): number;
  wallMs(): number;
  /** See `timers.ts`. */
  eventLoopTurn(): Promise<void>;
  every(ms: number, call: () => void): () => void;
  after(ms: number, call: () => void): () => void;
  /** See `shared.ts`. `wait` has no simulation: nothing may block the thread that all share. */
  wake(words: SharedWords, index: number): void;
  notify(words: SharedWords, index: number): void;
  waitAsync(words: SharedWords, index: number, expected: number, timeoutMs: number): Promise<void>;
  /** See `threads.ts`. */
  startThread(
    url: string,
    name: string,
    onMessage: (value: unknown) => void,
    onDeath: (why: string) => void,
  ): Thread;
  readonly cpus: readonly number[];
}

/** The machine in force; null: the real one. */
export let machine: SimulatedMachine | null = null;

/** Whether a simulation stands in the machine's place. */
export function isSimulated(): boolean {
  return machine !== null;
}

/** Installs or takes away this isolate's machine. Simulation only. */
export function setSimulatedMachine(next: SimulatedMachine | null): void {
  machine = next;
}
