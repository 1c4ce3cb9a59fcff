/**
 * A block of a session's shared memory: what a program fills and a module reads in place.
 *
 * A block that a running task names is pinned: freeing it takes effect when the last such task is
 * done.
 *
 * Thread rules: an object belongs to its isolate; the bytes are shared.
 */

import { ChimaeraError } from "../errors.ts";
import type { Allocator, Offset, Pointer, Segment } from "../memory/mod.ts";
import type { Bulk, Pinnable } from "../task/mod.ts";

/** A block of a session's memory, from `session.alloc`. */
export class Block implements Bulk, Pinnable {
  /** Where the block is, as tasks name it. */
  readonly pointer: Pointer;
  /** Bytes that were asked for. */
  readonly size: number;
  /** The bytes, in place. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly #heap: Allocator;
  #pins = 0;
  #freed = false;
  /** For the runtime: called when it is freed. */
  onFree: (() => void) | null = null;
  #released = false;

  /** For the runtime; programs get blocks from `session.alloc`. */
  constructor(heap: Allocator, segment: Segment, offset: Offset, sizeBytes: number) {
    this.#heap = heap;
    this.pointer = { segment: segment.id, offset };
    this.size = sizeBytes;
    this.bytes = new Uint8Array(segment.buffer, offset, sizeBytes);
  }

  /** Part of the block, for a task that needs only that. Keeps the block from being freed too. */
  slice(offsetBytes: number, sizeBytes: number): Bulk & Pinnable {
    if (!(offsetBytes >= 0 && sizeBytes >= 0 && offsetBytes + sizeBytes <= this.size)) {
      throw new ChimaeraError("badPointer", {
        what: `slice ${sizeBytes} bytes at ${offsetBytes}`,
        why: `the block has ${this.size}`,
      });
    }
    const { segment, offset } = this.pointer;
    return {
      pointer: { segment, offset: (offset + offsetBytes) as Offset },
      size: sizeBytes,
      bytes: this.bytes.subarray(offsetBytes, offsetBytes + sizeBytes),
      pin: () => this.pin(),
      unpin: () => this.unpin(),
    };
  }

  /** A task that names the block is sent. Throws CHI-2004 for a freed one. */
  pin(): void {
    if (this.#released) {
      throw new ChimaeraError("useAfterFree", {
        what: "send a task",
        why: `it names the block at offset ${this.pointer.offset}, which was freed`,
      });
    }
    this.#pins++;
  }

  /** Such a task is done; the last one gives a freed block back. */
  unpin(): void {
    this.#pins--;
    if (this.#pins === 0 && this.#freed) this.#release();
  }

  /** Gives the block back, once no running task names it. Throws CHI-2003 the second time. */
  free(): void {
    if (this.#freed) {
      throw new ChimaeraError("doubleFree", {
        what: `block at offset ${this.pointer.offset}`,
        why: "it was freed before",
      });
    }
    this.#freed = true;
    this.onFree?.();
    if (this.#pins === 0) this.#release();
  }

  /** As {@linkcode free}, unless it was freed before. */
  [Symbol.dispose](): void {
    if (!this.#freed) this.free();
  }

  #release(): void {
    this.#released = true;
    this.#heap.free(this.pointer.offset);
  }
}
