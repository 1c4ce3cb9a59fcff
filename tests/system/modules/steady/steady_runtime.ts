/** Server of tests_steady. */

import {
  DomainQuery,
  type Lane,
  Module,
  type MonitorMode,
  QUEUE_LOW_LATENCY,
  type RunContext,
  type Task,
} from "chimaera";
import { Client } from "./steady_client.ts";
import type { BeatTask, CreateTask, RelayTask, TallyTask, TreeTask } from "./steady_tasks.ts";

const HERE = DomainQuery.getLocalId();

export class Server extends Module {
  static readonly kDefaultGroup = 0;
  readonly #client = new Client();
  readonly #counts = new Map<number, number>();
  readonly #running = new Set<number>();

  // CHI_BEGIN(Create)
  override create(task: CreateTask, _rctx: RunContext): void {
    this.createLaneGroup(Server.kDefaultGroup, task.lanes, QUEUE_LOW_LATENCY);
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  override mapTaskToLane(task: Task): Lane {
    return this.getLaneByHash(Server.kDefaultGroup, task.prio, (task as TallyTask).lane);
  }

  #self(rctx: RunContext): Client {
    this.#client.init(this.poolId);
    return this.#client.in(rctx);
  }

  #count(key: number): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  // CHI_BEGIN(Beat)
  beat(task: BeatTask, rctx: RunContext): void | Promise<void> {
    const nowMs = performance.now();
    if (task.runs > 0) {
      const gapMs = nowMs - task.lastMs;
      task.leastMs = task.runs === 1 ? gapMs : Math.min(task.leastMs, gapMs);
    }
    task.lastMs = nowMs;
    task.runs++;
    task.ranOn = this.lane!.index;
    this.#count(task.key);
    if (task.runs === task.until) rctx.endPeriodic();
    if (task.runs === task.failAt) throw new Error(`run ${task.runs} fails`);
    if (task.ms > 0) return this.#slowBeat(task, rctx);
  }
  async #slowBeat(task: BeatTask, rctx: RunContext): Promise<void> {
    if (this.#running.has(task.key)) task.overlaps++;
    this.#running.add(task.key);
    await rctx.sleep(task.ms);
    this.#running.delete(task.key);
  }
  monitorBeat(_mode: MonitorMode, _task: BeatTask, _rctx: RunContext): void {}
  // CHI_END(Beat)

  // CHI_BEGIN(Tally)
  tally(task: TallyTask, _rctx: RunContext): void {
    task.count = this.#counts.get(task.key) ?? 0;
  }
  monitorTally(_mode: MonitorMode, _task: TallyTask, _rctx: RunContext): void {}
  // CHI_END(Tally)

  // CHI_BEGIN(Relay)
  async relay(task: RelayTask, rctx: RunContext): Promise<void> {
    const client = this.#self(rctx);
    await client.tally(HERE, task.key, 0); // Its task methods know their client from now on.
    const { key, until, failAt } = task;
    const beat = client.asyncBeat.alloc(null, HERE, { key, until, failAt });
    beat.setPeriodUs(task.periodUs);
    if (task.then === 3) {
      beat.fireAndForget();
      while (await client.tally(HERE, key, 0) < 3) await rctx.sleep(1);
      return;
    }
    beat.submit();
    if (task.then === 0) {
      await beat.wait();
      task.runs = beat.runs;
    } else while (await client.tally(HERE, key, 0) < 3) await rctx.sleep(1);
    if (task.then < 2) beat.free();
  }
  monitorRelay(_mode: MonitorMode, _task: RelayTask, _rctx: RunContext): void {}
  // CHI_END(Relay)

  // CHI_BEGIN(Tree)
  tree(task: TreeTask, rctx: RunContext): void {
    this.#count(task.key);
    const { key, width, fails } = task;
    if (task.depthLeft === 0) {
      if (fails) throw new Error("a leaf of the tree fails");
      return;
    }
    const client = this.#self(rctx);
    for (let k = 0; k < width; k++) {
      const lane = task.lane + 1 + k;
      client.asyncTree.forget(HERE, { key, lane, depthLeft: task.depthLeft - 1, width, fails });
    }
  }
  monitorTree(_mode: MonitorMode, _task: TreeTask, _rctx: RunContext): void {}
  // CHI_END(Tree)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
