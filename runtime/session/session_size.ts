/** The smallest session that is of use: its first port takes memory for each worker of the node. */

import { portRingsBytes } from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import { PAGE_BYTES } from "../memory/mod.ts";

/** For the heap's own tables, task slots, error records and blocks of tasks. */
const BESIDES_BYTES = 16 << 20;

/**
 * Bytes of the smallest session with a node of so many workers. The heap hands out the rings as a
 * power of two, and the debug heap puts a fence around them.
 */
export function smallestSessionBytes(workers: number): number {
  const ringsBytes = 2 ** Math.ceil(Math.log2(portRingsBytes(workers) + PAGE_BYTES));
  return Math.max(LIMITS.sessionBytesMin, ringsBytes + BESIDES_BYTES);
}
