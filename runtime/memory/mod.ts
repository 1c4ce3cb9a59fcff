/** Segments, pointers, the allocator, rings and bells. Knows bytes, and no tasks. */

export * from "./bell.ts";
export * from "./byte_ring.ts";
export * from "./debug_heap.ts";
export * from "./heap.ts";
export * from "./layout.ts";
export * from "./live_blocks.ts";
export * from "./pointer.ts";
export * from "./prefaulter.ts";
export * from "./ring.ts";
export * from "./segment.ts";
export * from "./segment_table.ts";
