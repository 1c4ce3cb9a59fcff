/**
 * What an instance of a module leaves behind when its lane moves, and its bytes on the way.
 *
 * A move's parcel is one block of the node segment, written by the worker that the lane leaves and
 * read by the one that it goes to; tasks and the module's own blocks stay where they are.
 *
 *   word 0  bytes of the state            1  version of the state
 *        2  the module's blocks           3  low-latency tasks   4  high-latency tasks
 *        5 … offset and size of each block, then the task blocks in their order (word indices)
 *        then the state, as `node:v8` writes it
 *
 * Thread rules: plain functions; the parcel has one owner at a time.
 */

import { ChimaeraError } from "../errors.ts";
import { type Allocator, asOffset, type Offset, type Segment } from "../memory/mod.ts";
import type { Task } from "../task/mod.ts";
import { HeapBlock } from "./heap_block.ts";
import type { Lane } from "./lane.ts";

const HEAD_WORDS = 5;

/** State of an instance, as `saveState` returns it and `restoreState` gets it. */
export interface SavedState {
  /** Version of what `state` holds: the module's own number, from 0. */
  readonly v: number;
  /** A structured-cloneable value. */
  readonly state: unknown;
  /** Blocks of the node's memory that the new instance owns from now on, in this order. */
  readonly pointers: readonly HeapBlock[];
}

/** Loads the serializer; separate because it costs 20 ms where nobody needs it. */
export function serializer(): Promise<typeof import("node:v8")> {
  return import("node:v8");
}

/** Throws CHI-4018 for something that `saveState` must not return. */
export function checkSaved(saved: SavedState, who: string): void {
  const refuse = (why: string): never => {
    throw new ChimaeraError("laneMoveFailed", { what: `${who}.saveState`, why });
  };
  if (typeof saved !== "object" || saved === null) refuse("it returned no { v, state, pointers }");
  if (!Number.isInteger(saved.v) || saved.v < 0 || saved.v > 0x7fffffff) {
    refuse(`v is ${saved.v}, no version number`);
  }
  if (!Array.isArray(saved.pointers)) refuse("pointers is no array");
  const { pointers } = saved;
  const stranger = pointers.findIndex((block, k) =>
    !(block instanceof HeapBlock && block.isOwned) || pointers.indexOf(block) < k
  );
  if (stranger >= 0) refuse(`pointers[${stranger}] is no block that the instance owns`);
}

/** Writes a parcel: the state, and the tasks that wait on the lane. Throws CHI-2001. */
export function packParcel(
  node: Segment,
  heap: Allocator,
  lane: Lane,
  saved: SavedState,
  state: Uint8Array,
): Offset {
  const { low, high } = lane;
  const words = HEAD_WORDS + 2 * saved.pointers.length + low.length + high.length;
  const parcel = heap.alloc(words * 4 + state.length);
  const to = node.i32;
  let at = parcel >>> 2;
  for (const word of [state.length, saved.v, saved.pointers.length, low.length, high.length]) {
    to[at++] = word;
  }
  for (const block of saved.pointers) {
    to[at++] = block.pointer.offset;
    to[at++] = block.size;
  }
  const note = (task: Task) => void (to[at++] = task.header.block);
  low.forEach(note);
  high.forEach(note);
  node.u8.set(state, parcel + words * 4);
  return parcel;
}

/** A parcel as its receiver reads it. */
export interface Parcel {
  readonly v: number;
  readonly state: Uint8Array;
  readonly blocks: readonly { readonly offset: Offset; readonly size: number }[];
  /** Task blocks, low-latency ones first. */
  readonly tasks: readonly number[];
}

export function readParcel(node: Segment, parcel: Offset): Parcel {
  const from = node.u32;
  let at = parcel >>> 2;
  const [stateBytes, v, blockCount, low, high] = Array.from(
    { length: HEAD_WORDS },
    () => from[at++]!,
  ) as [number, number, number, number, number];
  const blocks = Array.from({ length: blockCount }, () => {
    return { offset: asOffset(from[at++]!), size: from[at++]! };
  });
  const tasks = Array.from({ length: low + high }, () => from[at++]! | 0);
  const state = node.u8.slice(at * 4, at * 4 + stateBytes);
  return { v, state, blocks, tasks };
}
