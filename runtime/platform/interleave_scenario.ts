/**
 * What a scenario of the interleaving simulator is. A scenario is plain data and functions, found
 * by name in a module that every simulated thread imports for itself.
 *
 * Everything that a scenario decides comes from its seed: `stage.seed` for what all threads must
 * agree on, `thread.random` for what one thread does.
 */

import { type Random, seededRandom } from "./random.ts";

/** What all threads of a run see. */
export interface Stage {
  /** The memory under test. All control words lie here. */
  readonly memory: WebAssembly.Memory;
  /** The scenario's own notes for its checks: plain words, since only one thread runs at a time. */
  readonly notes: Int32Array;
  readonly seed: number;
}

/** One thread's means in a run. */
export interface SimulatedThread {
  readonly index: number;
  readonly random: Random;
  /** To be called where the thread can only try again: lets another thread run. */
  pause(): void;
  /** Adds a number to the run's history. */
  record(value: number): void;
  /** Ends the run as failed. */
  fail(why: string): never;
}

export interface Scenario {
  readonly name: string;
  readonly threads: number;
  /** Bytes of the memory under test, rounded up to 64 KiB. */
  readonly memoryBytes: number;
  /** Words of notes; 1024 when absent. */
  readonly notesWords?: number;
  /** Whether a run that only a finite time-out can continue has failed. */
  readonly timeoutsFail: boolean;
  /** Steps after which a run that has not ended has failed; 20,000 when absent. */
  readonly stepsMax?: number;
  /** Threads that some seeds kill before one of their operations. */
  readonly mortalThreads?: readonly number[];
  /** Lays out memory and notes; on the coordinator, before each run. */
  reset(stage: Stage): void;
  /** One thread's part; it returns when its work is done. */
  run(stage: Stage, thread: SimulatedThread): void;
  /** Looks at what a run left, and throws when it is wrong; on the coordinator. */
  check(stage: Stage): void;
}

/** A module that the threads of a simulation import. */
export interface ScenarioModule {
  findScenario(name: string): Scenario;
}

/** What a thread answers when it can play; anything else says why it cannot. */
export const READY = "ready";

/** What a simulated thread is told at its start. */
export interface ThreadStart {
  readonly moduleUrl: string;
  readonly scenarioName: string;
  readonly index: number;
  readonly memory: WebAssembly.Memory;
  readonly notes: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  /** The processor to run on; −1 for any. */
  readonly cpu: number;
}

/** The numbers of one purpose in one run: purpose 0 belongs to all threads, k + 1 to thread k. */
export function randomOf(seed: number, purpose: number): Random {
  return seededRandom(Math.imul(seed + 1, 0x85ebca6b) ^ Math.imul(purpose + 1, 0xc2b2ae35));
}
