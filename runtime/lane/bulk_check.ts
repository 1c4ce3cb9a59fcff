/**
 * What a task's bulk fields promise a handler, read from the copy in the task's block.
 *
 * Thread rules: plain functions of memory that only this worker writes.
 */

import { ChimaeraError } from "../errors.ts";
import { type BulkPlace, Direction, type Task } from "../task/mod.ts";

function sizeAt(words: Uint32Array, at: number): number {
  return words[at]! + words[at + 1]! * 4294967296;
}

/** Bytes that the handler may reach through a bulk field; `base` is the first field's word. */
export function reachOf(words: Uint32Array, base: number, bulk: BulkPlace): number {
  const bounded = bulk.capacityWord >= 0 && (bulk.direction & Direction.out) !== 0;
  return sizeAt(words, base + (bounded ? bulk.capacityWord : bulk.sizeWord));
}

/** The error of a bulk that holds more than there is room for; null when it fits. */
export function checkCapacity(
  words: Uint32Array,
  base: number,
  bulk: BulkPlace,
): ChimaeraError | null {
  if (bulk.capacityWord < 0) return null;
  const size = sizeAt(words, base + bulk.sizeWord);
  const room = sizeAt(words, base + bulk.capacityWord);
  if (size <= room) return null;
  const why = `${size} bytes, there is room for ${room}`;
  return new ChimaeraError("sizeAboveCapacity", { what: `field ${bulk.name}`, why });
}

/** A handler must not report more bytes than there was room for. */
export function checkOut(words: Uint32Array, task: Task): ChimaeraError | null {
  const bulks = task.layout.bulks;
  for (let k = 0; k < bulks.length; k++) {
    const bulk = bulks[k]!;
    if ((bulk.direction & Direction.out) === 0) continue;
    const error = checkCapacity(words, task.$at, bulk);
    if (error !== null) return error;
  }
  return null;
}
