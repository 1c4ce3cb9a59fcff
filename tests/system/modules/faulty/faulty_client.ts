/** Client of tests_faulty. */

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
  BlockTask,
  CallTask,
  CreateFault,
  CreateTask,
  EchoTask,
  ExhaustTask,
  FailTask,
  type Fault,
  NextTask,
  OkTask,
  OverflowTask,
  ReadFileTask,
  RelayTask,
  SleepTask,
  TransformTask,
} from "./faulty_tasks.ts";

export class Client extends ModuleClient {
  // CHI_BEGIN(Create)
  /** Makes a pool, or finds the one of that name, and binds this client to it. */
  async create(
    dom: DomainQuery,
    affinity: DomainQuery,
    poolName: string,
    ctx: CreateContext = new CreateContext(),
    lanes = 4,
    fault: CreateFault = CreateFault.none,
  ): Promise<void> {
    using task = await this.asyncCreate.paced(this, dom, affinity, poolName, ctx, { lanes, fault });
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

  // CHI_BEGIN(Fail)
  fail(dom: DomainQuery, fault: Fault, lane = 0): Promise<void> {
    return this.asyncFail.ask(dom, { fault, lane });
  }
  asyncFail = taskMethod(FailTask);
  // CHI_END(Fail)

  // CHI_BEGIN(Block)
  block(dom: DomainQuery, ms: number, lane = 0, after = false): Promise<void> {
    return this.asyncBlock.ask(dom, { ms, lane, after });
  }
  asyncBlock = taskMethod(BlockTask);
  // CHI_END(Block)

  // CHI_BEGIN(Sleep)
  /** Returns `value` + 1. */
  sleep(dom: DomainQuery, ms: number, value = 0, lane = 0): Promise<number> {
    return this.asyncSleep.ask(dom, { ms, value, lane }, (task) => task.result);
  }
  asyncSleep = taskMethod(SleepTask);
  // CHI_END(Sleep)

  // CHI_BEGIN(Exhaust)
  exhaust(dom: DomainQuery, lane = 0): Promise<void> {
    return this.asyncExhaust.ask(dom, { lane });
  }
  asyncExhaust = taskMethod(ExhaustTask);
  // CHI_END(Exhaust)

  // CHI_BEGIN(Call)
  /** Returns the sum of the results. */
  call(dom: DomainQuery, fields: FieldsOf<CallTask>): Promise<number> {
    return this.asyncCall.ask(dom, fields, (task) => task.result);
  }
  asyncCall = taskMethod(CallTask);
  // CHI_END(Call)

  // CHI_BEGIN(Overflow)
  overflow(dom: DomainQuery, data: Block, lane = 0): Promise<void> {
    return this.asyncOverflow.ask(dom, { data, dataCapacity: data.size, lane });
  }
  asyncOverflow = taskMethod(OverflowTask);
  // CHI_END(Overflow)

  // CHI_BEGIN(ReadFile)
  /** Returns the file's size in bytes. */
  readFile(dom: DomainQuery, path: string, lane = 0): Promise<number> {
    return this.asyncReadFile.ask(dom, { path, lane }, (task) => task.result);
  }
  asyncReadFile = taskMethod(ReadFileTask);
  // CHI_END(ReadFile)

  // CHI_BEGIN(Next)
  asyncNext = taskMethod(NextTask);
  // CHI_END(Next)

  // CHI_BEGIN(Echo)
  asyncEcho = taskMethod(EchoTask);
  // CHI_END(Echo)

  // CHI_BEGIN(Transform)
  asyncTransform = taskMethod(TransformTask);
  // CHI_END(Transform)

  // CHI_BEGIN(Relay)
  asyncRelay = taskMethod(RelayTask);
  // CHI_END(Relay)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
