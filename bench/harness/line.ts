/**
 * What a bench line is: a name, a bar, where it runs, and how it is measured.
 *
 * Each line runs in a process of its own (the line's *host*), so that heaps, compiled code and
 * crashes of one line do not reach the next. Ours and the peer live side by side in that host or
 * below it, start once, and then run blocks of operations in turn.
 */

import type { Rounds } from "./rounds.ts";

/** Processors of a line. */
export const Placement = {
  /** Submitter and server share one core: the cost of a context switch and of our code. */
  oneCore: "one core",
  /** Submitter on the first core, server on the second. */
  twoCores: "two cores",
  /** Two cores, placed by the system's scheduler. */
  free: "two cores, not pinned",
} as const;
export type Placement = typeof Placement[keyof typeof Placement];

/** What one block of operations came to. */
export interface Block {
  /** Microseconds of one operation: the mean of the block, or its median where the line says so. */
  readonly microsPerOp: number;
  /** Milliseconds of the whole block. */
  readonly elapsedMs: number;
  /** Sum of all results, modulo 2^32: shows that the work was done and is not optimised away. */
  readonly checksum: number;
}

/** One of the two things that a line compares: started already, running blocks on command. */
export interface Side {
  /** Runs `ops` operations one block long. */
  run(ops: number): Promise<Block>;
  /** Ends its threads and processes. */
  close(): Promise<void>;
}

/** Where and how long a line runs. */
export interface BenchContext {
  readonly rounds: Rounds;
  /** Processor of the submitter. */
  readonly submitterCpu: number;
  /** Processor of the server; the same one under {@linkcode Placement.oneCore}. */
  readonly serverCpu: number;
  readonly placement: Placement;
}

/** What a line found out. */
export interface Measurement {
  /** What ours was compared with; `null` for a line that stands alone. */
  readonly peer: string | null;
  /** What was measured, where that depends on what is there. */
  readonly note?: string;
  /** `[ours, peer]` of each pair, in the line's unit. */
  readonly samples: ReadonlyArray<readonly [number, number | null]>;
  readonly checksum: number;
}

/** One line of the table. */
export interface BenchLine {
  /** Dotted name: `task.sync.inprocess`. */
  readonly name: string;
  /** One sentence for `--list`. */
  readonly what: string;
  readonly unit: "us" | "op/s" | "ms" | "% of a core" | "MB" | "x";
  readonly better: "lower" | "higher";
  /** See bar.ts. */
  readonly bar: string;
  readonly placement: Placement;
  measure(context: BenchContext): Promise<Measurement>;
}

/** Thrown by a line that lacks something on this machine: a compiler, Node, a second core. */
export class CannotRun extends Error {
  override readonly name = "CannotRun";
}
