/**
 * A block of the node segment that a module's instance owns: it lives until the instance frees it,
 * and goes with the lane when the lane moves to another worker.
 *
 * An instance that gives a block away in `saveState` has lost it: the object it kept says so, and
 * the instance that is restored gets another object for the same bytes.
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

  /** For the runtime; modules get blocks from `allocBlock()`. */
  constructor(node: Segment, heap: Allocator, offset: Offset, sizeBytes: number) {
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
    this.#heap.free(this.pointer.offset);
  }

  /** As {@linkcode free}, unless the block was freed or given away before. */
  [Symbol.dispose](): void {
    if (this.#state === BlockState.owned) this.free();
  }

  /** For the runtime: the block belongs to an instance elsewhere from now on. */
  give(): void {
    this.#mustBeOwned("save");
    this.#state = BlockState.given;
  }

  /** For the runtime: the instance elsewhere did not come to be. */
  takeBack(): void {
    this.#state = BlockState.owned;
  }

  #mustBeOwned(verb: string): void {
    if (this.#state === BlockState.owned) return;
    throw new ChimaeraError("useAfterFree", {
      what: `${verb} the block at offset ${this.pointer.offset}`,
      why: this.#state === BlockState.freed
        ? "it was freed"
        : "it went with its lane to another worker",
    });
  }
}
