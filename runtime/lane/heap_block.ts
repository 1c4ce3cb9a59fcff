/**
 * A block of the node segment that a module's instance owns: it lives until the instance frees it,
 * and goes with the lane when the lane moves to another worker.
 *
 * An instance that gives a block away in `saveState` has lost it: the object it kept says so, and
 * the instance that is restored gets another object for the same bytes. Until it is decided that
 * this one goes on, what it frees stays, and the bytes as they were saved are kept as well.
 *
 * Thread rules: an object belongs to its isolate; the bytes are shared.
 */

import { ChimaeraError } from "../errors.ts";
import type { Allocator, Offset, Pointer, Segment } from "../memory/mod.ts";
import type { Bulk } from "../task/mod.ts";

const BlockState = { owned: 0, given: 1, freed: 2 } as const;
type BlockState = typeof BlockState[keyof typeof BlockState];

/**
 * A block of the node's memory, from a module's `allocBlock`; it goes with its lane when that
 * moves.
 */
export class HeapBlock implements Bulk {
  /** Where the block is; the same for the instance that is restored from it. */
  readonly pointer: Pointer;
  /** Bytes that were asked for. */
  readonly size: number;
  readonly #node: Segment;
  readonly #heap: Allocator;
  #state: BlockState = BlockState.owned;
  /** Whether it may yet be another instance's again: `free` is remembered, and not done. */
  #isOnTrial: boolean;
  /** The bytes when the block was given away, while it may come back. */
  #kept: Uint8Array | null = null;

  /** For the runtime; modules get blocks from `allocBlock()`. */
  constructor(
    node: Segment,
    heap: Allocator,
    offset: Offset,
    sizeBytes: number,
    isOnTrial = false,
  ) {
    this.#isOnTrial = isOnTrial;
    this.#node = node;
    this.#heap = heap;
    this.pointer = { segment: node.id, offset };
    this.size = sizeBytes;
  }

  /** The bytes, in place. Throws CHI-2004 when the block is freed or with another instance. */
  get bytes(): Uint8Array<SharedArrayBuffer> {
    this.#mustBeOwned("use");
    return new Uint8Array(this.#node.buffer, this.pointer.offset, this.size);
  }

  /** Whether it is neither freed nor with another instance. */
  get isOwned(): boolean {
    return this.#state === BlockState.owned;
  }

  /** Gives the block back. Throws CHI-2003 the second time, CHI-2004 for one given away. */
  free(): void {
    if (this.#state === BlockState.freed) {
      const what = `block at offset ${this.pointer.offset}`;
      throw new ChimaeraError("doubleFree", { what, why: "it was freed before" });
    }
    this.#mustBeOwned("free");
    this.#state = BlockState.freed;
    if (!this.#isOnTrial) this.#heap.free(this.pointer.offset);
  }

  /** As {@linkcode free}, unless the block was freed or given away before. */
  [Symbol.dispose](): void {
    if (this.#state === BlockState.owned) this.free();
  }

  /** For the runtime: the block belongs to an instance elsewhere from now on. */
  give(): void {
    this.#kept = this.bytes.slice();
    this.#state = BlockState.given;
  }

  /** For the runtime: the instance elsewhere did not come to be. The bytes are as they were. */
  takeBack(): void {
    if (this.#state !== BlockState.given) return;
    this.#state = BlockState.owned;
    if (this.#kept !== null) this.bytes.set(this.#kept);
    this.#kept = null;
  }

  /** For the runtime: the instance elsewhere goes on, and this block never comes back. */
  leave(): void {
    this.#kept = null;
  }

  /** For the runtime: the block is this instance's for good. */
  endTrial(): void {
    this.#isOnTrial = false;
  }

  /** For the runtime: frees what was freed on trial. */
  freeLater(): void {
    this.#heap.free(this.pointer.offset);
  }

  /** For the runtime: this instance does not go on, and the block is the other one's again. */
  revoke(): void {
    this.#isOnTrial = false;
    this.#state = BlockState.given;
  }

  #mustBeOwned(verb: string): void {
    if (this.#state === BlockState.owned) return;
    throw new ChimaeraError("useAfterFree", {
      what: `${verb} the block at offset ${this.pointer.offset}`,
      why: this.#state === BlockState.freed
        ? "it was freed"
        : "it is another instance's: its own was saved, or has been given up",
    });
  }
}
