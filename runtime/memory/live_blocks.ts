/**
 * Blocks of a debug heap that are allocated: found by their tags, so that those of all isolates are
 * counted, and none that only wait in a cache or in quarantine.
 *
 * Thread rules: reads memory that others use; exact when they rest.
 */

import { Heap } from "./heap.ts";
import { HEAP_OFFSET } from "./layout.ts";
import type { Segment } from "./segment.ts";

const ALIVE = 0x4556494c; // "LIVE"; the tag stands in the last 64 bytes before a block.
const TAG_BYTES = 64;
/** More than the page table takes of any segment that tests make. */
const PAGE_TABLE_BYTES = 2 << 20;

/** A block that somebody holds. */
export interface LiveBlock {
  readonly offset: number;
  readonly sizeBytes: number;
  /** Isolate that allocated it. */
  readonly owner: number;
  /** Number of the allocation, among that isolate's. */
  readonly generation: number;
  /** Whose it is, as {@linkcode DebugHeap.label} was told; 0: the runtime's. */
  readonly label: number;
}

/** The blocks of a segment whose isolates all use debug heaps. */
export function liveBlocks(segment: Segment): LiveBlock[] {
  const { i32, sizeBytes } = segment;
  const { highWaterBytes } = new Heap(segment).stats();
  // Pages beyond were never used, and would become present by being looked at.
  const end = Math.min(sizeBytes, HEAP_OFFSET + PAGE_TABLE_BYTES + highWaterBytes) / 4;
  const found: LiveBlock[] = [];
  for (let at = HEAP_OFFSET / 4; at < end; at += TAG_BYTES / 4) {
    if (i32[at] !== ALIVE) continue;
    const [sizeBytes, generation, owner] = [i32[at + 1]!, i32[at + 2]!, i32[at + 3]!];
    found.push({ offset: at * 4 + TAG_BYTES, sizeBytes, owner, generation, label: i32[at + 4]! });
  }
  return found;
}
