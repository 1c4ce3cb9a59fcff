/**
 * The blocks of an instance of which it is not decided yet whether it serves: those that another
 * one has saved for it, and those that it allocates itself.
 *
 * Thread rules: one worker's isolate.
 */

import type { Allocator, Offset, Segment } from "../memory/mod.ts";
import { HeapBlock } from "./heap_block.ts";

export class TrialBlocks {
  #taken: readonly HeapBlock[] = [];
  /** What the instance has allocated; null: nobody asks any more. */
  #made: HeapBlock[] | null = [];

  /** The blocks that were saved for the instance, as its own: what it frees goes later. */
  take(
    node: Segment,
    heap: Allocator,
    blocks: readonly { readonly offset: Offset; readonly size: number }[],
  ): readonly HeapBlock[] {
    return this.#taken = blocks.map(({ offset, size }) =>
      new HeapBlock(node, heap, offset, size, true)
    );
  }

  /** The instance has allocated a block. */
  note(block: HeapBlock): void {
    this.#made?.push(block);
  }

  /** The instance serves: its blocks are its own, and those that it has freed go now. */
  keep(): void {
    const [taken, freed] = [this.#taken, this.#taken.filter(({ isOwned }) => !isOwned)];
    this.#taken = [];
    this.#made = null;
    for (const block of taken) block.endTrial();
    for (const block of freed) block.freeLater();
  }

  /** The instance does not serve: what was saved for it is not its own any more. */
  revoke(): void {
    for (const block of this.#taken) block.revoke();
    this.#taken = [];
  }

  /** As {@linkcode revoke}, when nothing of the instance runs any more: frees what it has made. */
  drop(): void {
    this.revoke();
    for (const block of this.#made ?? []) block[Symbol.dispose]();
    this.#made = null;
  }
}
