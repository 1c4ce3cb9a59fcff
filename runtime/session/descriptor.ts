/**
 * What a port writes into a slot of a submission ring; the words are drawn in `task/header.ts`.
 *
 * Thread rules: the port's isolate, into a slot that it has claimed.
 */

import type { RingProducer } from "../memory/mod.ts";
import { ABORT_POOL, H, type Task } from "../task/mod.ts";

/** A task that is sent. */
export function writeDescriptor(words: Int32Array, at: number, task: Task): void {
  const { header, layout } = task;
  words[at + H.slot] = header.slot;
  words[at + H.generation] = header.generation;
  words[at + H.pool] = header.poolId;
  words[at + H.method] = layout.method;
  words[at + H.layoutHash] = layout.hash;
  words[at + H.queryKind] = header.queryKind;
  words[at + H.queryFirst] = header.queryFirst;
  words[at + H.querySecond] = header.querySecond;
  words[at + H.flags] = header.flags | header.prio;
  words[at + H.periodUs] = header.periodUs;
  words[at + H.fields] = task.$at * 4;
}

/** A task that was given up. False when the ring has no room for it. */
export function writeAbort(ring: RingProducer, task: Task): boolean {
  const at = ring.claim();
  if (at < 0) return false;
  const { words } = ring;
  words[at + H.slot] = task.header.slot;
  words[at + H.generation] = task.header.generation;
  words[at + H.pool] = ABORT_POOL;
  ring.commit();
  return true;
}
