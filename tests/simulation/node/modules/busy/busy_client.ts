/** Client of sim_busy. */

import { CreateContext, createMethod, type DomainQuery, ModuleClient, taskMethod } from "chimaera";
import {
  BeatTask,
  BulkTask,
  CreateTask,
  EchoTask,
  FailTask,
  LeaveTask,
  LockTask,
  NestTask,
  StayTask,
  WaitTask,
} from "./busy_tasks.ts";

export class Client extends ModuleClient {
  // CHI_BEGIN(Create)
  /** Makes a pool, or finds the one of that name, and binds this client to it. */
  async create(
    dom: DomainQuery,
    affinity: DomainQuery,
    poolName: string,
    lanes = 1,
  ): Promise<void> {
    using task = await this.asyncCreate.paced(this, dom, affinity, poolName, new CreateContext(), {
      lanes,
    });
    await task.wait();
    this.init(task.id);
  }
  asyncCreate = createMethod(CreateTask);
  // CHI_END(Create)

  // CHI_BEGIN(Echo)
  asyncEcho = taskMethod(EchoTask);
  // CHI_END(Echo)

  // CHI_BEGIN(Wait)
  asyncWait = taskMethod(WaitTask);
  // CHI_END(Wait)

  // CHI_BEGIN(Nest)
  asyncNest = taskMethod(NestTask);
  // CHI_END(Nest)

  // CHI_BEGIN(Leave)
  asyncLeave = taskMethod(LeaveTask);
  // CHI_END(Leave)

  // CHI_BEGIN(Fail)
  asyncFail = taskMethod(FailTask);
  // CHI_END(Fail)

  // CHI_BEGIN(Bulk)
  asyncBulk = taskMethod(BulkTask);
  // CHI_END(Bulk)

  // CHI_BEGIN(Beat)
  asyncBeat = taskMethod(BeatTask);
  // CHI_END(Beat)

  // CHI_BEGIN(Stay)
  asyncStay = taskMethod(StayTask);
  // CHI_END(Stay)

  // CHI_BEGIN(Lock)
  asyncLock = taskMethod(LockTask);
  // CHI_END(Lock)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
