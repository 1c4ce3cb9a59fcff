/**
 * What names the root of a task graph: two words, its origin and its number there. They are the
 * identity of everything that belongs to one root, such as a re-entrant lock, so two roots that
 * live at the same time never have the same pair.
 *
 *   root                                origin              number
 *   a task of a port                    port number, ≥ 0    slot and generation
 *   a task that came over the socket    −session, < 0       slot and generation
 *   a module that starts, on a worker   −2³¹ + worker       counted
 *
 * A slot is used again as soon as its task is answered, so the generation is in the number.
 *
 * Thread rules: none; plain values.
 */

import { LIMITS } from "../limits.ts";

/** Slots of all ports of a session without shared memory, which are numbered through. */
const WIRE_SLOTS = LIMITS.portsPerSession * LIMITS.slotsPerPort;
const FIRST_WORKER_ORIGIN = -(2 ** 31);

/** Root number of a task of a port. */
export function portRoot(slot: number, generation: number): number {
  return (Math.imul(generation, LIMITS.slotsPerPort) + slot) | 0;
}

/** Root number of a task that came over the socket. */
export function wireRoot(slot: number, generation: number): number {
  return (Math.imul(generation, WIRE_SLOTS) + slot) | 0;
}

/** Origin of the roots that a worker makes itself; far from any session's. */
export function workerRootOrigin(worker: number): number {
  return FIRST_WORKER_ORIGIN + worker;
}
