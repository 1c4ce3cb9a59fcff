/** Client of tests_pressing. */

import { CreateContext, createMethod, type DomainQuery, ModuleClient, taskMethod } from "chimaera";
import {
  BounceTask,
  CreateTask,
  FloodTask,
  ForeverTask,
  type From,
  LookTask,
  type Manner,
  OutsideTask,
} from "./pressing_tasks.ts";

/** What became of a flood. */
export interface Flooded {
  readonly sent: number;
  readonly code: number;
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

  // CHI_BEGIN(Look)
  /** Returns the index of the lane that it ran on. */
  look(dom: DomainQuery, group: number, lane: number, pick: number, us = 0): Promise<number> {
    return this.asyncLook.ask(dom, { group, lane, pick, us }, (task) => task.ranOn);
  }
  asyncLook = taskMethod(LookTask);
  // CHI_END(Look)

  // CHI_BEGIN(Forever)
  asyncForever = taskMethod(ForeverTask);
  // CHI_END(Forever)

  // CHI_BEGIN(Flood)
  flood(
    dom: DomainQuery,
    lane: number,
    targetLane: number,
    count: number,
    manner: Manner,
  ): Promise<Flooded> {
    return this.asyncFlood.ask(
      dom,
      { lane, targetLane, count, manner },
      ({ sent, code }) => ({ sent, code }),
    );
  }
  asyncFlood = taskMethod(FloodTask);
  // CHI_END(Flood)

  // CHI_BEGIN(Bounce)
  /** Returns how many tasks ran. */
  bounce(dom: DomainQuery, lane: number, otherLane: number, depth: number): Promise<number> {
    return this.asyncBounce.ask(dom, { lane, otherLane, depth }, (task) => task.ran);
  }
  asyncBounce = taskMethod(BounceTask);
  // CHI_END(Bounce)

  // CHI_BEGIN(Outside)
  /** Returns the lane that the task from outside ran on. */
  outside(dom: DomainQuery, lane: number, targetLane: number, from: From): Promise<number> {
    return this.asyncOutside.ask(dom, { lane, targetLane, from }, (task) => task.ranOn);
  }
  asyncOutside = taskMethod(OutsideTask);
  // CHI_END(Outside)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
