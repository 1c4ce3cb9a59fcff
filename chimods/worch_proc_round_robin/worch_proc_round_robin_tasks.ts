/** Tasks of the worch_proc_round_robin policy. */

import { defineCreateTask } from "chimaera";

/** The library's name. Generated. */
export const libName = "chimaera_worch_proc_round_robin";

// CHI_BEGIN(Create)
/** The policy has no parameters. */
export class CreateTask extends defineCreateTask(libName, {}) {}
// CHI_END(Create)

// CHI_BEGIN(Schedule)
export { ScheduleProcTask as ScheduleTask } from "chimaera";
// CHI_END(Schedule)
// CHI_AUTOGEN_METHODS  // keep at class bottom
