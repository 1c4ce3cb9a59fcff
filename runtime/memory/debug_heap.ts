/**
 * A heap that finds memory errors: each block is fenced, tagged and poisoned.
 *
 *   | prefix: magic · size · generation · owner · label … fence | the caller's bytes | fence, 64 bytes |
 *
 * The prefix is 64 bytes, or a page for blocks from 4 KiB on so that they stay aligned; its last 64
 * bytes hold the tag and end in a fence of 32. Freed blocks are filled with 0xDD and kept in a
 * queue; one that has changed when it leaves the queue was written after it was freed. The queue
 * is short in blocks and in bytes, and is emptied before memory is called exhausted.
 *
 * Used by all tests, and by programs with CHIMAERA_DEBUG_HEAP=1.
 *
 * Thread rules: as the heap behind it. A block may be freed by another isolate than allocated it.
 */

import { ChimaeraError } from "../errors.ts";
import { cas, store } from "../platform/mod.ts";
import type { Allocator, HeapStats } from "./heap.ts";
import { PAGE_BYTES } from "./layout.ts";
import { asOffset, type Offset } from "./pointer.ts";
import type { Segment } from "./segment.ts";

const ALIVE = 0x4556494c; // "LIVE"
const FREED = 0x44414544; // "DEAD"
const FENCE_BYTE = 0xfd;
const POISON_BYTE = 0xdd;
const FENCE_BYTES = 64;
const FENCE_BEFORE_BYTES = 32;
const PREFIX_SMALL = 64;
const TAG_ALIGNMENT = 64;
const QUARANTINE_BLOCKS = 64;
/** Of the heap: beyond this part the oldest blocks leave the queue. */
const QUARANTINE_PART = 1 / 16;
/** A large block's poison is written and checked at both ends only. */
const POISON_EDGE_BYTES = 4096;

/** Up to so many bytes a loop is faster than a call. */
const FILL_BYTES_MAX = 512;

export class DebugHeap implements Allocator {
  readonly #heap: Allocator;
  readonly #i32: Int32Array;
  readonly #u8: Uint8Array;
  readonly #owner: number;
  /** Freed blocks, a ring of three words each; what their tags say may be overwritten meanwhile. */
  readonly #quarantine = new Float64Array(3 * (QUARANTINE_BLOCKS + 1));
  #oldest = 0;
  #quarantined = 0;
  readonly #quarantineBytesMax: number;
  #quarantineBytes = 0;
  #generation = 0;

  /** @param owner A number that names this isolate in errors. */
  constructor(heap: Allocator, segment: Segment, owner: number) {
    this.#heap = heap;
    this.#i32 = segment.i32;
    this.#u8 = segment.u8;
    this.#owner = owner;
    this.#quarantineBytesMax = heap.stats().sizeBytes * QUARANTINE_PART;
  }

  alloc(sizeBytes: number): Offset {
    const prefix = prefixOf(sizeBytes);
    const raw = this.#allocRaw(sizeBytes, prefix + FENCE_BYTES);
    const at = raw + prefix;
    const tag = tagOf(at);
    this.#i32[tag + 1] = sizeBytes;
    this.#i32[tag + 2] = ++this.#generation;
    this.#i32[tag + 3] = this.#owner;
    this.#i32[tag + 4] = 0;
    this.#fill(at - FENCE_BEFORE_BYTES, at, FENCE_BYTE);
    this.#fill(at + sizeBytes, at + sizeBytes + FENCE_BYTES, FENCE_BYTE);
    store(this.#i32, tag, ALIVE);
    return asOffset(at);
  }

  /** Notes whose a block is, such as a pool's id, for those who list blocks; 0 is nobody's. */
  label(offset: Offset, label: number): void {
    this.#i32[tagOf(offset) + 4] = label;
  }

  free(offset: Offset): void {
    const tag = this.#check(offset, "free");
    // Of two isolates that free the block at once, one finds it freed.
    if (cas(this.#i32, tag, ALIVE, FREED) !== ALIVE) this.#failFreed(tag, offset, "free");
    const sizeBytes = this.#i32[tag + 1]!;
    this.#poison(offset, sizeBytes);
    this.#enqueue(offset, sizeBytes, this.#i32[tag + 2]!);
    while (
      this.#quarantined > QUARANTINE_BLOCKS || this.#quarantineBytes > this.#quarantineBytesMax
    ) {
      this.#releaseOldest();
    }
  }

  sizeOf(offset: Offset): number {
    return this.#i32[this.#check(offset, "measure") + 1]!;
  }

  stats(): HeapStats {
    const stats = this.#heap.stats();
    return { ...stats, usedBlocks: stats.usedBlocks - this.#quarantined };
  }

  flush(): void {
    try {
      this.#emptyQuarantine();
    } finally {
      this.#heap.flush();
    }
  }

  /** Throws when the block is not alive or its fences are damaged. */
  check(offset: Offset): void {
    this.#check(offset, "check");
  }

  #allocRaw(sizeBytes: number, extraBytes: number): Offset {
    // What is no size must not become one by the fences' bytes.
    const rawBytes = sizeBytes >= 0 ? sizeBytes + extraBytes : sizeBytes;
    try {
      return this.#heap.alloc(rawBytes);
    } catch (error) {
      const full = error instanceof ChimaeraError && error.kind === "outOfMemory";
      if (!full || this.#quarantined === 0) throw error;
      this.flush();
      return this.#heap.alloc(rawBytes);
    }
  }

  #check(offset: Offset, verb: string): number {
    const tag = tagOf(offset);
    const magic = offset % TAG_ALIGNMENT === 0 ? this.#i32[tag] : 0;
    if (magic === FREED) this.#failFreed(tag, offset, verb);
    if (magic !== ALIVE) {
      const what = whatOf(verb, offset);
      throw new ChimaeraError("badPointer", { what, why: "no block starts there" });
    }
    const end = offset + this.#i32[tag + 1]!;
    if (!this.#filled(offset - FENCE_BEFORE_BYTES, offset, FENCE_BYTE)) {
      const what = whatOf(verb, offset);
      throw new ChimaeraError("redZone", { what, why: "the bytes before it were overwritten" });
    }
    if (!this.#filled(end, end + FENCE_BYTES, FENCE_BYTE)) {
      const what = whatOf(verb, offset);
      throw new ChimaeraError("redZone", { what, why: "the bytes after it were overwritten" });
    }
    return tag;
  }

  #failFreed(tag: number, offset: Offset, verb: string): never {
    throw new ChimaeraError(verb === "free" ? "doubleFree" : "useAfterFree", {
      what: whatOf(verb, offset),
      why: `it was freed before (allocation ${this.#i32[tag + 2]} of owner ${this.#i32[tag + 3]})`,
    });
  }

  #enqueue(offset: Offset, sizeBytes: number, generation: number): void {
    const at = 3 * ((this.#oldest + this.#quarantined) % (QUARANTINE_BLOCKS + 1));
    this.#quarantine[at] = offset;
    this.#quarantine[at + 1] = sizeBytes;
    this.#quarantine[at + 2] = generation;
    this.#quarantined++;
    this.#quarantineBytes += sizeBytes;
  }

  /**
   * Gives the oldest block of the queue back to the heap; throws when somebody wrote to it meanwhile.
   */
  #releaseOldest(): void {
    const at = 3 * this.#oldest;
    const offset = this.#quarantine[at]! as Offset;
    const sizeBytes = this.#quarantine[at + 1]!;
    const generation = this.#quarantine[at + 2]!;
    this.#oldest = (this.#oldest + 1) % (QUARANTINE_BLOCKS + 1);
    this.#quarantined--;
    const tag = tagOf(offset);
    const intact = this.#i32[tag] === FREED && this.#i32[tag + 1] === sizeBytes &&
      this.#filled(offset - FENCE_BEFORE_BYTES, offset, FENCE_BYTE) &&
      this.#poisoned(offset, sizeBytes);
    const owner = this.#i32[tag + 3];
    this.#quarantineBytes -= sizeBytes;
    this.#i32[tag] = 0;
    this.#heap.free(asOffset(offset - prefixOf(sizeBytes)));
    if (intact) return;
    throw new ChimaeraError("useAfterFree", {
      what: `block at offset ${offset}`,
      why: `written after it was freed (allocation ${generation} of owner ${owner})`,
    });
  }

  /** Releases all blocks, and throws the first error after the last. */
  #emptyQuarantine(): void {
    const errors: unknown[] = [];
    while (this.#quarantined > 0) {
      try {
        this.#releaseOldest();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  #poison(offset: number, sizeBytes: number): void {
    const end = offset + sizeBytes;
    if (sizeBytes <= 2 * POISON_EDGE_BYTES) return this.#fill(offset, end, POISON_BYTE);
    this.#fill(offset, offset + POISON_EDGE_BYTES, POISON_BYTE);
    this.#fill(end - POISON_EDGE_BYTES, end, POISON_BYTE);
  }

  #poisoned(offset: number, sizeBytes: number): boolean {
    const end = offset + sizeBytes;
    if (sizeBytes <= 2 * POISON_EDGE_BYTES) return this.#filled(offset, end, POISON_BYTE);
    return this.#filled(offset, offset + POISON_EDGE_BYTES, POISON_BYTE) &&
      this.#filled(end - POISON_EDGE_BYTES, end, POISON_BYTE);
  }

  /** Word by word, where there are whole words: this is most of what a task costs in tests. */
  #fill(start: number, end: number, byte: number): void {
    if ((start & 3) !== 0 || end - start > FILL_BYTES_MAX) {
      this.#u8.fill(byte, start, end);
      return;
    }
    const word = wordOf(byte);
    let at = start;
    for (const last = end - 3; at < last; at += 4) this.#i32[at >>> 2] = word;
    for (; at < end; at++) this.#u8[at] = byte;
  }

  #filled(start: number, end: number, byte: number): boolean {
    let at = start;
    for (; (at & 3) !== 0 && at < end; at++) if (this.#u8[at] !== byte) return false;
    const word = wordOf(byte);
    for (const last = end - 3; at < last; at += 4) if (this.#i32[at >>> 2] !== word) return false;
    for (; at < end; at++) if (this.#u8[at] !== byte) return false;
    return true;
  }
}

/** A word of four such bytes. */
function wordOf(byte: number): number {
  return Math.imul(byte, 0x01010101);
}

function prefixOf(sizeBytes: number): number {
  return sizeBytes >= PAGE_BYTES ? PAGE_BYTES : PREFIX_SMALL;
}

/** The word of a block's tag. */
function tagOf(at: number): number {
  return (at - PREFIX_SMALL) >>> 2;
}

function whatOf(verb: string, offset: Offset): string {
  return `${verb} the block at offset ${offset}`;
}
