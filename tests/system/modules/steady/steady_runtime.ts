/** Server of tests_steady. */

import {
  DomainQuery,
  type Lane,
  Module,
  MonitorMode,
  QUEUE_LOW_LATENCY,
  type RunContext,
  type Task,
} from "chimaera";
import { Client } from "./steady_client.ts";
import { Client as Admin } from "chimaera/admin_client";
import {
  type BeatTask,
  type CreateTask,
  type FlushHereTask,
  type ForeverTask,
  Holding,
  type HoldTask,
  type RelayTask,
  type TallyTask,
  type TreeTask,
} from "./steady_tasks.ts";

const HERE = DomainQuery.getLocalId();

/** Work that is held back. */
interface Held {
  readonly key: number;
  readonly how: number;
  readonly steps: number;
  /** Lets its task end. */
  go(value?: unknown): void;
}

export class Server extends Module {
  static readonly kDefaultGroup = 0;
  readonly #client = new Client();
  readonly #counts = new Map<number, number>();
  readonly #running = new Set<number>();
  readonly #held: Held[] = [];

  // CHI_BEGIN(Create)
  override create(task: CreateTask, _rctx: RunContext): void {
    this.shared = { lanes: task.lanes };
    this.createLaneGroup(Server.kDefaultGroup, task.lanes, QUEUE_LOW_LATENCY);
  }
  get #lanes(): number {
    return (this.shared as { lanes: number }).lanes;
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

  // CHI_BEGIN(Forever)
  async forever(task: ForeverTask, rctx: RunContext): Promise<void> {
    this.#count(task.key);
    const client = this.#self(rctx);
    while (!rctx.signal.aborted) {
      await client.tally(HERE, task.key, task.lane + 1);
      await rctx.sleep(2);
    }
  }
  monitorForever(_mode: MonitorMode, _task: ForeverTask, _rctx: RunContext): void {}
  // CHI_END(Forever)

  // CHI_BEGIN(FlushHere)
  async flushHere(task: FlushHereTask, rctx: RunContext): Promise<void> {
    const { key, times, trees, depth } = task;
    const client = this.#self(rctx);
    if (task.deep > 0) {
      const deep = task.deep - 1;
      const lane = task.lane + 1;
      task.found = await client.flushHere(HERE, { lane, times, deep, key, trees, depth });
      return;
    }
    await client.tally(HERE, key, 0); // Its task methods know their client from now on.
    for (let lane = 0; lane < trees; lane++) {
      client.asyncTree.forget(HERE, { key, lane, depthLeft: depth });
    }
    const admin = new Admin().in(rctx);
    await Promise.all(Array.from({ length: times }, () => admin.flush(HERE)));
    let found = 0;
    for (let lane = 0; lane < this.#lanes; lane++) found += await client.tally(HERE, key, lane);
    task.found = found;
  }
  monitorFlushHere(_mode: MonitorMode, _task: FlushHereTask, _rctx: RunContext): void {}
  // CHI_END(FlushHere)

  // CHI_BEGIN(Hold)
  hold(task: HoldTask, _rctx: RunContext): void | Promise<void> {
    const { key, how, steps } = task;
    if (how !== Holding.task) {
      this.#held.push({ key, how, steps, go: () => {} });
      return;
    }
    return new Promise((resolve) => this.#held.push({ key, how, steps, go: resolve }))
      .then(() => this.#count(key));
  }
  monitorHold(mode: MonitorMode, _task: HoldTask, rctx: RunContext): void {
    if (mode !== MonitorMode.kFlushWork) return;
    const held = this.#held.splice(0);
    rctx.flush.count += held.length;
    for (const work of held) this.#start(work, rctx);
  }
  // CHI_END(Hold)

  #start({ key, how, steps, go }: Held, rctx: RunContext): void {
    if (how === Holding.throws) throw new Error("the monitor does not want to");
    go();
    if (how === Holding.later) {
      // Each step holds the next one back.
      const child = this.#self(rctx).asyncHold.alloc(null, HERE, { key, how, steps: steps - 1 });
      if (steps > 1) child.fireAndForget();
      else child.free();
      this.#count(key);
    } else if (how === Holding.bitByBit) {
      if (steps > 1) this.#held.push({ key, how, steps: steps - 1, go });
      else this.#count(key);
    }
  }
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
