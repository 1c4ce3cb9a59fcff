/** Tasks of trial_mischief: what a test's node must find, or must not be held up by. */

import { defineCreateTask, defineTask, IN, OUT } from "chimaera";
import { Method } from "./mischief_methods.ts";

/** The library's name. Generated. */
export const libName = "trial_mischief";

/** What a handler may wait for outside of its node. */
export const Wait = {
  /** A timer of the engine. */
  timer: 0,
  /** A program. */
  process: 1,
  /** A promise that nobody settles, whatever the caller does. */
  nothing: 2,
  /** The platform's `delay`, which the node knows. */
  delay: 3,
} as const;
export type Wait = typeof Wait[keyof typeof Wait];

// CHI_BEGIN(Create)
export class CreateTask extends defineCreateTask(libName, {}) {}
// CHI_END(Create)

// CHI_BEGIN(Keep)
/** Allocates a block for ever. */
export class KeepTask extends defineTask(Method.kKeep, {
  sizeBytes: IN.u32(),
}) {}
// CHI_END(Keep)

// CHI_BEGIN(Real)
/** Waits for what `how` says. */
export class RealTask extends defineTask(Method.kReal, {
  how: IN.u32(),
}) {}
// CHI_END(Real)

// CHI_BEGIN(Stray)
/** Leaves a promise that is rejected; the handler itself goes on for `ms`. */
export class StrayTask extends defineTask(Method.kStray, {
  ms: IN.u32(),
}) {}
// CHI_END(Stray)

// CHI_BEGIN(Bare)
/** Calls another module without saying for which task. */
export class BareTask extends defineTask(Method.kBare, {}) {}
// CHI_END(Bare)

// CHI_BEGIN(Disk)
/** Writes a file, syncs it and reads it back; returns the bytes that were the same. */
export class DiskTask extends defineTask(Method.kDisk, {
  path: IN.string(256),
  same: OUT.u32(),
}) {}
// CHI_END(Disk)
// CHI_AUTOGEN_METHODS  // keep at class bottom
