/** What the assembling thread hands a worker by `postMessage`: segments, and where things lie. */

import type { ModuleSpec } from "../lane/mod.ts";
import type { SegmentHandle } from "../memory/mod.ts";

/** What a thread is told that is to be a worker soon: it loads code, and says when it has. */
export interface WorkerWarmUp {
  readonly kind: "warm";
  readonly modules: readonly ModuleSpec[];
}

/** The first message of a worker, or the one after its warm-up. */
export interface WorkerStart {
  readonly kind: "start";
  readonly id: number;
  readonly workers: number;
  /** Threads that were this worker before. */
  readonly incarnation: number;
  /** Whether the one before this has retired, and left nothing half done. */
  readonly hasRetired: boolean;
  readonly node: SegmentHandle;
  readonly bells: SegmentHandle;
  readonly linksOffset: number;
  readonly countersOffset: number;
  readonly debugHeap: boolean;
  /** Shuffles the turns of lanes in tests; null: nothing does. */
  readonly laneSeed: number | null;
  /** Socket that clients of other processes ring; empty: there are none. */
  readonly doorbellPath: string;
}

/** A segment of a new session. */
export interface SegmentMessage {
  readonly kind: "segment";
  readonly sessionId: number;
  readonly handle: SegmentHandle;
}
