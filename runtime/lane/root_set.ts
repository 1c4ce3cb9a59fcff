/**
 * Roots of tasks, by the two words that name them: who may still begin on a plugged lane.
 *
 * Thread rules: one worker's isolate.
 */

import { H } from "../task/mod.ts";

export class RootSet {
  readonly #slotsByOrigin = new Map<number, Set<number>>();

  /** Adds the root of the task in a block. */
  addOf(words: Int32Array, block: number): void {
    const origin = words[block + H.rootOrigin]!;
    const slot = words[block + H.rootSlot]!;
    const slots = this.#slotsByOrigin.get(origin);
    if (slots === undefined) this.#slotsByOrigin.set(origin, new Set([slot]));
    else slots.add(slot);
  }

  /** Whether the task in a block is of one of these roots. */
  hasOf(words: Int32Array, block: number): boolean {
    return this.#slotsByOrigin.get(words[block + H.rootOrigin]!)?.has(words[block + H.rootSlot]!) ??
      false;
  }
}
