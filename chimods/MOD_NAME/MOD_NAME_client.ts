/** Client of the MOD_NAME module. */

import { CreateContext, createMethod, type DomainQuery, ModuleClient } from "chimaera";
import { CreateTask } from "./MOD_NAME_tasks.ts";

export class Client extends ModuleClient {
  // CHI_BEGIN(Create)
  /** Makes a pool, or finds the one of that name, and binds this client to it. */
  async create(
    dom: DomainQuery,
    affinity: DomainQuery,
    poolName: string,
    ctx: CreateContext = new CreateContext(),
  ): Promise<void> {
    using task = await this.asyncCreate.paced(this, dom, affinity, poolName, ctx);
    await task.wait();
    ctx.id = task.id;
    this.init(task.id);
  }
  asyncCreate = createMethod(CreateTask);
  // CHI_END(Create)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
