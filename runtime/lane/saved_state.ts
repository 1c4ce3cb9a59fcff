/**
 * What an instance of a module leaves behind when its lane moves, and its bytes on the way.
 *
 * A move's parcel is one block of the node segment, written by the worker that the lane leaves and
 * read by the one that it goes to; tasks and the module's own blocks stay where they are.
 *
 *   word 0  bytes of the state            1  version of the state
 *        2  the module's blocks           3  low-latency tasks   4  high-latency tasks
 *        5  periodic tasks
 *        6 … offset and size of each of the module's blocks; the task blocks in their order (word
 *        indices; with bit 31 for one that its caller gave up); of each periodic task its block, the
 *        microseconds to its next run, flags: 1 queued (and so among the tasks), 2 ended, and its
 *        cover; then the state, as `node:v8` writes it
 *
 * Thread rules: plain functions; the parcel has one owner at a time.
 */

import { ChimaeraError, toPlacedError } from "../errors.ts";
import { type Allocator, asOffset, type Offset, type Segment } from "../memory/mod.ts";
import { type Task, TaskState } from "../task/mod.ts";
import { HeapBlock } from "./heap_block.ts";
import type { Lane } from "./lane.ts";
import type { Module } from "./module.ts";
import type { MovingPeriodic } from "./periodics.ts";

const HEAD_WORDS = 6;
const GIVEN_UP = 1 << 31;
const PERIODIC_WORDS = 4;
const QUEUED = 1;
const ENDED = 2;

/** State of an instance, as `saveState` returns it and `restoreState` gets it. */
export interface SavedState {
  /** Version of what `state` holds: the module's own number, from 0. */
  readonly v: number;
  /** A structured-cloneable value. */
  readonly state: unknown;
  /** Blocks of the node's memory that the new instance owns from now on, in this order. */
  readonly pointers: readonly HeapBlock[];
}

let loaded: Promise<typeof import("node:v8")> | null = null;

/** Loads the serializer, once; separate because it costs 20 ms where nobody needs it. */
export function serializer(): Promise<typeof import("node:v8")> {
  return loaded ??= import("node:v8");
}

/** What the instance of a lane that moves saves. Throws CHI-4018, or what the module threw. */
export async function saveOf(server: Module, lane: Lane): Promise<SavedState> {
  const who = lane.container.libExec.libName;
  if (server.restoreState === undefined) {
    const why = "it has saveState() and no restoreState()";
    throw new ChimaeraError("laneMoveFailed", { what: `move a lane of ${who}`, why });
  }
  return await savedOf(server, who);
}

/** What an instance saves. Throws CHI-4018, or the module's own error. */
export async function savedOf(server: Module, who: string): Promise<SavedState> {
  let saved: SavedState;
  try {
    saved = await server.saveState!();
  } catch (thrown) {
    throw toPlacedError(thrown, "laneMoveFailed", `${who}.saveState`);
  }
  checkSaved(saved, who);
  return saved;
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
  periodics: readonly MovingPeriodic[],
): Offset {
  const { low, high } = lane;
  const counts = [saved.pointers.length, low.length, high.length, periodics.length];
  const words = HEAD_WORDS + 2 * saved.pointers.length + low.length + high.length +
    PERIODIC_WORDS * periodics.length;
  const parcel = heap.alloc(words * 4 + state.length);
  const to = node.i32;
  let at = parcel >>> 2;
  for (const word of [state.length, saved.v, ...counts]) to[at++] = word;
  for (const block of saved.pointers) {
    to[at++] = block.pointer.offset;
    to[at++] = block.size;
  }
  const note = ({ header: { block, state } }: Task) => {
    to[at++] = block | (state === TaskState.lapsed ? GIVEN_UP : 0);
  };
  low.forEach(note);
  high.forEach(note);
  for (const { block, dueMs, isQueued, isEnded, cover } of periodics) {
    to[at++] = block;
    to[at++] = Math.ceil(dueMs * 1000);
    to[at++] = (isQueued ? QUEUED : 0) | (isEnded ? ENDED : 0);
    to[at++] = cover;
  }
  node.u8.set(state, parcel + words * 4);
  return parcel;
}

/** A parcel as its receiver reads it. */
export interface Parcel {
  readonly v: number;
  readonly state: Uint8Array;
  readonly blocks: readonly { readonly offset: Offset; readonly size: number }[];
  /** Low-latency ones first. */
  readonly tasks: readonly { readonly block: number; readonly isGivenUp: boolean }[];
  readonly periodics: readonly MovingPeriodic[];
}

export function readParcel(node: Segment, parcel: Offset): Parcel {
  const from = node.u32;
  let at = parcel >>> 2;
  const next = () => from[at++]!;
  const [stateBytes, v, blockCount, low, high, periodicCount] = [
    next(),
    next(),
    next(),
    next(),
    next(),
    next(),
  ];
  const blocks = Array.from({ length: blockCount }, () => {
    return { offset: asOffset(next()), size: next() };
  });
  const tasks = Array.from({ length: low + high }, () => {
    const word = next() | 0;
    return { block: word & ~GIVEN_UP, isGivenUp: word < 0 };
  });
  const periodics = Array.from({ length: periodicCount }, (): MovingPeriodic => {
    const [block, dueUs, flags, cover] = [next(), next(), next(), next() | 0];
    const [isQueued, isEnded] = [(flags & QUEUED) !== 0, (flags & ENDED) !== 0];
    return { block, isQueued, isEnded, dueMs: dueUs / 1000, cover };
  });
  const state = node.u8.slice(at * 4, at * 4 + stateBytes);
  return { v, state, blocks, tasks, periodics };
}
