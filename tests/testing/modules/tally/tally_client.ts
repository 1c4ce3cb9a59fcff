/** Client of trial_tally. */

import { CreateContext, createMethod, type DomainQuery, ModuleClient, taskMethod } from "chimaera";
import { AddTask, CreateTask, ReadTask, WriteTask } from "./tally_tasks.ts";

export class Client extends ModuleClient {
  // CHI_BEGIN(Create)
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

  // CHI_BEGIN(Add)
  add(dom: DomainQuery, who: number, amount: number): Promise<void> {
    return this.asyncAdd.ask(dom, { who, amount }, () => {});
  }
  asyncAdd = taskMethod(AddTask);
  // CHI_END(Add)

  // CHI_BEGIN(Read)
  read(dom: DomainQuery): Promise<number> {
    return this.asyncRead.ask(dom, {}, ({ count }) => count);
  }
  asyncRead = taskMethod(ReadTask);
  // CHI_END(Read)

  // CHI_BEGIN(Write)
  write(dom: DomainQuery, count: number): Promise<void> {
    return this.asyncWrite.ask(dom, { count }, () => {});
  }
  asyncWrite = taskMethod(WriteTask);
  // CHI_END(Write)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
