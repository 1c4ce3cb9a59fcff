/**
 * The order in which a worker's ready lanes take their turns, drawn from a seed. Tests run with
 * one, so that what holds only in the order in which lanes happen to become ready is found;
 * production has none and keeps that order.
 *
 * Each round of turns is shuffled anew. A lane still has one turn per round, and its own queues
 * keep their order: what is promised (first in, first out, per port, lane and priority) holds.
 *
 * Thread rules: one worker's isolate.
 */

import { ChimaeraError } from "../errors.ts";
import { environment, type Random, seededRandom } from "../platform/mod.ts";
import type { Lane } from "./lane.ts";

const VARIABLE = "CHIMAERA_LANE_SEED";

const SEED_MAX = 0xffffffff;

/**
 * The seed that `CHIMAERA_LANE_SEED` names; null where it is unset.
 *
 * @throws CHI-1001 when it is no whole number from 0 to 2^32 − 1.
 */
export function readLaneSeed(): number | null {
  return laneSeedOf(environment(VARIABLE));
}

/** As {@linkcode readLaneSeed}, of the variable's text. */
export function laneSeedOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const seed = Number(text);
  if (Number.isInteger(seed) && seed >= 0 && seed <= SEED_MAX) return seed;
  throw new ChimaeraError("usage", {
    what: `read ${VARIABLE}`,
    why: `"${text}" is no seed`,
    hint: `unset it, or give it a whole number from 0 to ${SEED_MAX}`,
  });
}

export class LaneOrder {
  readonly #random: Random;

  /** @param worker Its number: workers with one seed shuffle differently. */
  constructor(seed: number, worker: number) {
    this.#random = seededRandom(seed ^ Math.imul(worker + 1, 0x9e3779b1));
  }

  /** Puts the lanes in an order of its own, all orders alike. */
  shuffle(lanes: Lane[]): void {
    for (let k = lanes.length - 1; k > 0; k--) {
      const other = this.#random.nextU32() % (k + 1);
      const lane = lanes[k]!;
      lanes[k] = lanes[other]!;
      lanes[other] = lane;
    }
  }
}
