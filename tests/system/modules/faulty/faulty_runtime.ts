/** Server of tests_faulty: everything that a module may do wrong, and a few things done right. */

import { exit as importedExit } from "node:process";
import {
  ChimaeraError,
  DomainQuery,
  type Lane,
  Module,
  type MonitorMode,
  QUEUE_LOW_LATENCY,
  type RunContext,
  type Task,
} from "chimaera";
import { Client } from "./faulty_client.ts";
import {
  type BlockTask,
  type CallTask,
  CreateFault,
  type CreateTask,
  type EchoTask,
  type ExhaustTask,
  type FailTask,
  Fault,
  type NextTask,
  type OkTask,
  type OverflowTask,
  type ReadFileTask,
  type RelayTask,
  type SleepTask,
  type TransformTask,
} from "./faulty_tasks.ts";

const HERE = DomainQuery.getLocalId();
/** Calls that one task may ask for. */
const COUNT_MAX = 10_000;
/** How long a task goes on that its caller has given up. */
const STUBBORN_MS_MAX = 5000;

/** How long a handler holds its worker that the node is to give up. */
const HOLD_MS = 2500;

/** Longest time that a counting task takes. */
const SPIN_US_MAX = 10_000;

function spin(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

/** Waits on, whoever gives up; `rctx.sleep` would not. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What `shared` carries to the other lanes. */
interface Shared {
  readonly fault: number;
}

export class Server extends Module {
  static readonly kDefaultGroup = 0;
  readonly #client = new Client();
  readonly #seen = new Map<number, number>();
  /** One for all lanes of a worker: each has its own copy of the class. */
  static #place = 0;

  // CHI_BEGIN(Create)
  override create(task: CreateTask, _rctx: RunContext): void {
    const fault = task.fault;
    this.shared = { fault };
    if (fault === CreateFault.createThrows) throw new Error("create does not want to");
    if (fault === CreateFault.noGroup) return;
    this.createLaneGroup(Server.kDefaultGroup, task.lanes, QUEUE_LOW_LATENCY);
    if (fault === CreateFault.twoGroupsOfOneId) {
      this.createLaneGroup(Server.kDefaultGroup, 1, QUEUE_LOW_LATENCY);
    }
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  override open(): void {
    if ((this.shared as Shared).fault === CreateFault.openThrows) {
      throw new Error("open does not want to");
    }
  }

  override close(): void {
    if ((this.shared as Shared).fault === CreateFault.closeThrows) {
      throw new Error("close does not want to");
    }
  }

  override mapTaskToLane(task: Task): Lane {
    return this.getLaneByHash(Server.kDefaultGroup, task.prio, (task as OkTask).lane);
  }

  /** The client that calls this pool, or another one. */
  #clientOf(pool: number, rctx: RunContext): Client {
    if (pool === 0) {
      this.#client.init(this.poolId);
      return this.#client.in(rctx);
    }
    const client = new Client();
    client.init(pool);
    return client.in(rctx);
  }

  // CHI_BEGIN(Ok)
  ok(task: OkTask, _rctx: RunContext): void {
    task.result = task.value + 1;
  }
  monitorOk(_mode: MonitorMode, _task: OkTask, _rctx: RunContext): void {}
  // CHI_END(Ok)

  // CHI_BEGIN(Fail)
  fail(task: FailTask, rctx: RunContext): void | Promise<void> {
    switch (task.fault) {
      case Fault.throwsError:
        throw new Error("the handler threw an error");
      case Fault.throwsString:
        throw "the handler threw a string";
      case Fault.throwsNull:
        throw null;
      case Fault.throwsOwnCode:
        throw new ChimaeraError("codecCorrupt", { what: "read a block", why: "its sum is wrong" });
      case Fault.throwsLongText:
        throw new Error(`a long text: ${'\u{1F300}\u0000"'.repeat(20_000)}`);
      case Fault.rejects:
        return Promise.reject(new Error("the handler rejected"));
      case Fault.rejectsLater:
        return this.#rejectLater(rctx);
      case Fault.recursesForEver:
        return this.fail(task, rctx);
      case Fault.bareStub:
        this.#client.init(this.poolId);
        this.#client.asyncOk(HERE, { value: 1 });
        return;
      case Fault.waitsInHandler: {
        using child = this.#clientOf(0, rctx).asyncOk(HERE, { value: 1 });
        child.waitSync();
        return;
      }
      case Fault.stopsNode:
        return this.node.stop();
      default:
        return this.#misuse(task.fault);
    }
  }
  monitorFail(_mode: MonitorMode, _task: FailTask, _rctx: RunContext): void {}
  // CHI_END(Fail)

  async #rejectLater(rctx: RunContext): Promise<void> {
    await rctx.sleep(2);
    throw new Error("the handler rejected later");
  }

  /** What would end or disturb the isolate. */
  #misuse(fault: number): void {
    switch (fault) {
      case Fault.denoExit:
        return Deno.exit(3);
      case Fault.processExit:
        return globalThis.process.exit(3);
      case Fault.importedExit:
        return importedExit(3);
      case Fault.selfClose:
        return self.close();
      case Fault.exitLater:
        setTimeout(() => Deno.exit(3), 1);
        return;
      case Fault.floatingRejection:
        void Promise.reject(new Error("nobody waits for this"));
        return;
      case Fault.floatingThrow:
        setTimeout(() => {
          throw new Error("nobody catches this");
        }, 1);
        return;
      case Fault.holdsWorker:
        return spin(HOLD_MS);
      case Fault.endsTheLoop:
        // The worker's own loop reads the clock; from now on it cannot.
        performance.now = () => {
          throw new Error("a module broke the clock");
        };
    }
  }

  // CHI_BEGIN(Block)
  block(task: BlockTask, rctx: RunContext): void | Promise<void> {
    if (task.after) return rctx.sleep(1).then(() => spin(task.ms));
    spin(task.ms);
  }
  monitorBlock(_mode: MonitorMode, _task: BlockTask, _rctx: RunContext): void {}
  // CHI_END(Block)

  // CHI_BEGIN(Sleep)
  async sleep(task: SleepTask, rctx: RunContext): Promise<void> {
    await rctx.sleep(task.ms);
    task.aborted = rctx.signal.aborted;
    task.result = task.value + 1;
  }
  monitorSleep(_mode: MonitorMode, _task: SleepTask, _rctx: RunContext): void {}
  // CHI_END(Sleep)

  // CHI_BEGIN(Exhaust)
  exhaust(_task: ExhaustTask, rctx: RunContext): void {
    const client = this.#clientOf(0, rctx);
    client.asyncExhaust.alloc(null, HERE);
    for (;;) client.asyncExhaust.alloc(null, HERE);
  }
  monitorExhaust(_mode: MonitorMode, _task: ExhaustTask, _rctx: RunContext): void {}
  // CHI_END(Exhaust)

  // CHI_BEGIN(Call)
  async call(task: CallTask, rctx: RunContext): Promise<void> {
    if (task.count > COUNT_MAX) {
      const why = `${task.count} calls, at most ${COUNT_MAX}`;
      throw new ChimaeraError("badField", { what: "call", why });
    }
    const client = this.#clientOf(task.pool, rctx);
    const one = (k: number) =>
      task.fault === 0
        ? client.ok(HERE, task.value + k, task.targetLane)
        : client.fail(HERE, task.fault as Fault, task.targetLane).then(() => 0);
    if (task.forget) {
      for (let k = 0; k < task.count; k++) {
        client.asyncOk(HERE, { value: k, lane: task.targetLane }).free();
      }
      return;
    }
    let sum = 0;
    if (task.together) {
      const results = await Promise.all(Array.from({ length: task.count }, (_, k) => one(k)));
      for (const result of results) sum += result;
    } else for (let k = 0; k < task.count; k++) sum += await one(k);
    task.result = sum;
  }
  monitorCall(_mode: MonitorMode, _task: CallTask, _rctx: RunContext): void {}
  // CHI_END(Call)

  // CHI_BEGIN(Overflow)
  overflow(task: OverflowTask, _rctx: RunContext): void {
    task.data.bytes.fill(1);
    task.dataSize = task.dataCapacity + 1;
  }
  monitorOverflow(_mode: MonitorMode, _task: OverflowTask, _rctx: RunContext): void {}
  // CHI_END(Overflow)

  // CHI_BEGIN(ReadFile)
  async readFile(task: ReadFileTask, _rctx: RunContext): Promise<void> {
    const bytes = await Deno.readFile(task.path);
    task.result = bytes.length;
  }
  monitorReadFile(_mode: MonitorMode, _task: ReadFileTask, _rctx: RunContext): void {}
  // CHI_END(ReadFile)

  // CHI_BEGIN(Next)
  next(task: NextTask, _rctx: RunContext): void {
    // Hostile clients set it, too.
    if (task.us > 0) spin(Math.min(task.us, SPIN_US_MAX) / 1000);
    task.previous = this.#seen.get(task.sender) ?? -1;
    this.#seen.set(task.sender, task.sequence);
    task.place = Server.#place++;
  }
  monitorNext(_mode: MonitorMode, _task: NextTask, _rctx: RunContext): void {}
  // CHI_END(Next)

  // CHI_BEGIN(Echo)
  echo(task: EchoTask, _rctx: RunContext): void {
    task.flagOut = task.flag;
    task.tinyOut = task.tiny;
    task.smallOut = task.small;
    task.wholeOut = task.whole;
    task.largeOut = task.large;
    task.hugeOut = task.huge;
    task.halfOut = task.half;
    task.realOut = task.real;
    task.textOut = task.text;
    task.rawOut = task.raw;
    task.listOut = task.list;
    task.innerOut = { a: task.inner.a, b: task.inner.b };
    task.count += 1;
  }
  monitorEcho(_mode: MonitorMode, _task: EchoTask, _rctx: RunContext): void {}
  // CHI_END(Echo)

  // CHI_BEGIN(Transform)
  async transform(task: TransformTask, rctx: RunContext): Promise<void> {
    const { add, ms } = task;
    // Bounded: a client that writes random tasks must not keep its session for days.
    const stays = (slept: number) =>
      !rctx.signal.aborted || (task.stubborn && slept < STUBBORN_MS_MAX);
    for (let slept = 0; slept < ms && stays(slept); slept += 10) {
      await (task.stubborn ? pause(10) : rctx.sleep(10));
    }
    const from = task.source.bytes;
    const to = task.target.bytes;
    const both = task.both.bytes;
    const count = Math.min(from.length, to.length);
    for (let k = 0; k < count; k++) to[k] = from[k]! + add;
    for (let k = 0; k < task.bothSize; k++) both[k]! += add;
    task.targetSize = count;
  }
  monitorTransform(_mode: MonitorMode, _task: TransformTask, _rctx: RunContext): void {}
  // CHI_END(Transform)

  // CHI_BEGIN(Relay)
  relay(task: RelayTask, rctx: RunContext): void | Promise<void> {
    if (task.depth === 0) return this.#passGate(task, rctx);
    this.#clientOf(0, rctx).asyncRelay(HERE, {
      depth: task.depth - 1,
      targetLane: task.lane,
      lane: task.targetLane,
      gate: task.gate,
      gateSize: task.gateSize,
      gateCapacity: task.gateCapacity,
    });
  }
  monitorRelay(_mode: MonitorMode, _task: RelayTask, _rctx: RunContext): void {}
  // CHI_END(Relay)

  async #passGate(task: RelayTask, rctx: RunContext): Promise<void> {
    const bytes = task.gate.bytes;
    while (bytes[0] === 0) await rctx.sleep(2);
    bytes[1] = bytes[0]!;
  }
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
