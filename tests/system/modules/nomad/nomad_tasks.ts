/** Tasks of tests_nomad. Each names the lane that it wants. */

import { defineCreateTask, defineTask, IN, OUT } from "chimaera";
import { Method } from "./nomad_methods.ts";

/** The library's name. Generated. */
export const libName = "tests_nomad";

/** What goes wrong when a lane of the pool is to move. */
export const Flaw = {
  none: 0,
  saveThrows: 1,
  savesNothing: 2,
  restoreThrows: 3,
  /** Restoring takes longer than the node waits. */
  restoreIsLate: 4,
  createThrowsAgain: 5,
  /** The first move is well, the second is not. */
  restoreThrowsAgain: 6,
} as const;
export type Flaw = typeof Flaw[keyof typeof Flaw];

// CHI_BEGIN(Create)
/** Parameters of a pool whose lanes carry state. */
export class CreateTask extends defineCreateTask(libName, {
  lanes: IN.u32(2),
  /** {@linkcode Flaw}. */
  flaw: IN.u32(),
}) {}
// CHI_END(Create)

// CHI_BEGIN(Step)
/** Counts: what the lane's instance, and those before it, have seen. */
export class StepTask extends defineTask(Method.kStep, {
  lane: IN.u32(),
  /** Whose sequence it is; numbers of its own for each lane and priority. */
  sender: IN.u32(),
  sequence: IN.i32(),
  /** The `sequence` of the same sender before this; −1: none. */
  previous: OUT.i32(),
  /** Place among all steps of the lane. */
  place: OUT.u64(),
  worker: OUT.u32(),
  /** A number of its own for each isolate that has loaded the module. */
  isolate: OUT.f64(),
}) {}
// CHI_END(Step)

// CHI_BEGIN(Pause)
/** Waits `ms`; then, with `calls`, makes so many steps of its own lane. */
export class PauseTask extends defineTask(Method.kPause, {
  lane: IN.u32(),
  ms: IN.u32(),
  calls: IN.u32(),
  /** Whether the instance at its end is the one of its beginning. */
  isSame: OUT.bool(),
  worker: OUT.u32(),
}) {}
// CHI_END(Pause)

// CHI_BEGIN(Keep)
/** Has the lane keep a block of `sizeBytes`, full of `byte`. */
export class KeepTask extends defineTask(Method.kKeep, {
  lane: IN.u32(),
  sizeBytes: IN.u32(),
  byte: IN.u8(),
}) {}
// CHI_END(Keep)

// CHI_BEGIN(Recall)
/** What the lane's blocks hold: their number, the sum of their bytes, and where the first lies. */
export class RecallTask extends defineTask(Method.kRecall, {
  lane: IN.u32(),
  count: OUT.u32(),
  sum: OUT.u64(),
  offset: OUT.u32(),
  /** How often the lane has moved, by its instances. */
  moves: OUT.u32(),
  worker: OUT.u32(),
}) {}
// CHI_END(Recall)
// CHI_AUTOGEN_METHODS  // keep at class bottom
