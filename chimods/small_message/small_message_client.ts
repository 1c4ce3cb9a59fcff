/** Client of small_message. */

import {
  type Block,
  CreateContext,
  createMethod,
  type DomainQuery,
  ModuleClient,
  taskMethod,
} from "chimaera";
import { CreateTask, IoTask, MdTask } from "./small_message_tasks.ts";

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

  // CHI_BEGIN(Md)
  /** Runs a chain of `depth` further tasks below this one; returns how many ran. */
  md(dom: DomainQuery, depth: number, lane = 0): Promise<number> {
    return this.asyncMd.ask(dom, { depthLeft: depth, lane }, (task) => task.ret);
  }
  asyncMd = taskMethod(MdTask);
  // CHI_END(Md)

  // CHI_BEGIN(Io)
  /** Sums (MD_IO_WRITE) or fills (MD_IO_READ) a block; returns the sum of its bytes. */
  io(dom: DomainQuery, block: Block, mode: number): Promise<number> {
    return this.asyncIo.ask(dom, {
      mode,
      data: block,
      size: block.size,
      capacity: block.size,
    }, (task) => task.ret);
  }
  asyncIo = taskMethod(IoTask);
  // CHI_END(Io)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
