/**
 * One participant of the memory torture: it allocates, fills, checks and frees blocks of one heap,
 * and swaps blocks with whoever else is there, until it is told to stop.
 *
 * A block says by its content where it is and how long; whoever holds it checks all of it before
 * it is freed or given away.
 *
 * Thread rules: one participant per isolate; any number per segment, from several processes.
 */

import { ChimaeraError } from "../../runtime/errors.ts";
import {
  asOffset,
  DebugHeap,
  Heap,
  type Offset,
  SCRATCH_OFFSET,
  type Segment,
} from "../../runtime/memory/mod.ts";
import { add, exchange, load, seededRandom, wait } from "../../runtime/platform/mod.ts";

/** Words of the segment's scratch that all participants share. */
export const HAMMER = {
  /** 0 until all may begin, then 1. */
  go: SCRATCH_OFFSET / 4,
  /** 1 when it is time to stop. */
  stop: SCRATCH_OFFSET / 4 + 16,
  /** Participants that are ready. */
  ready: SCRATCH_OFFSET / 4 + 32,
  /** Rounds of all participants. */
  rounds: SCRATCH_OFFSET / 4 + 48,
  /** Blocks that wait for a taker; 0 is none. */
  boxes: SCRATCH_OFFSET / 4 + 64,
} as const;

export const BOXES = 8;

const BLOCKS_MAX = 40;
const SIZES = [16, 60, 64, 200, 1000, 2048, 2500, 4096, 10_000, 70_000] as const;

/** What a participant did. */
export interface Tally {
  readonly rounds: number;
  readonly swaps: number;
  readonly exhaustions: number;
}

class Participant {
  readonly #segment: Segment;
  readonly #heap: DebugHeap;
  readonly #blocks: Offset[] = [];
  readonly #random;
  #swaps = 0;
  #exhaustions = 0;

  constructor(segment: Segment, id: number) {
    this.#segment = segment;
    this.#heap = new DebugHeap(new Heap(segment), segment, id);
    this.#random = seededRandom(id * 7919);
  }

  /** Plays until the stop word is set. */
  play(): Tally {
    const { i32 } = this.#segment;
    let rounds = 0;
    while (load(i32, HAMMER.stop) === 0) {
      this.#act();
      rounds++;
      add(i32, HAMMER.rounds, 1);
    }
    for (const block of this.#blocks.splice(0)) this.#free(block);
    this.#heap.flush();
    return { rounds, swaps: this.#swaps, exhaustions: this.#exhaustions };
  }

  #act(): void {
    const choice = this.#random.nextU32() % 8;
    if (choice < 4 && this.#blocks.length < BLOCKS_MAX) this.#alloc();
    else if (choice === 4) this.#swap();
    else if (choice === 5 && this.#random.nextU32() % 50 === 0) this.#heap.flush();
    else this.#freeOne();
  }

  #alloc(): void {
    const size = SIZES[this.#random.nextU32() % SIZES.length]!;
    try {
      const block = this.#heap.alloc(size);
      fillBlock(this.#segment, block, size);
      this.#blocks.push(block);
    } catch (error) {
      if (!(error instanceof ChimaeraError) || error.kind !== "outOfMemory") throw error;
      this.#exhaustions++;
      this.#freeOne();
    }
  }

  #freeOne(): void {
    const block = this.#blocks.shift();
    if (block !== undefined) this.#free(block);
  }

  #free(block: Offset): void {
    checkBlock(this.#segment, block, this.#heap.sizeOf(block));
    this.#heap.free(block);
  }

  /** Leaves a block in a box and takes what was there. */
  #swap(): void {
    const given = this.#blocks.pop() ?? asOffset(0);
    const box = HAMMER.boxes + this.#random.nextU32() % BOXES;
    const taken = asOffset(exchange(this.#segment.i32, box, given));
    if (taken === 0) return;
    checkBlock(this.#segment, taken, this.#heap.sizeOf(taken));
    this.#blocks.push(taken);
    this.#swaps++;
  }
}

function fillBlock(segment: Segment, block: Offset, sizeBytes: number): void {
  const at = block >>> 2;
  const words = sizeBytes >>> 2;
  segment.i32[at] = block;
  segment.i32[at + 1] = sizeBytes;
  for (let k = 2; k < words; k++) segment.i32[at + k] = block + k;
}

function checkBlock(segment: Segment, block: Offset, sizeBytes: number): void {
  const at = block >>> 2;
  const words = sizeBytes >>> 2;
  let whole = segment.i32[at] === block && segment.i32[at + 1] === sizeBytes;
  for (let k = 2; k < words && whole; k++) whole = segment.i32[at + k] === block + k;
  if (!whole) throw new Error(`the block at ${block} does not hold what was written to it`);
}

/** Waits for the start, plays, and says what was done. */
export function hammer(segment: Segment, id: number): Tally {
  const participant = new Participant(segment, id);
  add(segment.i32, HAMMER.ready, 1);
  wait(segment.words, HAMMER.go, 0, 30_000);
  return participant.play();
}
