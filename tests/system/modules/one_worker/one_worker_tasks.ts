/** Tasks of tests_one_worker. */

import { defineCreateTask, IN } from "chimaera";

/** The library's name. Generated. */
export const libName = "tests_one_worker";

/** What the policy answers: all lanes to worker 0, or something that makes no sense. */
export const Answer = { right: 0, tooFew: 1, noSuchWorker: 2, throws: 3, wrongLater: 4 } as const;
export type Answer = typeof Answer[keyof typeof Answer];

// CHI_BEGIN(Create)
/** Parameters of a policy. */
export class CreateTask extends defineCreateTask(libName, {
  /** {@linkcode Answer}. */
  answer: IN.u32(),
}) {}
// CHI_END(Create)

// CHI_BEGIN(Schedule)
export { ScheduleQueueTask as ScheduleTask } from "chimaera";
// CHI_END(Schedule)
// CHI_AUTOGEN_METHODS  // keep at class bottom
