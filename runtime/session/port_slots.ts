/**
 * A port's task slots: which are free, their generations, and the tasks that run in them.
 *
 * A slot's generation changes when it is given back, so an answer that comes late for an earlier
 * task of the slot is known as such.
 *
 * Thread rules: the port's isolate.
 */

import { LIMITS } from "../limits.ts";
import type { Task } from "../task/mod.ts";

const SLOTS = LIMITS.slotsPerPort;

export class PortSlots {
  readonly #free = new Uint16Array(SLOTS);
  readonly #generation = new Int32Array(SLOTS);
  readonly #running: (Task | null)[] = new Array(SLOTS).fill(null);
  freeCount: number = SLOTS;

  constructor() {
    for (let slot = 0; slot < SLOTS; slot++) this.#free[slot] = SLOTS - 1 - slot;
  }

  /** A free slot; there must be one. */
  take(): number {
    return this.#free[--this.freeCount]!;
  }

  give(slot: number): void {
    this.#generation[slot] = (this.#generation[slot]! + 1) | 0;
    this.#free[this.freeCount++] = slot;
  }

  generationOf(slot: number): number {
    return this.#generation[slot]!;
  }

  begin(slot: number, task: Task): void {
    this.#running[slot] = task;
  }

  /** The task that an answer is for, which runs no more; null for an answer that came too late. */
  end(slot: number, generation: number): Task | null {
    const task = this.#running[slot];
    if (!task || this.#generation[slot] !== generation) return null;
    this.#running[slot] = null;
    return task;
  }

  /** The running task of a slot. */
  at(slot: number): Task | null {
    return this.#running[slot] ?? null;
  }

  /** All running tasks. */
  get running(): Task[] {
    return this.#running.filter((task) => task !== null);
  }
}
