/**
 * The allocator of a segment: a buddy over 4 KiB pages, and slabs of small blocks cut from 64 KiB
 * runs of it. All state is in the segment, so every isolate of the segment's owner can attach.
 *
 *   heap state    word 0 lock · 1 ready · 2 first page of the heap (bytes / 4096) · 3 pages
 *                 4 bytes in use · 5 blocks in use · 6 high-water page
 *                 8 … 28 heads of the buddy's free lists, by order · 32 … 37 heads of the slabs'
 *   page table    one byte per page: 0 inside something · 1+order free · 33+order taken
 *                 65+class a slab run's first page; the bytes of its other 15 pages hold
 *                   2 free blocks (u16) · 4 first of them (offset) · 8 next run · 12 previous run
 *
 * A free buddy block holds its list's next and previous page (+1; 0 is none) in its first two
 * words; a free slab block the offset of its run's next one in its first. The runs of a class that
 * have free blocks form a list; a run whose blocks are all free goes back to the buddy.
 *
 * Figures: the cache in front of the slabs makes an allocation about 7 ns, the buddy under its
 * lock about 150 ns, on the machines this is built for.
 *
 * Thread rules: a `Heap` object belongs to one isolate and holds that isolate's cache; the state
 * behind it is shared by all under a lock that is held for a bounded number of steps. The runtime
 * never attaches to a heap in a session segment.
 */

import { ChimaeraError } from "../errors.ts";
import { cas, exchange, type SharedWords, wait, wake } from "../platform/mod.ts";
import { Buddy, PageCode, RUN_PAGES } from "./buddy.ts";
import { HEAP_OFFSET, HEAP_STATE_OFFSET, PAGE_BYTES } from "./layout.ts";
import { asOffset, type Offset } from "./pointer.ts";
import type { Segment } from "./segment.ts";

const STATE = HEAP_STATE_OFFSET / 4;
const LOCK = STATE;
const USED_BLOCKS = STATE + 5;
const SLAB_HEADS = STATE + 32;

const RUN_ORDER = 4;
const RUN_BYTES = RUN_PAGES * PAGE_BYTES;
/** A run's own state, in bytes from its first page's entry in the page table. */
const RUN_FREE = 2;
const RUN_FIRST = 4;
const RUN_NEXT = 8;
const RUN_PREVIOUS = 12;

const SLAB_SHIFT_MIN = 6;
const SLAB_CLASSES = 6;
const SLAB_BYTES_MAX = 1 << (SLAB_SHIFT_MIN + SLAB_CLASSES - 1);
const CACHE_BLOCKS = 1024;
const CACHE_MOVE = 256;

/** What {@linkcode Heap.stats} tells. */
export interface HeapStats {
  /** Bytes of all pages, free ones too. */
  readonly sizeBytes: number;
  /** Bytes of pages that are not free; slab runs count whole. */
  readonly usedBytes: number;
  /** Blocks handed out, by all isolates. Blocks in other isolates' caches count as handed out. */
  readonly usedBlocks: number;
  /** End of the furthest page that was ever in use, in bytes. */
  readonly highWaterBytes: number;
}

/** What both kinds of heap offer. */
export interface Allocator {
  /**
   * A block of at least `sizeBytes`, aligned to 64 bytes, or to 4096 from that size on. CHI-2001
   * when there is no room; CHI-2008 for what is no size.
   */
  alloc(sizeBytes: number): Offset;
  /** Gives a block back. CHI-2002 for an offset that is no block, CHI-2003 for a free one. */
  free(offset: Offset): void;
  /** Usable bytes of a block. */
  sizeOf(offset: Offset): number;
  stats(): HeapStats;
  /** Empties this isolate's cache, so that other isolates find the blocks. */
  flush(): void;
}

export class Heap implements Allocator {
  readonly #words: SharedWords;
  readonly #i32: Int32Array;
  readonly #u16: Uint16Array;
  readonly #buddy: Buddy;
  readonly #pageTable: Uint8Array;
  readonly #basePage: number;
  readonly #pages: number;
  /** Per class: a stack of free offsets, and its height. */
  readonly #cache: Int32Array[] = [];
  readonly #cached = new Int32Array(SLAB_CLASSES);

  /** Attaches to the heap of a segment, making it first if nobody has. */
  constructor(segment: Segment) {
    this.#words = segment.words;
    this.#i32 = segment.i32;
    this.#u16 = new Uint16Array(segment.buffer);
    this.#buddy = new Buddy(segment);
    this.#pageTable = this.#buddy.table;
    this.#basePage = this.#buddy.basePage;
    this.#pages = this.#buddy.pages;
    for (let k = 0; k < SLAB_CLASSES; k++) this.#cache.push(new Int32Array(CACHE_BLOCKS));
    this.#lock();
    this.#buddy.format();
    this.#unlock();
  }

  alloc(sizeBytes: number): Offset {
    if (sizeBytes >>> 0 !== sizeBytes) this.#badSize(sizeBytes);
    if (sizeBytes > SLAB_BYTES_MAX) return this.#allocPages(sizeBytes);
    const slab = sizeBytes <= 64 ? 0 : 26 - Math.clz32(sizeBytes - 1);
    const height = this.#cached[slab]!;
    if (height > 0) {
      this.#cached[slab] = height - 1;
      return asOffset(this.#cache[slab]![height - 1]! >>> 0);
    }
    this.#refill(slab);
    const filled = this.#cached[slab]! - 1;
    this.#cached[slab] = filled;
    return asOffset(this.#cache[slab]![filled]! >>> 0);
  }

  free(offset: Offset): void {
    const slab = this.#slabOf(offset);
    if (slab < 0) {
      this.#freePages(offset);
      return;
    }
    if (this.#cached[slab] === CACHE_BLOCKS) this.#spill(slab, CACHE_MOVE);
    this.#cache[slab]![this.#cached[slab]!++] = offset;
  }

  sizeOf(offset: Offset): number {
    const slab = this.#slabOf(offset);
    if (slab >= 0) return 1 << (SLAB_SHIFT_MIN + slab);
    const code = this.#pageTable[this.#pageIndexOf(offset)]!;
    if (!isTaken(code) || offset % PAGE_BYTES !== 0) this.#badFree(offset, code);
    return PAGE_BYTES * 2 ** (code - PageCode.taken);
  }

  stats(): HeapStats {
    const { pages, usedBytes, highWaterBytes } = this.#buddy;
    let cached = 0;
    for (let k = 0; k < SLAB_CLASSES; k++) cached += this.#cached[k]!;
    const usedBlocks = this.#i32[USED_BLOCKS]! - cached;
    return { sizeBytes: pages * PAGE_BYTES, usedBytes, usedBlocks, highWaterBytes };
  }

  flush(): void {
    for (let k = 0; k < SLAB_CLASSES; k++) this.#spill(k, this.#cached[k]!);
  }

  /** The slab class of a small block's offset; −1 for a page block. */
  #slabOf(offset: Offset): number {
    const page = this.#pageIndexOf(offset);
    const code = this.#pageTable[page & ~(RUN_PAGES - 1)]!;
    if (code < PageCode.slab) return -1;
    const slab = code - PageCode.slab;
    if ((offset & ((1 << (SLAB_SHIFT_MIN + slab)) - 1)) !== 0) this.#badFree(offset, code);
    return slab;
  }

  #pageIndexOf(offset: Offset): number {
    const page = (offset >>> 12) - this.#basePage;
    if (offset >>> 0 !== offset || page < 0 || page >= this.#pages) {
      this.#badFree(offset, PageCode.inside);
    }
    return page;
  }

  #badFree(offset: Offset, code: number): never {
    const free = code >= PageCode.free && code < PageCode.taken && offset % PAGE_BYTES === 0;
    throw new ChimaeraError(free ? "doubleFree" : "badPointer", {
      what: `block at offset ${offset}`,
      why: free ? "it is already free" : "no block of this heap starts there",
    });
  }

  // ---- slabs, under the lock -------------------------------------------------------------------

  #refill(slab: number): void {
    if (this.#takeBlocks(slab)) return;
    // Blocks of other classes in this isolate's cache may be what keeps a run from coming back.
    this.flush();
    if (!this.#takeBlocks(slab)) this.#outOfMemory(1 << (SLAB_SHIFT_MIN + slab));
  }

  /** Fills the empty cache of the class; false when there is neither a free block nor a run. */
  #takeBlocks(slab: number): boolean {
    this.#lock();
    const i32 = this.#i32;
    const stack = this.#cache[slab]!;
    if (i32[SLAB_HEADS + slab] === 0) this.#cutRun(slab);
    let height = 0;
    while (height < CACHE_MOVE && i32[SLAB_HEADS + slab] !== 0) {
      const run = i32[SLAB_HEADS + slab]! - 1;
      const entry = HEAP_OFFSET + run;
      const free = this.#u16[(entry + RUN_FREE) >>> 1]!;
      const count = Math.min(free, CACHE_MOVE - height);
      let first = i32[(entry + RUN_FIRST) >>> 2]!;
      for (let k = 0; k < count; k++) {
        stack[height++] = first;
        first = i32[first >>> 2]!;
      }
      i32[(entry + RUN_FIRST) >>> 2] = first;
      this.#u16[(entry + RUN_FREE) >>> 1] = free - count;
      if (free === count) this.#unlinkRun(slab, run);
    }
    i32[USED_BLOCKS]! += height;
    this.#unlock();
    this.#cached[slab] = height;
    return height > 0;
  }

  #spill(slab: number, count: number): void {
    if (count === 0) return;
    this.#lock();
    const stack = this.#cache[slab]!;
    for (let k = 0; k < count; k++) this.#returnBlock(slab, stack[k]!);
    this.#i32[USED_BLOCKS]! -= count;
    this.#unlock();
    // The oldest went back; what was freed last, and is in the processor's cache, stays.
    stack.copyWithin(0, count, this.#cached[slab]!);
    this.#cached[slab]! -= count;
  }

  #returnBlock(slab: number, offset: number): void {
    const i32 = this.#i32;
    const run = ((offset >>> 12) - this.#basePage) & ~(RUN_PAGES - 1);
    const first = (HEAP_OFFSET + run + RUN_FIRST) >>> 2;
    i32[offset >>> 2] = i32[first]!;
    i32[first] = offset;
    const free = ++this.#u16[(HEAP_OFFSET + run + RUN_FREE) >>> 1]!;
    if (free === 1) {
      this.#linkRun(slab, run);
    } else if (free === RUN_BYTES >>> (SLAB_SHIFT_MIN + slab)) {
      this.#unlinkRun(slab, run);
      this.#pageTable.fill(0, run, run + RUN_PAGES);
      this.#buddy.give(run, RUN_ORDER);
    }
  }

  #cutRun(slab: number): void {
    const run = this.#buddy.take(RUN_ORDER);
    if (run < 0) return;
    this.#pageTable[run] = PageCode.slab + slab;
    const stride = 1 << (SLAB_SHIFT_MIN + slab);
    const start = this.#buddy.offsetOf(run);
    const i32 = this.#i32;
    let next = 0;
    for (let at = start + RUN_BYTES - stride; at >= start; at -= stride) {
      i32[at >>> 2] = next;
      next = at | 0;
    }
    i32[(HEAP_OFFSET + run + RUN_FIRST) >>> 2] = next;
    this.#u16[(HEAP_OFFSET + run + RUN_FREE) >>> 1] = RUN_BYTES / stride;
    this.#linkRun(slab, run);
  }

  #linkRun(slab: number, run: number): void {
    const i32 = this.#i32;
    const next = i32[SLAB_HEADS + slab]!;
    i32[(HEAP_OFFSET + run + RUN_NEXT) >>> 2] = next;
    i32[(HEAP_OFFSET + run + RUN_PREVIOUS) >>> 2] = 0;
    if (next !== 0) i32[(HEAP_OFFSET + next - 1 + RUN_PREVIOUS) >>> 2] = run + 1;
    i32[SLAB_HEADS + slab] = run + 1;
  }

  #unlinkRun(slab: number, run: number): void {
    const i32 = this.#i32;
    const next = i32[(HEAP_OFFSET + run + RUN_NEXT) >>> 2]!;
    const previous = i32[(HEAP_OFFSET + run + RUN_PREVIOUS) >>> 2]!;
    if (next !== 0) i32[(HEAP_OFFSET + next - 1 + RUN_PREVIOUS) >>> 2] = previous;
    if (previous !== 0) i32[(HEAP_OFFSET + previous - 1 + RUN_NEXT) >>> 2] = next;
    else i32[SLAB_HEADS + slab] = next;
  }

  // ---- pages -----------------------------------------------------------------------------------

  #allocPages(sizeBytes: number): Offset {
    const order = Buddy.orderOf(sizeBytes);
    let page = this.#takePages(order);
    if (page < 0) {
      this.flush(); // Small blocks in this isolate's cache may be what keeps pages from joining.
      page = this.#takePages(order);
    }
    if (page < 0) this.#outOfMemory(sizeBytes);
    return asOffset(this.#buddy.offsetOf(page));
  }

  #takePages(order: number): number {
    this.#lock();
    const page = this.#buddy.take(order);
    if (page >= 0) this.#i32[USED_BLOCKS]!++;
    this.#unlock();
    return page;
  }

  #freePages(offset: Offset): void {
    const page = this.#pageIndexOf(offset);
    this.#lock();
    const code = this.#pageTable[page]!;
    const taken = isTaken(code) && offset % PAGE_BYTES === 0;
    if (taken) {
      this.#i32[USED_BLOCKS]!--;
      this.#buddy.give(page, code - PageCode.taken);
    }
    this.#unlock();
    if (!taken) this.#badFree(offset, code);
  }

  #badSize(sizeBytes: number): never {
    if (Number.isInteger(sizeBytes) && sizeBytes > 0) this.#outOfMemory(sizeBytes);
    throw new ChimaeraError("badSize", { what: "allocate", why: `${sizeBytes} bytes` });
  }

  #outOfMemory(sizeBytes: number): never {
    const { usedBytes, sizeBytes: total } = this.stats();
    throw new ChimaeraError("outOfMemory", {
      what: `allocate ${sizeBytes} bytes`,
      why: `${usedBytes} of ${total} bytes of the segment are in use, or no run is long enough`,
    });
  }

  // The lock: 0 free, 1 held, 2 held and somebody sleeps (U. Drepper, "Futexes Are Tricky").

  #lock(): void {
    if (cas(this.#i32, LOCK, 0, 1) === 0) return;
    while (exchange(this.#i32, LOCK, 2) !== 0) wait(this.#words, LOCK, 2, 100);
  }

  #unlock(): void {
    if (exchange(this.#i32, LOCK, 0) === 2) wake(this.#words, LOCK);
  }
}

function isTaken(code: number): boolean {
  return code >= PageCode.taken && code < PageCode.slab;
}
