/**
 * The allocator of a segment: a buddy over 4 KiB pages, and slabs of small blocks cut from 64 KiB
 * runs of it. All state is in the segment, so every isolate of the segment's owner can attach.
 *
 *   heap state    word 0 lock · 1 ready · 2 first page of the heap (bytes / 4096) · 3 pages
 *                 4 bytes in use · 5 blocks in use · 6 high-water page
 *                 8 … 28 heads of the buddy's free lists, by order · 32 … 37 heads of the slabs'
 *   page table    one byte per page: 0 inside something · 1+order free · 33+order taken
 *                 65+class a slab run's first page
 *
 * A free buddy block holds its list's next and previous page (+1; 0 is none) in its first two
 * words; a free slab block the offset of the next one in its first.
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
import { HEAP_OFFSET, HEAP_STATE_OFFSET, PAGE_BYTES } from "./layout.ts";
import { asOffset, type Offset } from "./pointer.ts";
import type { Segment } from "./segment.ts";

const STATE = HEAP_STATE_OFFSET / 4;
const LOCK = STATE;
const READY = STATE + 1;
const FIRST_PAGE = STATE + 2;
const PAGES = STATE + 3;
const USED_BYTES_UNITS = STATE + 4;
const USED_BLOCKS = STATE + 5;
const HIGH_WATER = STATE + 6;
const BUDDY_HEADS = STATE + 8;
const SLAB_HEADS = STATE + 32;

const ORDERS = 21;
const PAGE_FREE = 1;
const PAGE_TAKEN = 33;
const PAGE_SLAB = 65;
const RUN_ORDER = 4;
const RUN_BYTES = PAGE_BYTES << RUN_ORDER;

const SLAB_SHIFT_MIN = 6;
const SLAB_CLASSES = 6;
const SLAB_BYTES_MAX = 1 << (SLAB_SHIFT_MIN + SLAB_CLASSES - 1);
const CACHE_BLOCKS = 256;
const CACHE_MOVE = 64;

/** What {@linkcode Heap.stats} tells. */
export interface HeapStats {
  readonly sizeBytes: number;
  /** Bytes of pages that are not free; slab runs count whole. */
  readonly usedBytes: number;
  /** Blocks handed out, by all isolates. Blocks in a cache count as handed out. */
  readonly usedBlocks: number;
  readonly highWaterBytes: number;
}

/** What both kinds of heap offer. */
export interface Allocator {
  /** A block of at least `sizeBytes`, aligned to 64 bytes, or to 4096 from that size on. */
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
    this.#lock();
    const tablePages = Math.ceil((segment.sizeBytes - HEAP_OFFSET) / PAGE_BYTES / PAGE_BYTES);
    // Blocks are aligned to their size relative to this page, and runs to 64 KiB in the segment.
    const firstPage = Math.ceil((HEAP_OFFSET / PAGE_BYTES + tablePages) / 16) * 16;
    this.#basePage = firstPage;
    this.#pages = segment.sizeBytes / PAGE_BYTES - firstPage;
    this.#pageTable = segment.u8.subarray(HEAP_OFFSET, HEAP_OFFSET + this.#pages);
    for (let k = 0; k < SLAB_CLASSES; k++) this.#cache.push(new Int32Array(CACHE_BLOCKS));
    if (this.#i32[READY] === 0) this.#format();
    this.#unlock();
  }

  alloc(sizeBytes: number): Offset {
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
    if (code < PAGE_TAKEN || code >= PAGE_SLAB) this.#badFree(offset, code);
    return PAGE_BYTES * 2 ** (code - PAGE_TAKEN);
  }

  stats(): HeapStats {
    const i32 = this.#i32;
    let cached = 0;
    for (let k = 0; k < SLAB_CLASSES; k++) cached += this.#cached[k]!;
    return {
      sizeBytes: this.#pages * PAGE_BYTES,
      usedBytes: i32[USED_BYTES_UNITS]! * PAGE_BYTES,
      usedBlocks: i32[USED_BLOCKS]! - cached,
      highWaterBytes: i32[HIGH_WATER]! * PAGE_BYTES,
    };
  }

  flush(): void {
    for (let k = 0; k < SLAB_CLASSES; k++) this.#spill(k, this.#cached[k]!);
  }

  /** The slab class of a small block's offset; −1 for a page block. */
  #slabOf(offset: Offset): number {
    const page = this.#pageIndexOf(offset);
    const code = this.#pageTable[page & ~15]!;
    if (code < PAGE_SLAB) return -1;
    const slab = code - PAGE_SLAB;
    if ((offset & ((1 << (SLAB_SHIFT_MIN + slab)) - 1)) !== 0) this.#badFree(offset, code);
    return slab;
  }

  #pageIndexOf(offset: Offset): number {
    const page = Math.floor(offset / PAGE_BYTES) - this.#basePage;
    if (!(page >= 0 && page < this.#pages)) this.#badFree(offset, 0);
    return page;
  }

  #badFree(offset: Offset, code: number): never {
    const free = code >= PAGE_FREE && code < PAGE_TAKEN;
    throw new ChimaeraError(free ? "doubleFree" : "badPointer", {
      what: `block at offset ${offset}`,
      why: free ? "it is already free" : "no block of this heap starts there",
    });
  }

  // ---- slabs, under the lock -------------------------------------------------------------------

  #refill(slab: number): void {
    this.#lock();
    const i32 = this.#i32;
    const stack = this.#cache[slab]!;
    if (i32[SLAB_HEADS + slab] === 0 && !this.#cutRun(slab)) {
      this.#unlock();
      this.#outOfMemory(1 << (SLAB_SHIFT_MIN + slab));
    }
    let height = 0;
    let head = i32[SLAB_HEADS + slab]!;
    while (head !== 0 && height < CACHE_MOVE) {
      stack[height++] = head;
      head = i32[head >>> 2]!;
    }
    i32[SLAB_HEADS + slab] = head;
    i32[USED_BLOCKS]! += height;
    this.#unlock();
    this.#cached[slab] = height;
  }

  #spill(slab: number, count: number): void {
    if (count === 0) return;
    this.#lock();
    const i32 = this.#i32;
    const stack = this.#cache[slab]!;
    let head = i32[SLAB_HEADS + slab]!;
    for (let k = 0; k < count; k++) {
      const offset = stack[k]!;
      i32[offset >>> 2] = head;
      head = offset;
    }
    i32[SLAB_HEADS + slab] = head;
    i32[USED_BLOCKS]! -= count;
    this.#unlock();
    // The oldest went back; what was freed last, and is in the processor's cache, stays.
    stack.copyWithin(0, count, this.#cached[slab]!);
    this.#cached[slab]! -= count;
  }

  #cutRun(slab: number): boolean {
    const page = this.#takePages(RUN_ORDER);
    if (page < 0) return false;
    this.#pageTable[page] = PAGE_SLAB + slab;
    const stride = 1 << (SLAB_SHIFT_MIN + slab);
    const start = (this.#basePage + page) * PAGE_BYTES;
    const i32 = this.#i32;
    let head = i32[SLAB_HEADS + slab]!;
    for (let at = start + RUN_BYTES - stride; at >= start; at -= stride) {
      i32[at >>> 2] = head;
      head = at | 0;
    }
    i32[SLAB_HEADS + slab] = head;
    return true;
  }

  // ---- buddy -----------------------------------------------------------------------------------

  #allocPages(sizeBytes: number): Offset {
    const order = orderOf(sizeBytes);
    this.#lock();
    const page = order < ORDERS ? this.#takePages(order) : -1;
    if (page >= 0) this.#i32[USED_BLOCKS]!++;
    this.#unlock();
    if (page < 0) this.#outOfMemory(sizeBytes);
    return asOffset((this.#basePage + page) * PAGE_BYTES);
  }

  #freePages(offset: Offset): void {
    const page = this.#pageIndexOf(offset);
    const code = this.#pageTable[page]!;
    if (offset % PAGE_BYTES !== 0 || code < PAGE_TAKEN || code >= PAGE_SLAB) {
      this.#badFree(offset, code);
    }
    this.#lock();
    this.#i32[USED_BLOCKS]!--;
    this.#givePages(page, code - PAGE_TAKEN);
    this.#unlock();
  }

  /** Takes a block of the order out of the free lists, splitting larger ones; −1 if none. */
  #takePages(order: number): number {
    const i32 = this.#i32;
    let from = order;
    while (from < ORDERS && i32[BUDDY_HEADS + from] === 0) from++;
    if (from === ORDERS) return -1;
    const page = i32[BUDDY_HEADS + from]! - 1;
    this.#unlink(page, from);
    while (from > order) {
      from--;
      this.#link(page + 2 ** from, from);
    }
    this.#pageTable[page] = PAGE_TAKEN + order;
    i32[USED_BYTES_UNITS]! += 2 ** order;
    if (page + 2 ** order > i32[HIGH_WATER]!) i32[HIGH_WATER] = page + 2 ** order;
    return page;
  }

  /** Puts a block back and joins it with its free buddies. */
  #givePages(first: number, firstOrder: number): void {
    this.#i32[USED_BYTES_UNITS]! -= 2 ** firstOrder;
    this.#pageTable[first] = 0;
    let page = first;
    let order = firstOrder;
    while (order < ORDERS - 1) {
      const size = 2 ** order;
      const buddy = (page & size) === 0 ? page + size : page - size;
      if (buddy + size > this.#pages || this.#pageTable[buddy] !== PAGE_FREE + order) break;
      this.#unlink(buddy, order);
      this.#pageTable[buddy] = 0;
      if (buddy < page) page = buddy;
      order++;
    }
    this.#link(page, order);
  }

  #link(page: number, order: number): void {
    const i32 = this.#i32;
    const at = this.#wordOf(page);
    const next = i32[BUDDY_HEADS + order]!;
    i32[at] = next;
    i32[at + 1] = 0;
    if (next !== 0) i32[this.#wordOf(next - 1) + 1] = page + 1;
    i32[BUDDY_HEADS + order] = page + 1;
    this.#pageTable[page] = PAGE_FREE + order;
  }

  #unlink(page: number, order: number): void {
    const i32 = this.#i32;
    const at = this.#wordOf(page);
    const next = i32[at]!;
    const previous = i32[at + 1]!;
    if (next !== 0) i32[this.#wordOf(next - 1) + 1] = previous;
    if (previous !== 0) i32[this.#wordOf(previous - 1)] = next;
    else i32[BUDDY_HEADS + order] = next;
  }

  #wordOf(page: number): number {
    return (this.#basePage + page) * (PAGE_BYTES / 4);
  }

  /** Cuts the pages of a new heap into the largest aligned free blocks. */
  #format(): void {
    const i32 = this.#i32;
    i32[FIRST_PAGE] = this.#basePage;
    i32[PAGES] = this.#pages;
    let page = 0;
    while (page < this.#pages) {
      let order = ORDERS - 1;
      while (page % 2 ** order !== 0 || page + 2 ** order > this.#pages) order--;
      this.#link(page, order);
      page += 2 ** order;
    }
    i32[READY] = 1;
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

function orderOf(sizeBytes: number): number {
  let order = 0;
  while (PAGE_BYTES * 2 ** order < sizeBytes) order++;
  return order;
}
