/** Client of tests_one_worker. */

import { CreateContext, createMethod, type DomainQuery, ModuleClient, taskMethod } from "chimaera";
import { Answer, CreateTask, ScheduleTask } from "./one_worker_tasks.ts";

export class Client extends ModuleClient {
  // CHI_BEGIN(Create)
  /** Makes a pool, or finds the one of that name, and binds this client to it. */
  async create(
    dom: DomainQuery,
    affinity: DomainQuery,
    poolName: string,
    ctx: CreateContext = new CreateContext(),
    answer: Answer = Answer.right,
  ): Promise<void> {
    using task = await this.asyncCreate.paced(this, dom, affinity, poolName, ctx, { answer });
    await task.wait();
    ctx.id = task.id;
    this.init(task.id);
  }
  asyncCreate = createMethod(CreateTask);
  // CHI_END(Create)

  // CHI_BEGIN(Schedule)
  asyncSchedule = taskMethod(ScheduleTask);
  // CHI_END(Schedule)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
