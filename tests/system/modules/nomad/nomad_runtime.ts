/** Server of tests_nomad: lanes that carry what they have seen from worker to worker. */

import {
  DomainQuery,
  type HeapBlock,
  type Lane,
  Module,
  type MonitorMode,
  QUEUE_LOW_LATENCY,
  type RunContext,
  type SavedState,
  type Task,
} from "chimaera";
import { Client } from "./nomad_client.ts";
import {
  type CreateTask,
  Flaw,
  type KeepTask,
  type PauseTask,
  type RecallTask,
  type StepTask,
} from "./nomad_tasks.ts";

const HERE = DomainQuery.getLocalId();
/** Longer than the tests let a step of a move take. */
const LATE_MS = 2500;
/** Senders of the steps that `pause` makes: far from those of the tests. */
const OWN_SENDER = 1 << 20;

const ISOLATE = Math.random();

/** What `shared` carries to the other lanes. */
interface Shared {
  readonly flaw: number;
}

/** What moves with a lane. */
interface Luggage {
  readonly seen: ReadonlyMap<number, number>;
  readonly place: number;
  readonly moves: number;
}

export class Server extends Module {
  static readonly kDefaultGroup = 0;
  readonly #client = new Client();
  #seen = new Map<number, number>();
  #place = 0;
  #moves = 0;
  #blocks: readonly HeapBlock[] = [];
  /** This instance has given its luggage away. */
  #isLeft = false;

  // CHI_BEGIN(Create)
  override create(task: CreateTask, _rctx: RunContext): void {
    this.createLaneGroup(Server.kDefaultGroup, task.lanes, QUEUE_LOW_LATENCY);
    this.shared = { flaw: task.flaw };
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  get #flaw(): number {
    return (this.shared as Shared).flaw;
  }

  override saveState(): SavedState {
    if (this.#flaw === Flaw.saveThrows) throw new Error("the luggage is too heavy");
    if (this.#flaw === Flaw.savesNothing) return null as unknown as SavedState;
    const luggage: Luggage = { seen: this.#seen, place: this.#place, moves: this.#moves };
    return { v: 1, state: luggage, pointers: this.#blocks };
  }

  override async restoreState({ state, pointers }: SavedState, rctx: RunContext): Promise<void> {
    if (this.#flaw === Flaw.restoreThrows) throw new Error("the luggage is lost");
    if (this.#flaw === Flaw.restoreIsLate) await rctx.sleep(LATE_MS);
    const { seen, place, moves } = state as Luggage;
    if (this.#flaw === Flaw.restoreThrowsAgain && moves > 0) throw new Error("the luggage is lost");
    this.#seen = new Map(seen);
    this.#place = place;
    this.#moves = moves + 1;
    this.#blocks = pointers;
  }

  override movedAway(): void {
    this.#isLeft = true;
  }

  override close(): void {
    for (const block of this.#blocks) block.free();
  }

  override mapTaskToLane(task: Task): Lane {
    return this.getLaneByHash(Server.kDefaultGroup, task.prio, (task as StepTask).lane);
  }

  // CHI_BEGIN(Step)
  step(task: StepTask, rctx: RunContext): void {
    if (this.#isLeft) throw new Error("this instance was left behind");
    task.previous = this.#seen.get(task.sender) ?? -1;
    this.#seen.set(task.sender, task.sequence);
    task.place = this.#place++;
    task.isolate = ISOLATE;
    task.worker = rctx.workerId;
  }
  monitorStep(_mode: MonitorMode, _task: StepTask, _rctx: RunContext): void {}
  // CHI_END(Step)

  // CHI_BEGIN(Pause)
  async pause(task: PauseTask, rctx: RunContext): Promise<void> {
    await rctx.sleep(task.ms);
    this.#client.init(this.poolId);
    const client = this.#client.in(rctx);
    for (let sequence = 0; sequence < task.calls; sequence++) {
      using step = client.asyncStep(HERE, { lane: task.lane, sender: OWN_SENDER, sequence });
      await step.wait();
    }
    task.isSame = !this.#isLeft;
    task.worker = rctx.workerId;
  }
  monitorPause(_mode: MonitorMode, _task: PauseTask, _rctx: RunContext): void {}
  // CHI_END(Pause)

  // CHI_BEGIN(Keep)
  keep(task: KeepTask, _rctx: RunContext): void {
    const block = this.allocBlock(task.sizeBytes);
    block.bytes.fill(task.byte);
    this.#blocks = [...this.#blocks, block];
  }
  monitorKeep(_mode: MonitorMode, _task: KeepTask, _rctx: RunContext): void {}
  // CHI_END(Keep)

  // CHI_BEGIN(Recall)
  recall(task: RecallTask, rctx: RunContext): void {
    let sum = 0;
    for (const { bytes } of this.#blocks) for (const byte of bytes) sum += byte;
    task.count = this.#blocks.length;
    task.sum = sum;
    task.offset = this.#blocks[0]?.pointer.offset ?? 0;
    task.moves = this.#moves;
    task.worker = rctx.workerId;
  }
  monitorRecall(_mode: MonitorMode, _task: RecallTask, _rctx: RunContext): void {}
  // CHI_END(Recall)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
