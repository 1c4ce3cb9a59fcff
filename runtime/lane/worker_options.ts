/**
 * What a worker is made of.
 *
 * Thread rules: one worker's isolate.
 */

import type { Allocator, Segment, SegmentTable } from "../memory/mod.ts";
import type { Clock, SharedWords } from "../platform/mod.ts";
import type { ModuleSpec } from "./containers.ts";
import type { ControlMessage } from "./control.ts";
import type { Counters } from "./counters.ts";
import type { LoadedModule } from "./instances.ts";
import type { Links } from "./links.ts";
import type { WorkerPace } from "./worker_pace.ts";

export interface WorkerOptions {
  readonly id: number;
  readonly workers: number;
  /** Threads that were this worker before. */
  readonly incarnation: number;
  readonly node: Segment;
  readonly bells: SharedWords;
  readonly heap: Allocator;
  readonly segments: SegmentTable;
  readonly links: Links;
  readonly counters: Counters;
  readonly clock: Clock;
  /** Null: the worker has a thread of its own. */
  readonly pace: WorkerPace | null;
  /** Shuffles the turns of lanes; null: they keep the order in which they became ready. */
  readonly laneSeed: number | null;
  readonly load: (spec: ModuleSpec) => Promise<LoadedModule>;
  /** Everything the node may tell a worker that this class does not know. */
  readonly onControl: (message: ControlMessage, from: number) => unknown;
}
