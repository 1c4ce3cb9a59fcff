/** Client of tests_nomad. */

import { CreateContext, createMethod, type DomainQuery, ModuleClient, taskMethod } from "chimaera";
import { CreateTask, Flaw, KeepTask, PauseTask, RecallTask, StepTask } from "./nomad_tasks.ts";

/** What a lane remembers. */
export interface Memory {
  readonly count: number;
  readonly sum: number;
  readonly offset: number;
  readonly moves: number;
  readonly worker: number;
}

export class Client extends ModuleClient {
  // CHI_BEGIN(Create)
  /** Makes a pool, or finds the one of that name, and binds this client to it. */
  async create(
    dom: DomainQuery,
    affinity: DomainQuery,
    poolName: string,
    ctx: CreateContext = new CreateContext(),
    lanes = 2,
    flaw: Flaw = Flaw.none,
  ): Promise<void> {
    using task = await this.asyncCreate.paced(this, dom, affinity, poolName, ctx, { lanes, flaw });
    await task.wait();
    ctx.id = task.id;
    this.init(task.id);
  }
  asyncCreate = createMethod(CreateTask);
  // CHI_END(Create)

  // CHI_BEGIN(Step)
  asyncStep = taskMethod(StepTask);
  // CHI_END(Step)

  // CHI_BEGIN(Pause)
  asyncPause = taskMethod(PauseTask);
  // CHI_END(Pause)

  // CHI_BEGIN(Keep)
  keep(dom: DomainQuery, lane: number, sizeBytes: number, byte: number): Promise<void> {
    return this.asyncKeep.ask(dom, { lane, sizeBytes, byte });
  }
  asyncKeep = taskMethod(KeepTask);
  // CHI_END(Keep)

  // CHI_BEGIN(Recall)
  async recall(dom: DomainQuery, lane: number): Promise<Memory> {
    using task = await this.asyncRecall.paced(dom, { lane });
    await task.wait();
    const { count, sum, offset, moves, worker } = task;
    return { count, sum, offset, moves, worker };
  }
  asyncRecall = taskMethod(RecallTask);
  // CHI_END(Recall)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
