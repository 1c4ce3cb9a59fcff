/**
 * What goes wrong in a simulated node from outside, as often as a test asks for and when the seed
 * says so.
 *
 * Thread rules: one isolate.
 */

import { ChimaeraError, type ErrorName, toChimaeraError } from "../errors.ts";
import { Heap, type LiveBlock, liveBlocks } from "../memory/mod.ts";
import type { Node } from "../node.ts";
import { Dice } from "./dice.ts";
import { MemoryHog } from "./memory_hog.ts";
import type { SimulatedWorkers } from "./simulated_workers.ts";
import { FIRST_CLIENT, HOST, type World } from "./world.ts";

/**
 * How often each thing goes wrong in a simulated node: its chance at each step, from 0 to 1. A short
 * test has some hundred steps. What is left out does not happen.
 */
export interface Faults {
  /** A worker, the node, or the test itself gets no processor for a while. */
  readonly pause?: number;
  /** Somebody who sleeps is woken, and finds nothing. */
  readonly wakeForNothing?: number;
  /** All of the node's memory is in use for a while: what needs some fails with CHI-2001. */
  readonly fillMemory?: number;
  /** A lane of any pool goes to another worker: its state by `saveState`, if the module has that. */
  readonly moveLane?: number;
  /** A fresh thread takes a worker's place, while its lanes are used. */
  readonly recycleWorker?: number;
  /** A worker's thread dies, once in a run: tasks that it had fail with CHI-4008. */
  readonly loseWorker?: number;
}

/** Name of a thing that may go wrong. */
export type FaultName = keyof Faults;

const NAMES: readonly FaultName[] = [
  "pause",
  "wakeForNothing",
  "fillMemory",
  "moveLane",
  "recycleWorker",
  "loseWorker",
];

/** What a move or a recycling may meet that is nobody's mistake. */
const REFUSALS: readonly ErrorName[] = [
  "laneBusy",
  "noLane",
  "poolNotFound",
  "recycleFailed",
  "outOfMemory",
  "workerDied",
  "shutdown",
];

/** From what a busy machine does all the time to what a stopped one does. */
const PAUSES_MS = [0.2, 1, 5, 20, 200] as const;
const RATE_PARTS = 1_000_000;

/** Throws CHI-1001 for faults that there are not. */
export function checkFaults(faults: Faults): void {
  for (const [name, rate] of Object.entries(faults)) {
    const isKnown = (NAMES as readonly string[]).includes(name);
    if (isKnown && (rate === undefined || (rate >= 0 && rate <= 1))) continue;
    throw new ChimaeraError("usage", {
      what: `fault ${name}`,
      why: isKnown ? `${rate} is no chance from 0 to 1` : "there is no such fault",
      hint: `choose among ${NAMES.join(", ")}`,
    });
  }
}

export interface MishapsOptions {
  readonly seed: number;
  readonly faults: Faults;
  readonly world: World;
  readonly workers: SimulatedWorkers;
  readonly node: Node;
  /** A module could not do what a fault asked of it. */
  readonly onFailure: (error: ChimaeraError) => void;
}

export class Mishaps {
  /** How often each thing has gone wrong. */
  readonly counts: Record<FaultName, number> = {
    pause: 0,
    wakeForNothing: 0,
    fillMemory: 0,
    moveLane: 0,
    recycleWorker: 0,
    loseWorker: 0,
  };
  /** What was in use when a worker was lost: some of it was that one's. */
  readonly usedAtLoss: LiveBlock[] = [];
  readonly #options: MishapsOptions;
  readonly #dice: Dice;
  readonly #hog: MemoryHog;
  readonly #happen: Readonly<Record<FaultName, () => boolean>> = {
    pause: () => this.#pause(),
    wakeForNothing: () => this.#options.world.wakeOne(),
    fillMemory: () => this.#fillMemory(),
    moveLane: () => this.#moveLane(),
    recycleWorker: () => this.#recycleWorker(),
    loseWorker: () => this.#loseWorker(),
  };
  /** Moves and recyclings that are under way. */
  readonly #underWay = new Set<Promise<unknown>>();
  #isOn = false;

  constructor(options: MishapsOptions) {
    this.#options = options;
    this.#dice = new Dice(options.seed, 3);
    this.#hog = new MemoryHog(new Heap(options.node.segment));
  }

  /** From now on things go wrong. */
  begin(): void {
    this.#isOn = true;
  }

  /** After each step: what the dice say. */
  step(): void {
    if (!this.#isOn) return;
    for (const name of NAMES) {
      const rate = this.#options.faults[name] ?? 0;
      if (rate === 0 || this.#dice.below(RATE_PARTS) >= rate * RATE_PARTS) continue;
      if (this.#happen[name]()) this.counts[name]++;
    }
  }

  /** Nothing goes wrong from now on, and what was taken is given back. */
  async end(): Promise<void> {
    this.#isOn = false;
    this.#hog.release();
    await Promise.all(this.#underWay);
  }

  #pause(): boolean {
    const { world, workers, node } = this.#options;
    const owners = [HOST, FIRST_CLIENT];
    for (let id = 0; id < node.workers; id++) owners.push(workers.ownerOf(id) ?? HOST);
    world.stall(this.#dice.pick(owners), this.#dice.pick(PAUSES_MS));
    return true;
  }

  #fillMemory(): boolean {
    if (this.#hog.isFull) this.#hog.release();
    else this.#hog.take(this.#dice.pick([64, 4096, 65536]));
    return this.#hog.isFull;
  }

  #moveLane(): boolean {
    const { node } = this.#options;
    const pool = this.#dice.pick(node.pools.list());
    const lane = this.#dice.pick(pool.lanes);
    const worker = this.#dice.below(node.workers);
    if (lane.worker === worker) return false;
    const { group, index } = lane;
    this.#ask(() => node.moves.move({ poolId: pool.id, group, index, worker }));
    return true;
  }

  #recycleWorker(): boolean {
    const { node } = this.#options;
    if (node.workers < 2) return false;
    const worker = this.#dice.below(node.workers);
    this.#ask(() => node.recycling.recycle(worker));
    return true;
  }

  #ask(call: () => Promise<unknown>): void {
    const asked = this.#options.world.as(HOST, call).then(() => {}, (thrown) => {
      const kind = thrown instanceof ChimaeraError ? thrown.kind : null;
      if (kind !== null && (this.counts.loseWorker > 0 || REFUSALS.includes(kind))) return;
      this.#options.onFailure(toChimaeraError(thrown, "internal", "simulated fault"));
    }).then(() => void this.#underWay.delete(asked));
    this.#underWay.add(asked);
  }

  #loseWorker(): boolean {
    const { node, workers } = this.#options;
    if (this.counts.loseWorker > 0 || this.#underWay.size > 0) return false;
    const used = liveBlocks(node.segment);
    if (!workers.kill(this.#dice.below(node.workers))) return false;
    this.usedAtLoss.push(...used);
    return true;
  }
}
