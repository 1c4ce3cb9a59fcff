/**
 * A heap that finds memory errors: each block is fenced, tagged and poisoned.
 *
 *   | prefix: magic · size · generation · owner … fence | the caller's bytes | fence, 64 bytes |
 *
 * The prefix is 64 bytes, or a page for blocks from 4 KiB on so that they stay aligned. Freed
 * blocks are filled with 0xDD and kept in a queue; one that has changed when it leaves the queue
 * was written after it was freed.
 *
 * Used by all tests, and by programs with CHIMAERA_DEBUG_HEAP=1.
 *
 * Thread rules: as the heap behind it. A block may be freed by another isolate than allocated it.
 */

import { ChimaeraError } from "../errors.ts";
import type { Allocator, HeapStats } from "./heap.ts";
import { PAGE_BYTES } from "./layout.ts";
import { asOffset, type Offset } from "./pointer.ts";
import type { Segment } from "./segment.ts";

const ALIVE = 0x4556494c; // "LIVE"
const FREED = 0x44414544; // "DEAD"
const FENCE_BYTE = 0xfd;
const POISON_BYTE = 0xdd;
const FENCE_BYTES = 64;
const PREFIX_SMALL = 64;
const QUARANTINE_BLOCKS = 64;
/** A large block's poison is written and checked at both ends only. */
const POISON_EDGE_BYTES = 4096;

export class DebugHeap implements Allocator {
  readonly #heap: Allocator;
  readonly #i32: Int32Array;
  readonly #u8: Uint8Array;
  readonly #owner: number;
  readonly #quarantine: Offset[] = [];
  #generation = 0;

  /** @param owner A number that names this isolate in errors. */
  constructor(heap: Allocator, segment: Segment, owner: number) {
    this.#heap = heap;
    this.#i32 = segment.i32;
    this.#u8 = segment.u8;
    this.#owner = owner;
  }

  alloc(sizeBytes: number): Offset {
    const prefix = sizeBytes >= PAGE_BYTES ? PAGE_BYTES : PREFIX_SMALL;
    const raw = this.#heap.alloc(prefix + sizeBytes + FENCE_BYTES);
    const at = raw + prefix;
    const tag = this.#tagOf(at);
    this.#i32[tag] = ALIVE;
    this.#i32[tag + 1] = sizeBytes;
    this.#i32[tag + 2] = ++this.#generation;
    this.#i32[tag + 3] = this.#owner;
    this.#i32[tag + 4] = raw;
    this.#u8.fill(FENCE_BYTE, at - 32, at);
    this.#u8.fill(FENCE_BYTE, at + sizeBytes, at + sizeBytes + FENCE_BYTES);
    return asOffset(at);
  }

  free(offset: Offset): void {
    const tag = this.#check(offset, "free");
    const sizeBytes = this.#i32[tag + 1]!;
    this.#i32[tag] = FREED;
    this.#poison(offset, sizeBytes);
    this.#quarantine.push(offset);
    if (this.#quarantine.length > QUARANTINE_BLOCKS) this.#release(this.#quarantine.shift()!);
  }

  sizeOf(offset: Offset): number {
    return this.#i32[this.#check(offset, "measure") + 1]!;
  }

  stats(): HeapStats {
    const stats = this.#heap.stats();
    return { ...stats, usedBlocks: stats.usedBlocks - this.#quarantine.length };
  }

  flush(): void {
    for (const offset of this.#quarantine.splice(0)) this.#release(offset);
    this.#heap.flush();
  }

  /** Throws when the block is not alive or its fences are damaged. */
  check(offset: Offset): void {
    this.#check(offset, "check");
  }

  #tagOf(at: number): number {
    return (at - PREFIX_SMALL) >>> 2;
  }

  #check(offset: Offset, verb: string): number {
    const tag = this.#tagOf(offset);
    const magic = this.#i32[tag];
    const what = `${verb} the block at offset ${offset}`;
    if (magic === FREED) {
      throw new ChimaeraError(verb === "free" ? "doubleFree" : "useAfterFree", {
        what,
        why: `it was freed before (allocation ${this.#i32[tag + 2]} of owner ${
          this.#i32[tag + 3]
        })`,
      });
    }
    if (magic !== ALIVE) {
      throw new ChimaeraError("badPointer", { what, why: "no block starts there" });
    }
    const end = offset + this.#i32[tag + 1]!;
    if (!this.#filled(offset - 32, offset, FENCE_BYTE)) {
      throw new ChimaeraError("redZone", { what, why: "the bytes before it were overwritten" });
    }
    if (!this.#filled(end, end + FENCE_BYTES, FENCE_BYTE)) {
      throw new ChimaeraError("redZone", { what, why: "the bytes after it were overwritten" });
    }
    return tag;
  }

  #release(offset: Offset): void {
    const tag = this.#tagOf(offset);
    const sizeBytes = this.#i32[tag + 1]!;
    const raw = asOffset(this.#i32[tag + 4]! >>> 0);
    const edge = Math.min(sizeBytes, POISON_EDGE_BYTES);
    const intact = this.#filled(offset, offset + edge, POISON_BYTE) &&
      this.#filled(offset + sizeBytes - edge, offset + sizeBytes, POISON_BYTE);
    this.#i32[tag] = 0;
    this.#heap.free(raw);
    if (!intact) {
      throw new ChimaeraError("useAfterFree", {
        what: `block at offset ${offset}`,
        why: `written after it was freed (owner ${this.#i32[tag + 3]})`,
      });
    }
  }

  #poison(offset: number, sizeBytes: number): void {
    const edge = Math.min(sizeBytes, POISON_EDGE_BYTES);
    this.#u8.fill(POISON_BYTE, offset, offset + edge);
    this.#u8.fill(POISON_BYTE, offset + sizeBytes - edge, offset + sizeBytes);
  }

  #filled(start: number, end: number, byte: number): boolean {
    for (let at = start; at < end; at++) if (this.#u8[at] !== byte) return false;
    return true;
  }
}
