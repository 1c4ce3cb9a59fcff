/** A module that keeps what it should give back, waits for what it should not, and leaves failures. */

import {
  DiskFile,
  DomainQuery,
  type HeapBlock,
  type Lane,
  Module,
  type MonitorMode,
  QUEUE_LOW_LATENCY,
  type RunContext,
  type Task,
} from "chimaera";
import { delay } from "chimaera/platform";
import { Client } from "./mischief_client.ts";
import {
  type BareTask,
  type CreateTask,
  type DiskTask,
  type KeepTask,
  type RealTask,
  type StrayTask,
  Wait,
} from "./mischief_tasks.ts";

const HERE = DomainQuery.getLocalId();
const FILE_BYTES = 8192;

export class Server extends Module {
  static readonly kDefaultGroup = 0;
  readonly #self = new Client();
  readonly #kept: HeapBlock[] = [];

  // CHI_BEGIN(Create)
  override create(_task: CreateTask, _rctx: RunContext): void {
    this.createLaneGroup(Server.kDefaultGroup, 1, QUEUE_LOW_LATENCY);
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  override mapTaskToLane(task: Task): Lane {
    return this.getLaneByHash(Server.kDefaultGroup, task.prio, 0);
  }

  // CHI_BEGIN(Keep)
  keep(task: KeepTask, _rctx: RunContext): void {
    this.#kept.push(this.allocBlock(task.sizeBytes));
  }
  monitorKeep(_mode: MonitorMode, _task: KeepTask, _rctx: RunContext): void {}
  // CHI_END(Keep)

  // CHI_BEGIN(Real)
  async real(task: RealTask, _rctx: RunContext): Promise<void> {
    if (task.how === Wait.timer) await new Promise((resolve) => setTimeout(resolve, 5));
    else if (task.how === Wait.process) await new Deno.Command("true").output();
    else if (task.how === Wait.nothing) await new Promise(() => {});
    else await delay(5);
  }
  monitorReal(_mode: MonitorMode, _task: RealTask, _rctx: RunContext): void {}
  // CHI_END(Real)

  // CHI_BEGIN(Stray)
  async stray(task: StrayTask, rctx: RunContext): Promise<void> {
    const { ms } = task;
    void this.#failLater();
    if (ms > 0) await rctx.sleep(ms);
  }
  async #failLater(): Promise<void> {
    await null;
    throw new Error("nobody waits for me");
  }
  monitorStray(_mode: MonitorMode, _task: StrayTask, _rctx: RunContext): void {}
  // CHI_END(Stray)

  // CHI_BEGIN(Bare)
  async bare(_task: BareTask, _rctx: RunContext): Promise<void> {
    this.#self.init(this.poolId);
    await this.#self.keep(HERE, 64);
  }
  monitorBare(_mode: MonitorMode, _task: BareTask, _rctx: RunContext): void {}
  // CHI_END(Bare)

  // CHI_BEGIN(Disk)
  async disk(task: DiskTask, rctx: RunContext): Promise<void> {
    const file = await DiskFile.open(task.path, { create: true });
    const sent = new Uint8Array(FILE_BYTES).map((_, k) => k * 7);
    const got = new Uint8Array(FILE_BYTES);
    await file.in(rctx).write(sent, 0);
    await file.in(rctx).sync();
    await file.in(rctx).read(got, 0);
    await file.close();
    task.same = got.filter((byte, k) => byte === sent[k]).length;
  }
  monitorDisk(_mode: MonitorMode, _task: DiskTask, _rctx: RunContext): void {}
  // CHI_END(Disk)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
