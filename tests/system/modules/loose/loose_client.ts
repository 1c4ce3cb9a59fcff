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
    using task = this.asyncCreate(dom, affinity, poolName, ctx, params);
    await task.wait();
    ctx.id = task.id;
    this.init(task.id);
  }
  asyncCreate = createMethod(CreateTask);
  // CHI_END(Create)

  // CHI_BEGIN(Ok)
  /** Returns `value` + 1. */
  async ok(dom: DomainQuery, value: number, lane = 0): Promise<number> {
    using task = this.asyncOk(dom, { value, lane });
    await task.wait();
    return task.result;
  }
  asyncOk = taskMethod(OkTask);
  // CHI_END(Ok)

  // CHI_BEGIN(Opened)
  asyncOpened = taskMethod(OpenedTask);
  // CHI_END(Opened)

  // CHI_BEGIN(Leave)
  /** Returns whether the handler came to its end. */
  async leave(dom: DomainQuery, fields: FieldsOf<LeaveTask>): Promise<boolean> {
    using task = this.asyncLeave(dom, fields);
    await task.wait();
    return task.ended;
  }
  asyncLeave = taskMethod(LeaveTask);
  // CHI_END(Leave)

  // CHI_BEGIN(LeaveSync)
  async leaveSync(dom: DomainQuery, fields: FieldsOf<LeaveSyncTask>): Promise<void> {
    using task = this.asyncLeaveSync(dom, fields);
    await task.wait();
  }
  asyncLeaveSync = taskMethod(LeaveSyncTask);
  // CHI_END(LeaveSync)

  // CHI_BEGIN(Fill)
  async fill(dom: DomainQuery, data: Block, ms: number): Promise<void> {
    using task = this.asyncFill(dom, { ms, data, dataSize: data.size, dataCapacity: data.size });
    await task.wait();
  }
  asyncFill = taskMethod(FillTask);
  // CHI_END(Fill)

  // CHI_BEGIN(Sleep)
  async sleep(dom: DomainQuery, ms: number, lane = 0): Promise<void> {
    using task = this.asyncSleep(dom, { ms, lane });
    await task.wait();
  }
  asyncSleep = taskMethod(SleepTask);
  // CHI_END(Sleep)

  // CHI_BEGIN(Race)
  async race(dom: DomainQuery, fields: FieldsOf<RaceTask>): Promise<number> {
    using task = this.asyncRace(dom, fields);
    await task.wait();
    return task.first;
  }
  asyncRace = taskMethod(RaceTask);
  // CHI_END(Race)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
