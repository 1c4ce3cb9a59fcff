/**
 * Roots of tasks, by the two words that name them: who may still begin on a plugged lane.
 *
 * Thread rules: one worker's isolate; crosses to others as a list of pairs.
 */

import { H } from "../task/mod.ts";

export class RootSet {
  readonly #slotsByOrigin = new Map<number, Set<number>>();

  /** Adds the root of the task in a block. */
  addOf(words: Int32Array, block: number): void {
    this.#add(words[block + H.rootOrigin]!, words[block + H.rootSlot]!);
  }

  #add(origin: number, slot: number): void {
    const slots = this.#slotsByOrigin.get(origin);
    if (slots === undefined) this.#slotsByOrigin.set(origin, new Set([slot]));
    else slots.add(slot);
  }

  /** Whether the task in a block is of one of these roots. */
  hasOf(words: Int32Array, block: number): boolean {
    return this.#slotsByOrigin.get(words[block + H.rootOrigin]!)?.has(words[block + H.rootSlot]!) ??
      false;
  }

  /** Adds pairs of origin and slot. */
  addPairs(pairs: readonly number[]): void {
    for (let k = 0; k < pairs.length; k += 2) this.#add(pairs[k]!, pairs[k + 1]!);
  }

  /** All of them, as pairs of origin and slot. */
  get pairs(): number[] {
    const pairs: number[] = [];
    for (const [origin, slots] of this.#slotsByOrigin) {
      for (const slot of slots) pairs.push(origin, slot);
    }
    return pairs;
  }
}
