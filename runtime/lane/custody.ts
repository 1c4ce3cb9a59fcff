/**
 * Which tasks of a port are in the runtime's hands, in memory of the node, so that another thread
 * can answer for a worker that is lost.
 *
 *   word 0 … slots − 1    block of the task that has this slot of the port; 0: none
 *   word slots + worker   tail of that worker's completion ring, published or not
 *
 * The worker that takes a task notes its block, the one that answers it clears the note, with plain
 * stores: a slot is in one worker's hands at a time, and links order what passes between two. The
 * block's own word `custodian` says whose hands. A worker that is lost in the middle of a pass has
 * answered tasks and not published the answers; the tail says how many.
 *
 * Thread rules: as above; the thread that assembled the node reads when the worker has stopped.
 */

import { LIMITS } from "../limits.ts";
import { H } from "../task/mod.ts";

/** Bytes of one port's table. */
export function custodyBytes(workers: number): number {
  return (LIMITS.slotsPerPort + workers) * 4;
}

/** Word of a worker's completion tail in a table. */
export function tailWord(custody: number, worker: number): number {
  return custody + LIMITS.slotsPerPort + worker;
}

/** A task of a client that a lost worker had. */
export interface HeldTask {
  readonly slot: number;
  readonly generation: number;
  /** Word index of its block; 0: it had none yet. */
  readonly block: number;
}

/** Whether no task of the table is in the runtime's hands. */
export function isCustodyEmpty(words: Int32Array, custody: number): boolean {
  for (let slot = 0; slot < LIMITS.slotsPerPort; slot++) {
    if (words[custody + slot] !== 0) return false;
  }
  return true;
}

/** The tasks of a table that one worker has. */
export function heldBy(words: Int32Array, custody: number, worker: number): HeldTask[] {
  const held: HeldTask[] = [];
  for (let slot = 0; slot < LIMITS.slotsPerPort; slot++) {
    const block = words[custody + slot]!;
    if (block === 0 || words[block + H.custodian] !== worker) continue;
    held.push({ slot, generation: words[block + H.generation]!, block });
  }
  return held;
}
