/**
 * Who has which task of a client without shared memory, so that the node can answer for a worker
 * that is lost. One word per slot, in the node segment:
 *
 *   0        no task           > 0   block of the task; its word `custodian` says which worker
 *   −1 − w   on its way to worker w, or answered by it and on its way back
 *
 * The door notes a task before it hands it over; the worker notes the block when it has unpacked the
 * task, and its own number again before it gives the block back.
 *
 * Thread rules: the assembling thread; workers write the words of tasks that they have.
 */

import type { HeldTask } from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import type { Allocator, Offset, Segment } from "../memory/mod.ts";
import { H } from "../task/mod.ts";

const PAGE_BYTES = LIMITS.slotsPerPort * 4;

export class WireCustody {
  readonly #node: Segment;
  readonly #heap: Allocator;
  /** One for the slots of each port, made at its first task. */
  readonly #pages: (Offset | undefined)[] = [];
  /** Generation of each slot that has a task under way. */
  readonly #generations = new Map<number, number>();

  constructor(node: Segment, heap: Allocator) {
    this.#node = node;
    this.#heap = heap;
  }

  /** Whether a slot's task is under way. */
  has(slot: number): boolean {
    return this.#generations.has(slot);
  }

  /** Whether no task is under way. */
  get isEmpty(): boolean {
    return this.#generations.size === 0;
  }

  /** Notes a task that goes to a worker. Returns the word that the worker writes. CHI-2001. */
  begin(slot: number, generation: number, worker: number): number {
    const cell = this.#cell(slot);
    this.#generations.set(slot, generation);
    this.#node.i32[cell] = -1 - worker;
    return cell;
  }

  /** The task is answered. */
  end(slot: number): void {
    if (!this.#generations.delete(slot)) return;
    this.#node.i32[this.#cell(slot)] = 0;
  }

  /** The tasks that a worker has. */
  heldBy(worker: number): HeldTask[] {
    const words = this.#node.i32;
    const held: HeldTask[] = [];
    for (const [slot, generation] of this.#generations) {
      const at = words[this.#cell(slot)]!;
      const holder = at > 0 ? words[at + H.custodian]! : -1 - at;
      if (holder === worker) held.push({ slot, generation, block: Math.max(0, at) });
    }
    return held;
  }

  /** Gives the table's memory back. Nothing may be under way. */
  close(): void {
    for (const page of this.#pages) if (page !== undefined) this.#heap.free(page);
    this.#pages.length = 0;
  }

  #cell(slot: number): number {
    const index = Math.floor(slot / LIMITS.slotsPerPort);
    let page = this.#pages[index];
    if (page === undefined) {
      page = this.#heap.alloc(PAGE_BYTES);
      this.#node.u8.fill(0, page, page + PAGE_BYTES);
      this.#pages[index] = page;
    }
    return (page >>> 2) + slot % LIMITS.slotsPerPort;
  }
}
