/** Client of trial_mischief. */

import { CreateContext, createMethod, type DomainQuery, ModuleClient, taskMethod } from "chimaera";
import {
  BareTask,
  CreateTask,
  DiskTask,
  KeepTask,
  RealTask,
  StrayTask,
  type Wait,
} from "./mischief_tasks.ts";

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

  // CHI_BEGIN(Keep)
  keep(dom: DomainQuery, sizeBytes: number): Promise<void> {
    return this.asyncKeep.ask(dom, { sizeBytes }, () => {});
  }
  asyncKeep = taskMethod(KeepTask);
  // CHI_END(Keep)

  // CHI_BEGIN(Real)
  real(dom: DomainQuery, how: Wait): Promise<void> {
    return this.asyncReal.ask(dom, { how }, () => {});
  }
  asyncReal = taskMethod(RealTask);
  // CHI_END(Real)

  // CHI_BEGIN(Stray)
  stray(dom: DomainQuery, ms: number): Promise<void> {
    return this.asyncStray.ask(dom, { ms }, () => {});
  }
  asyncStray = taskMethod(StrayTask);
  // CHI_END(Stray)

  // CHI_BEGIN(Bare)
  bare(dom: DomainQuery): Promise<void> {
    return this.asyncBare.ask(dom, {}, () => {});
  }
  asyncBare = taskMethod(BareTask);
  // CHI_END(Bare)

  // CHI_BEGIN(Disk)
  disk(dom: DomainQuery, path: string): Promise<number> {
    return this.asyncDisk.ask(dom, { path }, ({ same }) => same);
  }
  asyncDisk = taskMethod(DiskTask);
  // CHI_END(Disk)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
