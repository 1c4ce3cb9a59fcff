/**
 * A bulk field as its reader sees it: pointer and size, read once, and the bytes in place.
 *
 * Thread rules: belongs to the isolate that made it.
 */

import type { Pointer, SegmentTable } from "../memory/mod.ts";
import type { Bulk } from "./fields.ts";

const NO_BYTES = new Uint8Array(new SharedArrayBuffer(0));

export class BulkView implements Bulk {
  readonly pointer: Pointer;
  readonly size: number;
  readonly #segments: SegmentTable;
  #bytes: Uint8Array<SharedArrayBuffer> | null = null;

  constructor(segments: SegmentTable, pointer: Pointer, size: number) {
    this.#segments = segments;
    this.pointer = pointer;
    this.size = size;
  }

  get bytes(): Uint8Array<SharedArrayBuffer> {
    // A bulk of no bytes may point nowhere.
    this.#bytes ??= this.size === 0 ? NO_BYTES : this.#segments.bytes(this.pointer, this.size);
    return this.#bytes;
  }
}
