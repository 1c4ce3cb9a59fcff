/** Client of tests_steady. */

import {
  CreateContext,
  createMethod,
  type DomainQuery,
  type FieldsOf,
  ModuleClient,
  taskMethod,
} from "chimaera";
import {
  BeatTask,
  CreateTask,
  FlushHereTask,
  ForeverTask,
  HoldTask,
  RelayTask,
  TallyTask,
  TreeTask,
} from "./steady_tasks.ts";

export class Client extends ModuleClient {
  // CHI_BEGIN(Create)
  /** Makes a pool, or finds the one of that name, and binds this client to it. */
  async create(
    dom: DomainQuery,
    affinity: DomainQuery,
    poolName: string,
    ctx: CreateContext = new CreateContext(),
    lanes = 4,
  ): Promise<void> {
    using task = await this.asyncCreate.paced(this, dom, affinity, poolName, ctx, { lanes });
    await task.wait();
    ctx.id = task.id;
    this.init(task.id);
  }
  asyncCreate = createMethod(CreateTask);
  // CHI_END(Create)

  // CHI_BEGIN(Beat)
  asyncBeat = taskMethod(BeatTask);
  // CHI_END(Beat)

  // CHI_BEGIN(Tally)
  /** What the instance of one lane has counted under a key. */
  tally(dom: DomainQuery, key: number, lane: number): Promise<number> {
    return this.asyncTally.ask(dom, { key, lane }, (task) => task.count);
  }
  asyncTally = taskMethod(TallyTask);
  // CHI_END(Tally)

  // CHI_BEGIN(Relay)
  /** Returns the runs of the task that the handler sent. */
  relay(dom: DomainQuery, fields: FieldsOf<RelayTask>): Promise<number> {
    return this.asyncRelay.ask(dom, fields, (task) => task.runs);
  }
  asyncRelay = taskMethod(RelayTask);
  // CHI_END(Relay)

  // CHI_BEGIN(Tree)
  asyncTree = taskMethod(TreeTask);
  // CHI_END(Tree)

  // CHI_BEGIN(Forever)
  asyncForever = taskMethod(ForeverTask);
  // CHI_END(Forever)

  // CHI_BEGIN(FlushHere)
  /** Returns how many tasks of its trees had run. */
  async flushHere(dom: DomainQuery, fields: FieldsOf<FlushHereTask>): Promise<number> {
    using task = this.asyncFlushHere(dom, fields);
    await task.wait();
    return task.found;
  }
  asyncFlushHere = taskMethod(FlushHereTask);
  // CHI_END(FlushHere)

  // CHI_BEGIN(Hold)
  asyncHold = taskMethod(HoldTask);
  // CHI_END(Hold)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
