/** Tasks of tests_locking. Each names the lane that it wants. */

import { defineCreateTask, defineTask, IN, INOUT, OUT } from "chimaera";
import { Method } from "./locking_methods.ts";

/** The library's name. Generated. */
export const libName = "tests_locking";

/** The locks of an instance, and how they are entered. */
export const Lock = {
  mutex: 0,
  strictMutex: 1,
  read: 2,
  write: 3,
  strictRead: 4,
  strictWrite: 5,
} as const;
export type Lock = typeof Lock[keyof typeof Lock];

/** What a task does while it holds its lock. */
export const Stay = {
  /** Sleeps `ms` by the worker's clock. */
  sleep: 0,
  /** Awaits a promise that only the event loop resolves. */
  eventLoop: 1,
  /** Has another lane do the same, without a lock. */
  subtask: 2,
  /** Waits until its caller gives up. */
  untilAborted: 3,
} as const;
export type Stay = typeof Stay[keyof typeof Stay];

/** How a task ends. */
export const Ending = { release: 0, throws: 1, keeps: 2 } as const;
export type Ending = typeof Ending[keyof typeof Ending];

// CHI_BEGIN(Create)
/** Parameters of a pool. */
export class CreateTask extends defineCreateTask(libName, { lanes: IN.u32(4) }) {}
// CHI_END(Create)

// CHI_BEGIN(Hold)
/**
 * Enters a lock of its lane's instance, stays there, and leaves. With `depth` it first has a task
 * of `via`, another pool, do nothing but send one like itself here, a `depth` less, and waits.
 */
export class HoldTask extends defineTask(Method.kHold, {
  lane: IN.u32(),
  /** {@linkcode Lock}. */
  lock: IN.u32(),
  /** {@linkcode Stay}. */
  stay: IN.u32(),
  ms: IN.u32(),
  /** {@linkcode Ending}. */
  ending: IN.u32(),
  /** For the lock; 0: for ever. */
  timeoutMs: IN.u32(),
  depth: IN.u32(),
  via: IN.u32(),
  /** In the pool `via`: the pool that the task comes from, and is sent to. */
  back: IN.u32(),
  /** The same for all tasks of a root. */
  family: IN.u32(),
  /** Those who were in the lock at the same time, and must not have been. */
  strangers: OUT.u32(),
  /** Most tasks that were in at once, itself among them. */
  together: OUT.u32(),
  /** Its place among the instance's tasks: as they asked for a lock, and as they came in. */
  asked: OUT.u32(),
  entered: OUT.u32(),
}) {}
// CHI_END(Hold)

// CHI_BEGIN(Fan)
/** Awaits `count` tasks of `hold` at once, all of its own root; sums up `strangers`. */
export class FanTask extends defineTask(Method.kFan, {
  lane: IN.u32(),
  targetLane: IN.u32(),
  lock: IN.u32(),
  count: IN.u32(),
  family: IN.u32(),
  strangers: OUT.u32(),
  together: OUT.u32(),
}) {}
// CHI_END(Fan)

// CHI_BEGIN(State)
/** What a lane's instance has seen. */
export class StateTask extends defineTask(Method.kState, {
  lane: IN.u32(),
  locked: OUT.bool(),
  /** Tasks that wait for a lock. */
  waiting: OUT.u32(),
  /** Tasks that are in one. */
  present: OUT.u32(),
  /** Tasks of `watch` that run, that saw their caller give up, and that knew when they began. */
  watching: OUT.u32(),
  aborted: OUT.u32(),
  bornAborted: OUT.u32(),
}) {}
// CHI_END(State)

// CHI_BEGIN(Watch)
/** Waits until its caller has given up: itself, or a chain of `depth` tasks of the next lanes. */
export class WatchTask extends defineTask(Method.kWatch, {
  lane: IN.u32(),
  depth: IN.u32(),
  /** Ends at once and leaves the chain to itself. */
  leaves: IN.bool(),
  /** For the next of the chain; 0: for ever. */
  timeoutMs: IN.u32(),
}) {}
// CHI_END(Watch)

// CHI_BEGIN(Block)
/** Sets the second byte of `gate`, and keeps its worker busy until the first one is set. */
export class BlockTask extends defineTask(Method.kBlock, {
  lane: IN.u32(),
  gate: INOUT.bulk("gateSize"),
  gateSize: INOUT.u64(),
}) {}
// CHI_END(Block)
// CHI_AUTOGEN_METHODS  // keep at class bottom
