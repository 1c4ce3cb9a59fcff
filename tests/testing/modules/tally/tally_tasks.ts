/** Tasks of trial_tally: a number, and those who add to it. */

import { defineCreateTask, defineTask, IN, OUT } from "chimaera";
import { Method } from "./tally_methods.ts";

/** The library's name. Generated. */
export const libName = "trial_tally";

// CHI_BEGIN(Create)
export class CreateTask extends defineCreateTask(libName, {}) {}
// CHI_END(Create)

// CHI_BEGIN(Add)
/** Adds to the number, on the lane of the one who adds. */
export class AddTask extends defineTask(Method.kAdd, {
  who: IN.u32(),
  amount: IN.u32(),
}) {}
// CHI_END(Add)

// CHI_BEGIN(Read)
/** Reads the number. */
export class ReadTask extends defineTask(Method.kRead, {
  count: OUT.u32(),
}) {}
// CHI_END(Read)

// CHI_BEGIN(Write)
/** Overwrites the number. */
export class WriteTask extends defineTask(Method.kWrite, {
  count: IN.u32(),
}) {}
// CHI_END(Write)
// CHI_AUTOGEN_METHODS  // keep at class bottom
