/** Tasks of tests_pressing: handlers that send more than others can run, from where they may. */

import { defineCreateTask, defineTask, IN, OUT } from "chimaera";
import { Method } from "./pressing_methods.ts";

/** The library's name. Generated. */
export const libName = "tests_pressing";

/** Lane groups of a pool. */
export const Group = {
  /** `lanes` of them: everything but the following. */
  control: 0,
  /** 32 lanes. */
  data: 1,
  /** One lane, for tasks that run for ever. */
  forever: 2,
} as const;

/** How the lane of a `look` is chosen. */
export const Pick = {
  byIndex: 0,
  byHash: 1,
  leastLoaded: 2,
} as const;
export type Pick = typeof Pick[keyof typeof Pick];

/** What a flood does when there is no room. */
export const Manner = {
  /** Ends, with the code of the error. */
  told: 0,
  /** Waits. */
  paced: 1,
  /** Waits, and waits for each task. */
  asked: 2,
} as const;
export type Manner = typeof Manner[keyof typeof Manner];

/** Where a handler sends a task from. */
export const From = {
  timer: 0,
  foreignPromise: 1,
  afterFile: 2,
} as const;
export type From = typeof From[keyof typeof From];

// CHI_BEGIN(Create)
/** Parameters of a pool. */
export class CreateTask extends defineCreateTask(libName, {
  /** Of the group `control`. */
  lanes: IN.u32(4),
}) {}
// CHI_END(Create)

// CHI_BEGIN(Look)
/** Says where it ran, after `us` in which it keeps its worker busy. */
export class LookTask extends defineTask(Method.kLook, {
  group: IN.u32(),
  /** Index or hash of the lane, as `pick` says. */
  lane: IN.u32(),
  pick: IN.u32(),
  us: IN.u32(),
  ranIn: OUT.u32(),
  ranOn: OUT.u32(),
}) {}
// CHI_END(Look)

// CHI_BEGIN(Forever)
/** Goes on until its caller gives up. */
export class ForeverTask extends defineTask(Method.kForever, {}) {}
// CHI_END(Forever)

// CHI_BEGIN(Flood)
/** Sends `count` tasks to lane `targetLane`, as fast as it may. */
export class FloodTask extends defineTask(Method.kFlood, {
  lane: IN.u32(),
  targetLane: IN.u32(),
  count: IN.u32(),
  manner: IN.u32(),
  sent: OUT.u32(),
  /** Number of the error that it was told. */
  code: OUT.u32(),
}) {}
// CHI_END(Flood)

// CHI_BEGIN(Bounce)
/** Awaits a task like itself on `otherLane`, which awaits one on this lane, `depth` deep. */
export class BounceTask extends defineTask(Method.kBounce, {
  lane: IN.u32(),
  otherLane: IN.u32(),
  depth: IN.u32(),
  /** Tasks that ran, this one included. */
  ran: OUT.u32(),
}) {}
// CHI_END(Bounce)

// CHI_BEGIN(Outside)
/** Awaits a task of `targetLane` that was sent from outside the worker's pass; see `From`. */
export class OutsideTask extends defineTask(Method.kOutside, {
  lane: IN.u32(),
  targetLane: IN.u32(),
  from: IN.u32(),
  ranOn: OUT.u32(),
}) {}
// CHI_END(Outside)
// CHI_AUTOGEN_METHODS  // keep at class bottom
