/** Client of bench_lanes. */

import { CreateContext, createMethod, type DomainQuery, ModuleClient, taskMethod } from "chimaera";
import { CreateTask, FanoutTask, NoopTask, ReadTask, SpinTask } from "./lanes_tasks.ts";

export class Client extends ModuleClient {
  // CHI_BEGIN(Create)
  /** Makes a pool, or finds the one of that name, and binds this client to it. */
  async create(
    dom: DomainQuery,
    affinity: DomainQuery,
    poolName: string,
    ctx: CreateContext = new CreateContext(),
    path = "",
  ): Promise<void> {
    using task = await this.asyncCreate.paced(this, dom, affinity, poolName, ctx, { path });
    await task.wait();
    ctx.id = task.id;
    this.init(task.id);
  }
  asyncCreate = createMethod(CreateTask);
  // CHI_END(Create)

  // CHI_BEGIN(Noop)
  /** Returns `value` + 1. */
  async noop(dom: DomainQuery, value: number): Promise<number> {
    using task = this.asyncNoop(dom, { value });
    await task.wait();
    return task.result;
  }
  asyncNoop = taskMethod(NoopTask);
  // CHI_END(Noop)

  // CHI_BEGIN(Spin)
  /** Computes for about 1.5 ns per round. */
  async spin(dom: DomainQuery, seed: number, rounds: number, across = false): Promise<number> {
    using task = this.asyncSpin(dom, { seed, rounds, across });
    await task.wait();
    return task.result;
  }
  asyncSpin = taskMethod(SpinTask);
  // CHI_END(Spin)

  // CHI_BEGIN(Fanout)
  /** Lets the module call itself `width` times at once; returns the sum of the results. */
  async fanout(dom: DomainQuery, width: number, across = false): Promise<number> {
    using task = this.asyncFanout(dom, { width, across });
    await task.wait();
    return task.result;
  }
  asyncFanout = taskMethod(FanoutTask);
  // CHI_END(Fanout)

  // CHI_BEGIN(Read)
  /** Reads a page of the pool's file; returns the sum of its bytes. */
  async read(dom: DomainQuery, offset: number): Promise<number> {
    using task = this.asyncRead(dom, { offset });
    await task.wait();
    return task.sum;
  }
  asyncRead = taskMethod(ReadTask);
  // CHI_END(Read)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
