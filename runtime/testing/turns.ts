/**
 * Whose turn it is in a simulated world: some threads are slow in all of a run, and whoever went on
 * last may be likelier to go on again.
 *
 * Thread rules: none; plain values.
 */

import type { Dice } from "./dice.ts";
import type { Ready } from "./waiting.ts";

const STICKINESS = [0, 0, 1, 3, 7] as const;
const WEIGHTS = [1, 4, 16, 16, 16] as const;

export class Turns {
  /** Times that there was a choice between several owners. */
  points = 0;
  readonly #dice: Dice;
  readonly #weights: number[] = [];
  readonly #stickiness: number;
  #lastOwner: number;

  constructor(dice: Dice, firstOwner: number) {
    this.#dice = dice;
    this.#lastOwner = firstOwner;
    this.#stickiness = dice.pick(STICKINESS);
  }

  /** One of those who may go on; there is one. */
  choose(choices: readonly Ready[]): Ready {
    const chosen = this.#choose(choices);
    this.#lastOwner = chosen.owner;
    return chosen;
  }

  #choose(choices: readonly Ready[]): Ready {
    if (choices.length === 1) return choices[0]!;
    if (choices.some(({ owner }) => owner !== choices[0]!.owner)) this.points++;
    const same = choices.filter(({ owner }) => owner === this.#lastOwner);
    if (same.length > 0 && this.#dice.below(1 + this.#stickiness) > 0) return this.#dice.pick(same);
    let total = 0;
    for (const { owner } of choices) total += this.#weightOf(owner);
    let left = this.#dice.below(total);
    for (const choice of choices) {
      left -= this.#weightOf(choice.owner);
      if (left < 0) return choice;
    }
    return choices[0]!;
  }

  /** Some threads are slow in all of a run. */
  #weightOf(owner: number): number {
    return this.#weights[owner] ??= this.#dice.pick(WEIGHTS);
  }
}
