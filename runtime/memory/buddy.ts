/**
 * The buddy of a heap: blocks of 2^order pages of 4 KiB. What is given back joins with its free
 * neighbour of the same size, and so on upwards. The words and the page table that it keeps are
 * drawn in `heap.ts`.
 *
 * A free block holds the next and the previous page of its list (+1; 0 is none) in its first two
 * words.
 *
 * Thread rules: `take`, `give` and `format` under the heap's lock; a page's code may be read
 * without it by whoever owns the page.
 */

import { ChimaeraError } from "../errors.ts";
import { HEAP_OFFSET, HEAP_STATE_OFFSET, PAGE_BYTES } from "./layout.ts";
import type { Segment } from "./segment.ts";

const STATE = HEAP_STATE_OFFSET / 4;
const READY = STATE + 1;
const FIRST_PAGE = STATE + 2;
const PAGES = STATE + 3;
const USED_PAGES = STATE + 4;
const HIGH_WATER = STATE + 6;
const HEADS = STATE + 8;

const ORDERS = 21;

/** Codes of the page table: free blocks, taken blocks (each + order), slab runs (+ class). */
export const PageCode = { inside: 0, free: 1, taken: 33, slab: 65 } as const;

/** Slab runs start at multiples of this many pages, in the heap and in the segment. */
export const RUN_PAGES = 16;

export class Buddy {
  readonly pages: number;
  /** One byte per page: see {@linkcode PageCode}. */
  readonly table: Uint8Array;
  /** The heap's first page, counted from the start of the segment. */
  readonly basePage: number;
  /** Blocks are aligned to their size as if this many pages, never free, lay before the first. */
  readonly #shift: number;
  readonly #i32: Int32Array;

  /** Throws CHI-2006 for a segment without room for a heap. */
  constructor(segment: Segment) {
    const tablePages = Math.ceil((segment.sizeBytes - HEAP_OFFSET) / PAGE_BYTES / PAGE_BYTES);
    this.basePage = Math.ceil((HEAP_OFFSET / PAGE_BYTES + tablePages) / RUN_PAGES) * RUN_PAGES;
    this.pages = segment.sizeBytes / PAGE_BYTES - this.basePage;
    if (this.pages < RUN_PAGES) {
      const why = `${segment.sizeBytes} bytes leave no room for a heap`;
      throw new ChimaeraError("badSegment", { what: `heap of segment ${segment.id}`, why });
    }
    this.#shift = 2 ** Math.ceil(Math.log2(this.pages)) - this.pages;
    this.table = segment.u8.subarray(HEAP_OFFSET, HEAP_OFFSET + this.pages);
    this.#i32 = segment.i32;
  }

  /**
   * Cuts the pages into the largest aligned free blocks, unless another isolate has done so. Small
   * ones come first, so that a heap fills from its start and touches new pages one after another.
   */
  format(): void {
    const i32 = this.#i32;
    if (i32[READY] !== 0) return;
    i32[FIRST_PAGE] = this.basePage;
    i32[PAGES] = this.pages;
    let page = 0;
    while (page < this.pages) {
      let order = ORDERS - 1;
      while ((page + this.#shift) % 2 ** order !== 0 || page + 2 ** order > this.pages) order--;
      this.#link(page, order);
      page += 2 ** order;
    }
    i32[READY] = 1;
  }

  /** The smallest order whose blocks hold `sizeBytes`. */
  static orderOf(sizeBytes: number): number {
    return sizeBytes <= PAGE_BYTES ? 0 : 32 - Math.clz32(Math.ceil(sizeBytes / PAGE_BYTES) - 1);
  }

  /** Takes a block of the order, splitting a larger one if it must; −1 if there is none. */
  take(order: number): number {
    const i32 = this.#i32;
    let from = order;
    while (from < ORDERS && i32[HEADS + from] === 0) from++;
    if (from >= ORDERS) return -1;
    const page = i32[HEADS + from]! - 1;
    this.#unlink(page, from);
    while (from > order) {
      from--;
      this.#link(page + 2 ** from, from);
    }
    this.table[page] = PageCode.taken + order;
    i32[USED_PAGES]! += 2 ** order;
    if (page + 2 ** order > i32[HIGH_WATER]!) i32[HIGH_WATER] = page + 2 ** order;
    return page;
  }

  /** Puts a block back and joins it with its free buddies. */
  give(first: number, firstOrder: number): void {
    this.#i32[USED_PAGES]! -= 2 ** firstOrder;
    this.table[first] = PageCode.inside;
    let page = first;
    let order = firstOrder;
    while (order < ORDERS - 1) {
      const size = 2 ** order;
      const buddy = ((page + this.#shift) & size) === 0 ? page + size : page - size;
      if (buddy < 0 || this.table[buddy] !== PageCode.free + order) break;
      this.#unlink(buddy, order);
      this.table[buddy] = PageCode.inside;
      if (buddy < page) page = buddy;
      order++;
    }
    this.#link(page, order);
  }

  offsetOf(page: number): number {
    return (this.basePage + page) * PAGE_BYTES;
  }

  get usedBytes(): number {
    return this.#i32[USED_PAGES]! * PAGE_BYTES;
  }

  get highWaterBytes(): number {
    return this.#i32[HIGH_WATER]! * PAGE_BYTES;
  }

  #link(page: number, order: number): void {
    const i32 = this.#i32;
    const at = this.#wordOf(page);
    const next = i32[HEADS + order]!;
    i32[at] = next;
    i32[at + 1] = 0;
    if (next !== 0) i32[this.#wordOf(next - 1) + 1] = page + 1;
    i32[HEADS + order] = page + 1;
    this.table[page] = PageCode.free + order;
  }

  #unlink(page: number, order: number): void {
    const i32 = this.#i32;
    const at = this.#wordOf(page);
    const next = i32[at]!;
    const previous = i32[at + 1]!;
    if (next !== 0) i32[this.#wordOf(next - 1) + 1] = previous;
    if (previous !== 0) i32[this.#wordOf(previous - 1)] = next;
    else i32[HEADS + order] = next;
  }

  #wordOf(page: number): number {
    return (this.basePage + page) * (PAGE_BYTES / 4);
  }
}
