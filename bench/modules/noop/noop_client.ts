/** Client of bench_noop. */

import {
  type Block,
  CreateContext,
  createMethod,
  type DomainQuery,
  ModuleClient,
  taskMethod,
} from "chimaera";
import { CreateTask, NestTask, NoopTask, PassTask, SlowNoopTask } from "./noop_tasks.ts";

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

  // CHI_BEGIN(Noop)
  /** Returns `value` + 1. */
  noop(dom: DomainQuery, value: number): Promise<number> {
    return this.asyncNoop.ask(dom, { value }, (task) => task.result);
  }
  asyncNoop = taskMethod(NoopTask);
  // CHI_END(Noop)

  // CHI_BEGIN(SlowNoop)
  /** Returns `value` + 1, after 10 µs of work. */
  slowNoop(dom: DomainQuery, value: number): Promise<number> {
    return this.asyncSlowNoop.ask(dom, { value }, (task) => task.result);
  }
  asyncSlowNoop = taskMethod(SlowNoopTask);
  // CHI_END(SlowNoop)

  // CHI_BEGIN(Pass)
  /** Returns the sum of the block's first byte, last byte, and size. */
  pass(dom: DomainQuery, data: Block): Promise<number> {
    return this.asyncPass.ask(dom, { data, dataSize: data.size }, (task) => task.result);
  }
  asyncPass = taskMethod(PassTask);
  // CHI_END(Pass)

  // CHI_BEGIN(Nest)
  /** Lets the module call itself `count` times; returns the sum of the results. */
  nest(dom: DomainQuery, count: number, across = false): Promise<number> {
    return this.asyncNest.ask(dom, { count, across }, (task) => task.result);
  }
  asyncNest = taskMethod(NestTask);
  // CHI_END(Nest)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
