/**
 * Heaps that are wrong on purpose. All are the same small heap of equal blocks, one word of state
 * each, under a lock; they differ in what is wrong with the lock.
 */

import { ChimaeraError } from "../../../runtime/errors.ts";
import {
  type Allocator,
  asOffset,
  HEAP_OFFSET,
  HEAP_STATE_OFFSET,
  type HeapStats,
  type Offset,
  type Segment,
} from "../../../runtime/memory/mod.ts";
import {
  cas,
  exchange,
  load,
  type SharedWords,
  store,
  wait,
  wake,
} from "../../../runtime/platform/mod.ts";
import type { Attach } from "../scenarios/heap.ts";

const LOCK = HEAP_STATE_OFFSET / 4;
const TAKEN = LOCK + 16;
const BLOCKS = 6;
const BLOCK_BYTES = 32_768;

interface Lock {
  lock(words: SharedWords): void;
  unlock(words: SharedWords): void;
}

class SmallHeap implements Allocator {
  readonly #words: SharedWords;
  readonly #lock: Lock;

  constructor(segment: Segment, lock: Lock) {
    this.#words = segment.words;
    this.#lock = lock;
  }

  alloc(sizeBytes: number): Offset {
    const { i32 } = this.#words;
    this.#lock.lock(this.#words);
    let block = 0;
    while (block < BLOCKS && load(i32, TAKEN + block) !== 0) block++;
    const found = block < BLOCKS && sizeBytes <= BLOCK_BYTES;
    if (found) store(i32, TAKEN + block, 1);
    this.#lock.unlock(this.#words);
    if (found) return asOffset(HEAP_OFFSET + 65536 + block * BLOCK_BYTES);
    throw new ChimaeraError("outOfMemory", { what: `allocate ${sizeBytes} bytes`, why: "full" });
  }

  free(offset: Offset): void {
    this.#lock.lock(this.#words);
    store(this.#words.i32, TAKEN + (offset - HEAP_OFFSET - 65536) / BLOCK_BYTES, 0);
    this.#lock.unlock(this.#words);
  }

  sizeOf(_offset: Offset): number {
    return BLOCK_BYTES;
  }

  stats(): HeapStats {
    return { sizeBytes: BLOCKS * BLOCK_BYTES, usedBytes: 0, usedBlocks: 0, highWaterBytes: 0 };
  }

  flush(): void {}
}

/** Looks whether the lock is free, and takes it a moment later. */
const LOOK_THEN_TAKE: Lock = {
  lock(words) {
    while (load(words.i32, LOCK) !== 0) wait(words, LOCK, load(words.i32, LOCK), Infinity);
    store(words.i32, LOCK, 1);
  },
  unlock(words) {
    store(words.i32, LOCK, 0);
    wake(words, LOCK);
  },
};

/** Looks whether somebody sleeps before it releases the lock: one may lie down in between. */
const EARLY_LOOK: Lock = {
  lock(words) {
    if (cas(words.i32, LOCK, 0, 1) === 0) return;
    while (exchange(words.i32, LOCK, 2) !== 0) wait(words, LOCK, 2, Infinity);
  },
  unlock(words) {
    const contended = load(words.i32, LOCK) === 2;
    store(words.i32, LOCK, 0);
    if (contended) wake(words, LOCK);
  },
};

export const LOOK_THEN_TAKE_HEAP: Attach = (segment) => new SmallHeap(segment, LOOK_THEN_TAKE);
export const EARLY_LOOK_HEAP: Attach = (segment) => new SmallHeap(segment, EARLY_LOOK);
