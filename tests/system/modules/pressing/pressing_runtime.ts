/** Server of tests_pressing: lanes that fill each other, and themselves. */

import {
  ChimaeraError,
  DomainQuery,
  type Lane,
  Module,
  type MonitorMode,
  QUEUE_HIGH_LATENCY,
  QUEUE_LOW_LATENCY,
  type RunContext,
  type Task,
} from "chimaera";
import { Client } from "./pressing_client.ts";
import {
  type BounceTask,
  type CreateTask,
  type FloodTask,
  ForeverTask,
  From,
  Group,
  LookTask,
  Manner,
  type OutsideTask,
  Pick,
} from "./pressing_tasks.ts";

const HERE = DomainQuery.getLocalId();
const DATA_LANES = 32;

export class Server extends Module {
  readonly #client = new Client();

  // CHI_BEGIN(Create)
  override create(task: CreateTask, _rctx: RunContext): void {
    this.createLaneGroup(Group.control, task.lanes, QUEUE_LOW_LATENCY);
    this.createLaneGroup(Group.data, DATA_LANES, QUEUE_HIGH_LATENCY);
    this.createLaneGroup(Group.forever, 1, QUEUE_HIGH_LATENCY);
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  override mapTaskToLane(task: Task): Lane {
    if (task instanceof ForeverTask) return this.getLane(Group.forever, 0);
    if (!(task instanceof LookTask)) {
      return this.getLane(Group.control, (task as BounceTask).lane);
    }
    switch (task.pick) {
      case Pick.byHash:
        return this.getLaneByHash(task.group, task.prio, task.lane);
      case Pick.leastLoaded:
        return this.getLeastLoadedLane(task.group, task.prio);
      default:
        return this.getLane(task.group, task.lane);
    }
  }

  #self(rctx: RunContext): Client {
    this.#client.init(this.poolId);
    return this.#client.in(rctx);
  }

  // CHI_BEGIN(Look)
  look(task: LookTask, _rctx: RunContext): void {
    if (task.us > 0) {
      const endMs = performance.now() + task.us / 1000;
      while (performance.now() < endMs);
    }
    task.ranIn = this.lane!.group;
    task.ranOn = this.lane!.index;
  }
  monitorLook(_mode: MonitorMode, _task: LookTask, _rctx: RunContext): void {}
  // CHI_END(Look)

  // CHI_BEGIN(Forever)
  async forever(_task: ForeverTask, rctx: RunContext): Promise<void> {
    for (;;) await rctx.sleep(1);
  }
  monitorForever(_mode: MonitorMode, _task: ForeverTask, _rctx: RunContext): void {}
  // CHI_END(Forever)

  // CHI_BEGIN(Flood)
  flood(task: FloodTask, rctx: RunContext): void | Promise<void> {
    const self = this.#self(rctx);
    switch (task.manner) {
      case Manner.paced:
        return this.#floodPaced(task, self);
      case Manner.asked:
        return this.#floodAsked(task, self);
      default:
        return this.#floodTold(task, self);
    }
  }
  monitorFlood(_mode: MonitorMode, _task: FloodTask, _rctx: RunContext): void {}
  // CHI_END(Flood)

  #floodTold(task: FloodTask, self: Client): void {
    try {
      for (; task.sent < task.count; task.sent++) {
        self.asyncLook.forget(HERE, { lane: task.targetLane });
      }
    } catch (thrown) {
      if (!(thrown instanceof ChimaeraError)) throw thrown;
      task.code = thrown.number;
    }
  }

  async #floodPaced(task: FloodTask, self: Client): Promise<void> {
    for (; task.sent < task.count; task.sent++) {
      await self.asyncLook.pacedForget(HERE, { lane: task.targetLane });
    }
  }

  async #floodAsked(task: FloodTask, self: Client): Promise<void> {
    const { count, targetLane } = task;
    const look = () => self.look(HERE, Group.control, targetLane, Pick.byIndex);
    const ranOn = await Promise.all(Array.from({ length: count }, look));
    task.sent = ranOn.filter((lane) => lane === targetLane).length;
  }

  // CHI_BEGIN(Bounce)
  bounce(task: BounceTask, rctx: RunContext): void | Promise<void> {
    if (task.depth === 0) {
      task.ran = 1;
      return;
    }
    return this.#bounceOn(task, this.#self(rctx));
  }
  monitorBounce(_mode: MonitorMode, _task: BounceTask, _rctx: RunContext): void {}
  // CHI_END(Bounce)

  async #bounceOn(task: BounceTask, self: Client): Promise<void> {
    task.ran = 1 + await self.bounce(HERE, task.otherLane, task.lane, task.depth - 1);
  }

  // CHI_BEGIN(Outside)
  async outside(task: OutsideTask, rctx: RunContext): Promise<void> {
    const self = this.#self(rctx);
    const look = () => self.look(HERE, Group.control, task.targetLane, Pick.byIndex);
    switch (task.from) {
      case From.timer:
        task.ranOn = await new Promise<number>((resolve, reject) => {
          setTimeout(() => look().then(resolve, reject), 1);
        });
        break;
      case From.afterFile:
        await Deno.stat(new URL(import.meta.url));
        task.ranOn = await look();
        break;
      default:
        task.ranOn = await crypto.subtle.digest("SHA-256", new Uint8Array(64)).then(look);
    }
  }
  monitorOutside(_mode: MonitorMode, _task: OutsideTask, _rctx: RunContext): void {}
  // CHI_END(Outside)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
