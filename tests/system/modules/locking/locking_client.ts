/** Client of tests_locking. */

import {
  CreateContext,
  createMethod,
  type DomainQuery,
  type FieldsOf,
  ModuleClient,
  taskMethod,
} from "chimaera";
import { BlockTask, CreateTask, FanTask, HoldTask, StateTask, WatchTask } from "./locking_tasks.ts";

/** What a task of `hold` or `fan` saw. */
export interface Seen {
  readonly strangers: number;
  readonly together: number;
}

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

  // CHI_BEGIN(Hold)
  async hold(
    dom: DomainQuery,
    fields: FieldsOf<HoldTask>,
  ): Promise<Seen & { asked: number; entered: number }> {
    using task = await this.asyncHold.paced(dom, fields);
    await task.wait();
    const { strangers, together, asked, entered } = task;
    return { strangers, together, asked, entered };
  }
  asyncHold = taskMethod(HoldTask);
  // CHI_END(Hold)

  // CHI_BEGIN(Fan)
  async fan(dom: DomainQuery, fields: FieldsOf<FanTask>): Promise<Seen> {
    using task = await this.asyncFan.paced(dom, fields);
    await task.wait();
    const { strangers, together } = task;
    return { strangers, together };
  }
  asyncFan = taskMethod(FanTask);
  // CHI_END(Fan)

  // CHI_BEGIN(State)
  /** What the instances of so many lanes have seen, added up. */
  async state(dom: DomainQuery, lanes = 1) {
    const sum = { locked: 0, waiting: 0, present: 0, watching: 0, aborted: 0, bornAborted: 0 };
    for (let lane = 0; lane < lanes; lane++) {
      using task = await this.asyncState.paced(dom, { lane });
      await task.wait();
      sum.locked += Number(task.locked);
      sum.waiting += task.waiting;
      sum.present += task.present;
      sum.watching += task.watching;
      sum.aborted += task.aborted;
      sum.bornAborted += task.bornAborted;
    }
    return sum;
  }
  asyncState = taskMethod(StateTask);
  // CHI_END(State)

  // CHI_BEGIN(Watch)
  asyncWatch = taskMethod(WatchTask);
  // CHI_END(Watch)

  // CHI_BEGIN(Block)
  asyncBlock = taskMethod(BlockTask);
  // CHI_END(Block)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
