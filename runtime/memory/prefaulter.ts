/**
 * Makes a segment's pages present ahead of their first use: a fault costs 4 to 8 µs per 4 KiB on
 * the machines this is built for, in the middle of somebody's task.
 *
 * At start a fixed amount, then steps ahead of the heap's high-water mark.
 *
 * Thread rules: one per segment, in the isolate that owns it; the work is done by a thread of the
 * runtime's pool.
 */

import { LIMITS } from "../limits.ts";
import type { Allocator } from "./heap.ts";
import { HEAP_OFFSET } from "./layout.ts";
import type { Segment } from "./segment.ts";

export class Prefaulter {
  readonly #segment: Segment;
  readonly #heap: Allocator;
  #presentBytes = 0;
  #busy = false;
  #done: Promise<void> = Promise.resolve();

  constructor(segment: Segment, heap: Allocator) {
    this.#segment = segment;
    this.#heap = heap;
  }

  /** Starts with the first pages of the heap: of a small segment a part. */
  start(): void {
    this.#reach(Math.min(LIMITS.prefaultBytes, this.#segment.sizeBytes * LIMITS.prefaultPart));
  }

  /** Keeps a step ahead of the high-water mark. Cheap when there is nothing to do. */
  advance(): void {
    if (this.#busy) return;
    const wanted = this.#heap.stats().highWaterBytes + LIMITS.prefaultStepBytes;
    if (wanted > this.#presentBytes) this.#reach(wanted);
  }

  /** Resolves when no page is being made present. */
  get idle(): Promise<void> {
    return this.#done;
  }

  #reach(bytes: number): void {
    const from = this.#presentBytes;
    const step = LIMITS.prefaultStepBytes;
    const to = Math.ceil(bytes / step) * step;
    this.#presentBytes = to;
    this.#busy = true;
    this.#done = this.#segment.prefault(HEAP_OFFSET + from, to - from)
      .then(() => void (this.#busy = false));
  }
}
