/**
 * Which worker a port sends a task to.
 *
 * Tasks of one key (pool, priority) go to the worker that last ran one, so that they need not be
 * handed on. The worker changes only while none of the key is under way, which keeps their order.
 * The query is no part of the key: two queries may lead to one lane, and the lane's order is by
 * port and priority alone. Keys share 256 entries: two that collide are only sent the same way.
 *
 * Thread rules: the port's isolate.
 */

import { LIMITS } from "../limits.ts";
import type { TaskHeader } from "../task/mod.ts";

const ENTRIES = 256;

export class PortRoutes {
  readonly #ofSlot = new Uint8Array(LIMITS.slotsPerPort);
  readonly #worker = new Int16Array(ENTRIES).fill(-1);
  readonly #underWay = new Int32Array(ENTRIES);
  readonly #workers: number;

  constructor(workers: number) {
    this.#workers = workers;
  }

  /** The worker for a task that is sent now. */
  begin(header: TaskHeader, homeOf: (poolId: number) => number): number {
    const entry = (header.poolId * 2 + header.prio) & (ENTRIES - 1);
    let worker = this.#worker[entry]!;
    if (worker < 0) {
      worker = homeOf(header.poolId);
      this.#worker[entry] = worker;
    }
    this.#ofSlot[header.slot] = entry;
    this.#underWay[entry]!++;
    return worker;
  }

  /** A task is done; `worker` ran it, −1: none did. */
  end(slot: number, worker: number): void {
    const entry = this.#ofSlot[slot]!;
    if (--this.#underWay[entry]! === 0 && worker >= 0 && worker < this.#workers) {
      this.#worker[entry] = worker;
    }
  }

  /** Where the task of a slot was sent. */
  workerOf(slot: number): number {
    return this.#worker[this.#ofSlot[slot]!]!;
  }
}
