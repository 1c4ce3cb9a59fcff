/**
 * A model of a port's task slots: a slot is used again and again, and its generation says which
 * task a completion belongs to (TaskId = segment, slot, generation).
 */

/** A slot and the use of it that is meant. */
export interface TaskId {
  readonly slot: number;
  readonly generation: number;
}

export class SlotTable {
  readonly #generations: number[];
  readonly #busy: boolean[];

  constructor(slots: number) {
    this.#generations = new Array(slots).fill(0);
    this.#busy = new Array(slots).fill(false);
  }

  /** A free slot in its next generation; null when all are in use. */
  claim(): TaskId | null {
    const slot = this.#busy.indexOf(false);
    if (slot < 0) return null;
    this.#busy[slot] = true;
    return { slot, generation: ++this.#generations[slot]! };
  }

  /** Ends the task, if this is still about it; false for a completion of a stale generation. */
  complete(id: TaskId): boolean {
    if (!this.isCurrent(id)) return false;
    this.#busy[id.slot] = false;
    return true;
  }

  /** Whether a completion is about the task that has the slot now. */
  protected isCurrent(id: TaskId): boolean {
    return this.isBusy(id.slot) && this.#generations[id.slot] === id.generation;
  }

  protected isBusy(slot: number): boolean {
    return this.#busy[slot] === true;
  }
}
