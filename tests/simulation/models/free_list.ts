/**
 * A model of a lock-free list of free slots: a stack whose head word holds the first slot and a
 * tag that changes with every change of the head, so that a head that left and came back is not
 * taken for one that stayed (R. K. Treiber's stack with an ABA tag).
 *
 *   word 0          head: slot + 1 in the low half, tag in the high half
 *   word 1 + slot   the next free slot + 1; 0 is none
 */

import { cas, load, store } from "../../../runtime/platform/mod.ts";

const HEAD = 0;
const NEXT = 1;
const SLOT_MASK = 0xffff;

export class FreeList {
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** A slot that is nobody else's; −1 when none is free. */
  pop(): number {
    while (true) {
      const head = load(this.#words, HEAD);
      const first = head & SLOT_MASK;
      if (first === 0) return -1;
      const next = load(this.#words, NEXT + first - 1);
      if (cas(this.#words, HEAD, head, this.headAfter(head, next)) === head) return first - 1;
    }
  }

  push(slot: number): void {
    while (true) {
      const head = load(this.#words, HEAD);
      store(this.#words, NEXT + slot, head & SLOT_MASK);
      if (cas(this.#words, HEAD, head, this.headAfter(head, slot + 1)) === head) return;
    }
  }

  /** The head word with another first slot. */
  protected headAfter(head: number, first: number): number {
    return ((head & ~SLOT_MASK) + 0x10000 | 0) | first;
  }
}
