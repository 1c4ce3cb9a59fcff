/**
 * Somebody who takes all of a node's memory, and gives it back.
 *
 * Thread rules: one isolate.
 */

import { ChimaeraError } from "../errors.ts";
import type { Heap, Offset } from "../memory/mod.ts";

export class MemoryHog {
  readonly #heap: Heap;
  readonly #blocks: Offset[] = [];

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  get isFull(): boolean {
    return this.#blocks.length > 0;
  }

  /** Takes what there is, in blocks that halve, down to the smallest. */
  take(smallestBytes: number): void {
    for (let sizeBytes = 1 << 22; sizeBytes >= smallestBytes;) {
      try {
        this.#blocks.push(this.#heap.alloc(sizeBytes));
      } catch (thrown) {
        if (!(thrown instanceof ChimaeraError) || thrown.kind !== "outOfMemory") throw thrown;
        sizeBytes /= 2;
      }
    }
  }

  release(): void {
    for (const block of this.#blocks.splice(0)) this.#heap.free(block);
    this.#heap.flush();
  }
}
