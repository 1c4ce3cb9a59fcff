/** Tasks of tests_loose. Each names the lane that it wants. */

import { defineCreateTask, defineTask, IN, INOUT, OUT } from "chimaera";
import { Method } from "./loose_methods.ts";

/** The library's name. Generated. */
export const libName = "tests_loose";

/** What a handler leaves behind that nobody waits for. */
export const Left = {
  nothing: 0,
  /** A promise that is rejected already. */
  rejection: 1,
  /** One that is rejected after `delayMs`. */
  lateRejection: 2,
  /** A timer whose callback throws after `delayMs`. */
  timer: 3,
  /** A timer of `node:timers` whose callback throws after `delayMs`. */
  nodeTimer: 4,
  /** A microtask that throws. */
  microtask: 5,
  /** A subtask's result that nobody looks at, and that is an error. */
  subtask: 6,
  /** A repeated timer whose callback throws once. */
  interval: 7,
  /** No memory: the heap of its isolate is filled, and the whole process ends. */
  noMemory: 8,
} as const;
export type Left = typeof Left[keyof typeof Left];

// CHI_BEGIN(Create)
/** `other`: pool that the lanes call while they open, 0 for none; `path`: file that they read. */
export class CreateTask extends defineCreateTask(libName, {
  lanes: IN.u32(4),
  other: IN.u32(0),
  path: IN.string(512),
}) {}
// CHI_END(Create)

// CHI_BEGIN(Ok)
export class OkTask extends defineTask(Method.kOk, {
  value: IN.u32(),
  lane: IN.u32(),
  result: OUT.u32(),
}) {}
// CHI_END(Ok)

// CHI_BEGIN(Opened)
/** What the lane's instance found when it opened, and the roots of the subtasks that it sent. */
export class OpenedTask extends defineTask(Method.kOpened, {
  lane: IN.u32(),
  lanesOfPool: OUT.u32(),
  answer: OUT.u32(),
  fileBytes: OUT.u32(),
  rootOrigin: OUT.i32(),
  rootNumber: OUT.i32(),
  depth: OUT.u32(),
}) {}
// CHI_END(Opened)

// CHI_BEGIN(Leave)
/**
 * Leaves `left` behind, named by `name`, and ends after `ms`. A `stuck` handler waits for what its
 * own timer would have resolved, had it not thrown: for ever.
 */
export class LeaveTask extends defineTask(Method.kLeave, {
  left: IN.u32(),
  delayMs: IN.u32(),
  ms: IN.u32(),
  stuck: IN.bool(),
  name: IN.string(32),
  lane: IN.u32(),
  ended: OUT.bool(),
}) {}
// CHI_END(Leave)

// CHI_BEGIN(LeaveSync)
/** As `leave` with `ms` 0, from a handler that is synchronous. */
export class LeaveSyncTask extends defineTask(Method.kLeaveSync, {
  left: IN.u32(),
  delayMs: IN.u32(),
  name: IN.string(32),
  lane: IN.u32(),
}) {}
// CHI_END(LeaveSync)

// CHI_BEGIN(Fill)
/** Leaves a rejection behind, and fills `data` after `ms`, whoever waits for it. */
export class FillTask extends defineTask(Method.kFill, {
  ms: IN.u32(),
  lane: IN.u32(),
  data: INOUT.bulk("dataSize", "dataCapacity"),
  dataCapacity: IN.u64(),
  dataSize: INOUT.u64(),
}) {}
// CHI_END(Fill)

// CHI_BEGIN(Sleep)
export class SleepTask extends defineTask(Method.kSleep, { ms: IN.u32(), lane: IN.u32() }) {}
// CHI_END(Sleep)

// CHI_BEGIN(Race)
/** Lets a subtask of `subtaskMs` on `targetLane` run against a timer; 1: the timer was first. */
export class RaceTask extends defineTask(Method.kRace, {
  subtaskMs: IN.u32(),
  timerMs: IN.u32(),
  targetLane: IN.u32(),
  lane: IN.u32(),
  first: OUT.u32(),
}) {}
// CHI_END(Race)
// CHI_AUTOGEN_METHODS  // keep at class bottom
