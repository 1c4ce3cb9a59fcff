/** Tasks of sim_busy: each carries a name for the witness, and chooses its lane. */

import { defineCreateTask, defineTask, IN, INOUT, OUT } from "chimaera";
import { Method } from "./busy_methods.ts";

/** The library's name. Generated. */
export const libName = "sim_busy";

/** How kFail fails. */
export const Failure = { throws: 0, rejects: 1, rejectsLater: 2, text: 3 } as const;
export type Failure = typeof Failure[keyof typeof Failure];

/** What kWait waits for: a timer of the worker's loop, of the event loop, or only a turn. */
export const WaitFor = { sleep: 0, timer: 1, microtasks: 2 } as const;
export type WaitFor = typeof WaitFor[keyof typeof WaitFor];

// CHI_BEGIN(Create)
/** Lanes of each of the pool's two groups: low latency, high latency. */
export class CreateTask extends defineCreateTask(libName, {
  lanes: IN.u32(1),
}) {}
// CHI_END(Create)

// CHI_BEGIN(Echo)
/** `result` is `value` + 1. */
export class EchoTask extends defineTask(Method.kEcho, {
  id: IN.u32(),
  lane: IN.u32(),
  value: IN.u32(),
  result: OUT.u32(),
}) {}
// CHI_END(Echo)

// CHI_BEGIN(Wait)
/** Waits `ms`; ends early when its caller gives up. */
export class WaitTask extends defineTask(Method.kWait, {
  id: IN.u32(),
  lane: IN.u32(),
  ms: IN.u32(),
  waitFor: IN.u32(),
}) {}
// CHI_END(Wait)

// CHI_BEGIN(Nest)
/** `width` subtasks on lanes of pool `pool`, each with as many until `depth`; `total` is all. */
export class NestTask extends defineTask(Method.kNest, {
  id: IN.u32(),
  lane: IN.u32(),
  pool: IN.u32(),
  /** 0: all on the lane of this task. */
  laneStep: IN.u32(),
  width: IN.u32(1),
  depth: IN.u32(1),
  total: OUT.u32(),
}) {}
// CHI_END(Nest)

// CHI_BEGIN(Leave)
/** Sends `count` subtasks and waits for none of them. */
export class LeaveTask extends defineTask(Method.kLeave, {
  id: IN.u32(),
  lane: IN.u32(),
  pool: IN.u32(),
  count: IN.u32(1),
}) {}
// CHI_END(Leave)

// CHI_BEGIN(Fail)
/** Fails as `failure` says. */
export class FailTask extends defineTask(Method.kFail, {
  id: IN.u32(),
  lane: IN.u32(),
  failure: IN.u32(),
}) {}
// CHI_END(Fail)

// CHI_BEGIN(Bulk)
/** `sum` of the bytes of `data`; `back` gets their complements, after `ms`. */
export class BulkTask extends defineTask(Method.kBulk, {
  id: IN.u32(),
  lane: IN.u32(),
  ms: IN.u32(),
  data: IN.bulk("dataSize"),
  dataSize: IN.u64(),
  back: OUT.bulk("backSize", "backCapacity"),
  backCapacity: IN.u64(),
  backSize: OUT.u64(),
  sum: OUT.u32(),
}) {}
// CHI_END(Bulk)

// CHI_BEGIN(Beat)
/** For a periodic task: counts its `runs`, and ends with the one of `last`. */
export class BeatTask extends defineTask(Method.kBeat, {
  id: IN.u32(),
  lane: IN.u32(),
  ms: IN.u32(),
  last: IN.u32(1),
  runs: INOUT.u32(),
}) {}
// CHI_END(Beat)

// CHI_BEGIN(Stay)
/** For a long-running task: fails when its caller gives it up. */
export class StayTask extends defineTask(Method.kStay, { id: IN.u32(), lane: IN.u32() }) {}
// CHI_END(Stay)

// CHI_BEGIN(Lock)
/** Holds the lock of its lane for `ms`. */
export class LockTask extends defineTask(Method.kLock, {
  id: IN.u32(),
  lane: IN.u32(),
  ms: IN.u32(),
  isWriter: IN.bool(),
}) {}
// CHI_END(Lock)
// CHI_AUTOGEN_METHODS  // keep at class bottom
