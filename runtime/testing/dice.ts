/** What a run draws from its seed. */

import { type Random, seededRandom } from "../platform/mod.ts";

export class Dice {
  readonly #random: Random;

  /** @param purpose Two dice of one seed and different purposes are independent. */
  constructor(seed: number, purpose: number) {
    const mixed = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(purpose + 1, 0xc2b2ae35);
    this.#random = seededRandom(mixed);
  }

  /** A whole number from 0 to `end` − 1. */
  below(end: number): number {
    return this.#random.nextU32() % end;
  }

  /** A whole number from `first` to `last`. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  /** True once in `times`, on average. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}
