/**
 * Task blocks of one worker: a stack per size in front of the node segment's heap.
 *
 * The worker knows the size of a block that it frees, so a block goes back without a look at the
 * heap's page table; that takes 5 ns instead of 15. With the debug heap nothing is kept here, so
 * that every free is checked.
 *
 * Thread rules: one worker's isolate. Blocks may come from, and go to, other workers.
 */

import { type Allocator, asOffset, DebugHeap } from "../memory/mod.ts";
import { BLOCK_HEADER_BYTES } from "../task/mod.ts";

/** Sizes that are kept, in steps of 64 bytes. */
const STEPS = 16;
const KEPT_PER_SIZE = 512;

export class TaskBlocks {
  readonly #heap: Allocator;
  readonly #kept: number[][] = [];
  readonly #limit: number;

  constructor(heap: Allocator) {
    this.#heap = heap;
    this.#limit = heap instanceof DebugHeap ? 0 : KEPT_PER_SIZE;
    for (let k = 0; k <= STEPS; k++) this.#kept.push([]);
  }

  /** Word index of a block with room for the head and so many bytes of fields. CHI-2001. */
  alloc(fieldsBytes: number): number {
    const step = (BLOCK_HEADER_BYTES + fieldsBytes + 63) >>> 6;
    if (step <= STEPS) {
      const kept = this.#kept[step]!;
      if (kept.length > 0) return kept.pop()!;
    }
    // Whole steps, so that a kept block fits every task of its step.
    return this.#heap.alloc(step << 6) / 4;
  }

  free(block: number, fieldsBytes: number): void {
    const step = (BLOCK_HEADER_BYTES + fieldsBytes + 63) >>> 6;
    if (step <= STEPS) {
      const kept = this.#kept[step]!;
      if (kept.length < this.#limit) {
        kept.push(block);
        return;
      }
    }
    this.freeUnsized(block);
  }

  /** Gives back what is kept, for other isolates. */
  flush(): void {
    for (const kept of this.#kept) while (kept.length > 0) this.freeUnsized(kept.pop()!);
  }

  /** Frees a block of which only its place is known. */
  freeUnsized(block: number): void {
    this.#heap.free(asOffset(block * 4));
  }
}
