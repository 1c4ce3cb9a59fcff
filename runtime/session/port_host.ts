/** What a port needs of its session, and where its rings are. */

import { ringPlaces } from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import {
  type Allocator,
  RingConsumer,
  RingProducer,
  type RingShape,
  type Segment,
  type SegmentTable,
} from "../memory/mod.ts";
import type { SharedWords } from "../platform/mod.ts";
import { COMPLETION_WORDS, DESCRIPTOR_WORDS, type Task } from "../task/mod.ts";

/** What a port needs of its session. */
export interface PortHost {
  readonly segment: Segment;
  readonly heap: Allocator;
  readonly segments: SegmentTable;
  readonly bells: SharedWords;
  readonly workers: number;
  /** Whether a thread that blocks still gets its results. */
  readonly blocking: boolean;
  /** What kept it from that, where something failed. */
  readonly whyNotBlocking?: unknown;
  /** Where tasks stand that were allocated and not given back; null: nowhere. */
  readonly held: Set<Task> | null;
  /** How long a blocked thread may sleep before it must look around. */
  longestSleepMs(): number;
  /** Whether this thread assembled the node, which the admin's tasks need. */
  readonly onNodeThread: boolean;
  /** Rings the doorbell of a worker that sleeps in its event loop, if it is another process's. */
  ringWorker(worker: number): void;
  /** Throws CHI-5005 when the node has died. Looked at by blocked waiters now and then. */
  checkAlive(): void;
  /** Home worker of a pool, for the first task to it. */
  homeOf(poolId: number): number;
  /** The end of a completion ring; an ordinary one where this is absent. */
  readonly completions?: ((shape: RingShape) => RingConsumer) | undefined;
}

/** A port's ends of its rings with one worker. */
export interface PortRings {
  readonly submissions: RingProducer;
  readonly completions: RingConsumer;
}

export function portRings(host: PortHost, ringsOffset: number, worker: number): PortRings {
  const words = host.segment.i32;
  const places = ringPlaces(ringsOffset, worker);
  const shape = (offsetBytes: number, slotWords: number) => ({
    baseWord: offsetBytes / 4,
    capacity: LIMITS.slotsPerPort,
    slotWords,
  });
  const completions = shape(places.completions, COMPLETION_WORDS);
  return {
    submissions: new RingProducer(words, shape(places.submissions, DESCRIPTOR_WORDS)),
    completions: host.completions?.(completions) ?? new RingConsumer(words, completions),
  };
}
