/** Client of tests_loose. */

import {
  type Block,
  CreateContext,
  createMethod,
  type DomainQuery,
  type FieldsOf,
  ModuleClient,
  taskMethod,
} from "chimaera";
import {
  CreateTask,
  FillTask,
  LeaveSyncTask,
  LeaveTask,
  OkTask,
  OpenedTask,
  RaceTask,
  SleepTask,
} from "./loose_tasks.ts";

export class Client extends ModuleClient {
  // CHI_BEGIN(Create)
  /** Makes a pool, or finds the one of that name, and binds this client to it. */
  async create(
    dom: DomainQuery,
    affinity: DomainQuery,
    poolName: string,
    ctx: CreateContext = new CreateContext(),
    params: FieldsOf<CreateTask> = {},
  ): Promise<void> {
    using task = await this.asyncCreate.paced(this, dom, affinity, poolName, ctx, params);
    await task.wait();
    ctx.id = task.id;
    this.init(task.id);
  }
  asyncCreate = createMethod(CreateTask);
  // CHI_END(Create)

  // CHI_BEGIN(Ok)
  /** Returns `value` + 1. */
  ok(dom: DomainQuery, value: number, lane = 0): Promise<number> {
    return this.asyncOk.ask(dom, { value, lane }, (task) => task.result);
  }
  asyncOk = taskMethod(OkTask);
  // CHI_END(Ok)

  // CHI_BEGIN(Opened)
  asyncOpened = taskMethod(OpenedTask);
  // CHI_END(Opened)

  // CHI_BEGIN(Leave)
  /** Returns whether the handler came to its end. */
  leave(dom: DomainQuery, fields: FieldsOf<LeaveTask>): Promise<boolean> {
    return this.asyncLeave.ask(dom, fields, (task) => task.ended);
  }
  asyncLeave = taskMethod(LeaveTask);
  // CHI_END(Leave)

  // CHI_BEGIN(LeaveSync)
  leaveSync(dom: DomainQuery, fields: FieldsOf<LeaveSyncTask>): Promise<void> {
    return this.asyncLeaveSync.ask(dom, fields);
  }
  asyncLeaveSync = taskMethod(LeaveSyncTask);
  // CHI_END(LeaveSync)

  // CHI_BEGIN(Fill)
  fill(dom: DomainQuery, data: Block, ms: number): Promise<void> {
    return this.asyncFill.ask(dom, {
      ms,
      data,
      dataSize: data.size,
      dataCapacity: data.size,
    });
  }
  asyncFill = taskMethod(FillTask);
  // CHI_END(Fill)

  // CHI_BEGIN(Sleep)
  sleep(dom: DomainQuery, ms: number, lane = 0): Promise<void> {
    return this.asyncSleep.ask(dom, { ms, lane });
  }
  asyncSleep = taskMethod(SleepTask);
  // CHI_END(Sleep)

  // CHI_BEGIN(Race)
  race(dom: DomainQuery, fields: FieldsOf<RaceTask>): Promise<number> {
    return this.asyncRace.ask(dom, fields, (task) => task.first);
  }
  asyncRace = taskMethod(RaceTask);
  // CHI_END(Race)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
