/**
 * The heap of a segment under three threads that allocate, free, hand blocks to one another, fill
 * and spill their caches and run out of memory. A map of 64-byte lines, beside the heap, knows who
 * has which line: a line that is handed out twice, or that two blocks share, fails the run. When
 * all is freed the counts are zero, the lock is free, and the pages are whole again.
 */

import {
  type Allocator,
  asOffset,
  asSegmentId,
  DebugHeap,
  Heap,
  HEAP_OFFSET,
  HEAP_STATE_OFFSET,
  type Offset,
  Segment,
  SegmentKind,
} from "../../../runtime/memory/mod.ts";
import { ChimaeraError } from "../../../runtime/errors.ts";
import type { Scenario, SimulatedThread, Stage } from "../../../runtime/platform/interleave.ts";

/** Makes one thread's end of the heap under test. */
export type Attach = (segment: Segment) => Allocator;

export const REAL_HEAP: Attach = (segment) => new Heap(segment);
export const DEBUG_HEAP: Attach = (segment) => new DebugHeap(new Heap(segment), segment, 0);

const THREADS = 3;
/** Reserved bytes, page table, and 64 pages for the heap: small enough to run out of. */
const MEMORY_BYTES = HEAP_OFFSET + 5 * 65536;
const LINE_BYTES = 64;
const LINES = MEMORY_BYTES / LINE_BYTES;
const MAILBOX_NOTE = LINES;
const MAILBOX_WORDS = 64;
const ENDED_NOTE = MAILBOX_NOTE + THREADS * MAILBOX_WORDS;
const LOCK_WORD = HEAP_STATE_OFFSET / 4;

/** Sizes around every class of the slabs, and some of pages. */
const SIZES = [1, 64, 65, 200, 256, 500, 1024, 2048, 2049, 4096, 4097, 9000, 40_000] as const;
/** More than a cache holds, so that it spills. */
const BURST_BLOCKS = 300;

export function segmentOf(stage: Stage): Segment {
  return Segment.attach({
    id: asSegmentId(1),
    kind: SegmentKind.node,
    buffer: stage.memory.buffer as unknown as SharedArrayBuffer,
    address: 0,
    fd: -1,
    backing: "private",
  });
}

/** One thread's blocks, and the line map that all threads share. */
class Holder {
  readonly #heap: Allocator;
  readonly #notes: Int32Array;
  readonly #thread: SimulatedThread;
  readonly blocks: Offset[] = [];

  constructor(heap: Allocator, stage: Stage, thread: SimulatedThread) {
    this.#heap = heap;
    this.#notes = stage.notes;
    this.#thread = thread;
  }

  /** False when the heap is out of memory. */
  alloc(sizeBytes: number): boolean {
    let offset: Offset;
    try {
      offset = this.#heap.alloc(sizeBytes);
    } catch (error) {
      if (error instanceof ChimaeraError && error.kind === "outOfMemory") return false;
      throw error;
    }
    const usable = this.#heap.sizeOf(offset);
    if (usable < sizeBytes) this.#thread.fail(`${usable} bytes for ${sizeBytes}`);
    if (offset % LINE_BYTES !== 0) this.#thread.fail(`block at ${offset}`);
    this.#mark(offset, usable, 0, this.#thread.index + 1);
    this.#thread.record(offset);
    this.blocks.push(offset);
    return true;
  }

  free(offset: Offset): void {
    this.#mark(offset, this.#heap.sizeOf(offset), this.#thread.index + 1, 0);
    this.#heap.free(offset);
  }

  freeOne(): void {
    const index = this.#thread.random.nextU32() % Math.max(1, this.blocks.length);
    for (const offset of this.blocks.splice(index, 1)) this.free(offset);
  }

  freeAll(): void {
    for (const offset of this.blocks.splice(0)) this.free(offset);
  }

  /** Hands a block over to another thread, which will free it. */
  give(to: number): void {
    const box = MAILBOX_NOTE + to * MAILBOX_WORDS;
    const count = this.#notes[box]!;
    if (this.#notes[ENDED_NOTE + to] === 1 || count === MAILBOX_WORDS - 1) return;
    const offset = this.blocks.pop();
    if (offset === undefined) return;
    this.#mark(offset, this.#heap.sizeOf(offset), this.#thread.index + 1, to + 1);
    this.#notes[box + 1 + count] = offset;
    this.#notes[box] = count + 1;
  }

  /** Takes what others have handed over. */
  receive(): void {
    const box = MAILBOX_NOTE + this.#thread.index * MAILBOX_WORDS;
    const count = this.#notes[box]!;
    for (let k = 1; k <= count; k++) this.blocks.push(asOffset(this.#notes[box + k]!));
    this.#notes[box] = 0;
  }

  #mark(offset: number, sizeBytes: number, from: number, to: number): void {
    const end = Math.min((offset + sizeBytes) / LINE_BYTES, LINES);
    for (let line = offset / LINE_BYTES; line < end; line++) {
      const found = this.#notes[line];
      if (found !== from) this.#thread.fail(`line ${line} belongs to ${found}, not to ${from}`);
      this.#notes[line] = to;
    }
  }
}

function act(holder: Holder, heap: Allocator, thread: SimulatedThread): void {
  const choice = thread.random.nextU32() % 16;
  const number = thread.random.nextU32();
  if (choice < 7) holder.alloc(SIZES[number % SIZES.length]!);
  else if (choice < 10) holder.freeOne();
  else if (choice < 12) holder.give((thread.index + 1 + number % (THREADS - 1)) % THREADS);
  else if (choice === 12) holder.receive();
  else if (choice === 13) heap.flush();
  else if (choice === 14) { for (let k = 0; k < BURST_BLOCKS && holder.alloc(64); k++); }
  else holder.freeAll();
}

/** A scenario of three threads on one heap. */
export function heapScenario(name: string, attach: Attach): Scenario {
  return {
    name,
    threads: THREADS,
    memoryBytes: MEMORY_BYTES,
    notesWords: ENDED_NOTE + THREADS,
    timeoutsFail: true,
    reset(stage) {
      new Uint8Array(stage.memory.buffer).fill(0, HEAP_STATE_OFFSET, HEAP_STATE_OFFSET + 512);
      new Uint8Array(stage.memory.buffer).fill(0, HEAP_OFFSET, HEAP_OFFSET + 4096);
    },
    run(stage, thread) {
      const heap = attach(segmentOf(stage));
      const holder = new Holder(heap, stage, thread);
      const actions = 4 + thread.random.nextU32() % 12;
      for (let k = 0; k < actions; k++) act(holder, heap, thread);
      stage.notes[ENDED_NOTE + thread.index] = 1;
      holder.receive();
      holder.freeAll();
      heap.flush();
    },
    check(stage) {
      const segment = segmentOf(stage);
      if (segment.i32[LOCK_WORD] !== 0) throw new Error("the lock is still held");
      if (stage.notes.subarray(0, LINES).some((owner) => owner !== 0)) {
        throw new Error("a block is still owned");
      }
      const { usedBlocks, usedBytes } = attach(segment).stats();
      if (usedBlocks !== 0) throw new Error(`${usedBlocks} blocks are still counted`);
      if (usedBytes !== 0) throw new Error(`${usedBytes} bytes of pages did not come back`);
    },
  };
}
