/**
 * The segments that an isolate has mapped, by id.
 *
 * Thread rules: one table per isolate.
 */

import { ChimaeraError } from "../errors.ts";
import type { Pointer, SegmentId } from "./pointer.ts";
import type { Segment } from "./segment.ts";

/** The segments that an isolate has mapped. */
export class SegmentTable {
  readonly #byId = new Map<SegmentId, Segment>();

  /** Takes in a segment, in the place of one with its id. */
  add(segment: Segment): void {
    this.#byId.set(segment.id, segment);
  }

  /** Forgets a segment; without one of that id it does nothing. */
  remove(id: SegmentId): void {
    this.#byId.delete(id);
  }

  /** The segment of an id; undefined when the isolate has none. */
  find(id: SegmentId): Segment | undefined {
    return this.#byId.get(id);
  }

  /** Throws CHI-2002 when the isolate has no such segment. */
  get(id: SegmentId): Segment {
    const segment = this.#byId.get(id);
    if (segment === undefined) {
      throw new ChimaeraError("badPointer", {
        what: `segment ${id}`,
        why: "this process has not mapped it",
      });
    }
    return segment;
  }

  /** The bytes at a pointer, in place. Throws CHI-2002 when they leave the segment. */
  bytes(pointer: Pointer, sizeBytes: number): Uint8Array<SharedArrayBuffer> {
    const segment = this.get(pointer.segment);
    const { offset } = pointer;
    if (!(offset >= 0 && sizeBytes >= 0 && offset + sizeBytes <= segment.sizeBytes)) {
      throw new ChimaeraError("badPointer", {
        what: `${sizeBytes} bytes at offset ${offset}`,
        why: `segment ${pointer.segment} has ${segment.sizeBytes} bytes`,
      });
    }
    return new Uint8Array(segment.buffer, offset, sizeBytes);
  }
}
