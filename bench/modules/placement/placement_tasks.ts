/** Tasks of bench_placement. */

import { defineCreateTask, IN } from "chimaera";

/** The library's name. Generated. */
export const libName = "bench_placement";

// CHI_BEGIN(Create)
/** A policy that binds every worker to one processor. */
export class CreateTask extends defineCreateTask(libName, {
  /** Number of the processor. */
  cpu: IN.i32(0),
}) {}
// CHI_END(Create)

// CHI_BEGIN(Schedule)
export { ScheduleProcTask as ScheduleTask } from "chimaera";
// CHI_END(Schedule)
// CHI_AUTOGEN_METHODS  // keep at class bottom
