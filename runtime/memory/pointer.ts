/**
 * Branded numbers for places in memory, so that a byte offset and a segment id cannot be
 * passed for one another. They cost nothing at run time, where there is no `$brand`.
 */

/** Byte offset from the start of a segment. */
export type Offset = number & { readonly $brand: "Offset" };

/** Number of a segment, unique in a node for its lifetime. 0 is no segment. */
export type SegmentId = number & { readonly $brand: "SegmentId" };

export const asOffset = (bytes: number): Offset => bytes as Offset;
export const asSegmentId = (id: number): SegmentId => id as SegmentId;

/** A place in shared memory: the document's `hipc::Pointer`. */
export interface Pointer {
  /** Segment that the place is in; 0: nowhere. */
  readonly segment: SegmentId;
  /** Bytes from the segment's start. */
  readonly offset: Offset;
}

/** The pointer that points nowhere. */
export const NULL_POINTER: Pointer = Object.freeze({
  segment: asSegmentId(0),
  offset: asOffset(0),
});
