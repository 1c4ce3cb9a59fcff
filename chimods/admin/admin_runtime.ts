/**
 * The admin: makes and ends pools, tells about the node, changes policies, stops it.
 *
 * Its right to do so is `this.node`, which only this module gets.
 */

import {
  type Lane,
  Module,
  type MonitorMode,
  type PoolInfo,
  QUEUE_LOW_LATENCY,
  type RegisterInfo,
  type RunContext,
  type SavedState,
  type Task,
} from "chimaera";
import {
  type CreatePoolTask,
  type CreateTask,
  type DestroyContainerTask,
  type DestroyModuleTask,
  type FlushTask,
  type GetPoolIdTask,
  LISTING_BYTES_MAX,
  type ListModulesTask,
  type ListPoolsTask,
  type MoveLaneTask,
  type PollStatsTask,
  type RecycleWorkerTask,
  type RegisterModuleTask,
  type SetWorkOrchProcPolicyTask,
  type SetWorkOrchQueuePolicyTask,
  type StopRuntimeTask,
  type UpgradeModuleTask,
  WHY_BYTES_MAX,
} from "./admin_tasks.ts";

/** JSON of pools, up to a number of bytes. */
class Page {
  readonly #encoder = new TextEncoder();
  readonly #pools: string[] = [];
  #roomBytes: number;

  constructor(sizeBytes: number) {
    this.#roomBytes = sizeBytes - 2;
  }

  /** Adds a pool with its lanes from `first` on. Returns the first lane that did not fit. */
  add(pool: PoolInfo, first: number): number {
    const { lanes, ...head } = pool;
    const [before, after] = [JSON.stringify(head).slice(0, -1) + ',"lanes":[', "]},"];
    let roomBytes = this.#roomBytes - this.#encoder.encode(before + after).length;
    const texts: string[] = [];
    let next = first;
    for (; next < lanes.length; next++) {
      const text = JSON.stringify(lanes[next]);
      if (text.length + 1 > roomBytes) break;
      roomBytes -= text.length + 1;
      texts.push(text);
    }
    if (texts.length === 0) return first;
    this.#roomBytes = roomBytes;
    this.#pools.push(`${before}${texts.join(",")}]}`);
    return next;
  }

  get json(): string {
    return `[${this.#pools.join(",")}]`;
  }
}

/** As much of a text as so many bytes hold. */
function clip(text: string, bytesMax: number): string {
  const bytes = new Uint8Array(bytesMax);
  const { read } = new TextEncoder().encodeInto(text, bytes);
  return text.slice(0, read);
}

/** What became of a repo's modules as JSON, with the reasons of failures cut where it is too long. */
function listing(info: RegisterInfo): string {
  const text = JSON.stringify(info);
  if (new TextEncoder().encode(text).length <= LISTING_BYTES_MAX) return text;
  const reasonBytesMax = Math.floor(LISTING_BYTES_MAX / 4 / (info.failures.length + 1));
  const modules = info.modules.slice(0, 100);
  const failures = info.failures.slice(0, 100).map((failure) => {
    return { ...failure, why: clip(failure.why, reasonBytesMax), hint: "" };
  });
  return JSON.stringify({ modules, failures });
}

export class Server extends Module {
  static readonly kDefaultGroup = 0;

  // CHI_BEGIN(Create)
  override create(_task: CreateTask, _rctx: RunContext): void {
    this.createLaneGroup(Server.kDefaultGroup, 1, QUEUE_LOW_LATENCY);
  }
  monitorCreate(_mode: MonitorMode, _task: CreateTask, _rctx: RunContext): void {}
  // CHI_END(Create)

  override mapTaskToLane(task: Task): Lane {
    return this.getLaneByHash(Server.kDefaultGroup, task.prio, 0);
  }

  /** Everything is the node's. */
  override saveState(): SavedState {
    return { v: 0, state: null, pointers: [] };
  }

  override restoreState(_saved: SavedState): void {}

  // CHI_BEGIN(CreatePool)
  /** Idempotent by name and parameters; CHI-4002 for other parameters. */
  async createPool(task: CreatePoolTask, _rctx: RunContext): Promise<void> {
    const { pool, created } = await this.node.createPool({
      name: task.poolName,
      libName: task.libName,
      paramsLayout: task.paramsLayout,
      params: task.params,
    });
    task.id = pool.id;
    task.created = created;
  }
  monitorCreatePool(_mode: MonitorMode, _task: CreatePoolTask, _rctx: RunContext): void {}
  // CHI_END(CreatePool)

  // CHI_BEGIN(DestroyContainer)
  async destroyContainer(task: DestroyContainerTask, _rctx: RunContext): Promise<void> {
    await this.node.destroyPool(task.targetPool);
  }
  monitorDestroyContainer(
    _mode: MonitorMode,
    _task: DestroyContainerTask,
    _rctx: RunContext,
  ): void {}
  // CHI_END(DestroyContainer)

  // CHI_BEGIN(RegisterModule)
  async registerModule(task: RegisterModuleTask, _rctx: RunContext): Promise<void> {
    task.json = listing(await this.node.registerModule(task.folder));
  }
  monitorRegisterModule(_mode: MonitorMode, _task: RegisterModuleTask, _rctx: RunContext): void {}
  // CHI_END(RegisterModule)

  // CHI_BEGIN(DestroyModule)
  async destroyModule(task: DestroyModuleTask, _rctx: RunContext): Promise<void> {
    await this.node.destroyModule(task.libName);
  }
  monitorDestroyModule(_mode: MonitorMode, _task: DestroyModuleTask, _rctx: RunContext): void {}
  // CHI_END(DestroyModule)

  // CHI_BEGIN(UpgradeModule)
  async upgradeModule(task: UpgradeModuleTask, _rctx: RunContext): Promise<void> {
    task.json = JSON.stringify(await this.node.upgradeModule(task.libName, task.dropState));
  }
  monitorUpgradeModule(_mode: MonitorMode, _task: UpgradeModuleTask, _rctx: RunContext): void {}
  // CHI_END(UpgradeModule)

  // CHI_BEGIN(GetPoolId)
  async getPoolId(task: GetPoolIdTask, _rctx: RunContext): Promise<void> {
    const name = task.poolName;
    const pools = await this.node.listPools();
    task.id = pools.find((pool) => pool.name === name)?.id ?? 0;
  }
  monitorGetPoolId(_mode: MonitorMode, _task: GetPoolIdTask, _rctx: RunContext): void {}
  // CHI_END(GetPoolId)

  // CHI_BEGIN(StopRuntime)
  async stopRuntime(_task: StopRuntimeTask, _rctx: RunContext): Promise<void> {
    await this.node.stop();
  }
  monitorStopRuntime(_mode: MonitorMode, _task: StopRuntimeTask, _rctx: RunContext): void {}
  // CHI_END(StopRuntime)

  // CHI_BEGIN(SetWorkOrchQueuePolicy)
  async setWorkOrchQueuePolicy(
    task: SetWorkOrchQueuePolicyTask,
    _rctx: RunContext,
  ): Promise<void> {
    await this.node.setPolicy("queue", task.policyPool);
  }
  monitorSetWorkOrchQueuePolicy(
    _mode: MonitorMode,
    _task: SetWorkOrchQueuePolicyTask,
    _rctx: RunContext,
  ): void {}
  // CHI_END(SetWorkOrchQueuePolicy)

  // CHI_BEGIN(SetWorkOrchProcPolicy)
  async setWorkOrchProcPolicy(task: SetWorkOrchProcPolicyTask, _rctx: RunContext): Promise<void> {
    await this.node.setPolicy("proc", task.policyPool);
  }
  monitorSetWorkOrchProcPolicy(
    _mode: MonitorMode,
    _task: SetWorkOrchProcPolicyTask,
    _rctx: RunContext,
  ): void {}
  // CHI_END(SetWorkOrchProcPolicy)

  // CHI_BEGIN(Flush)
  async flush(_task: FlushTask, rctx: RunContext): Promise<void> {
    await this.node.flush(rctx);
  }
  monitorFlush(_mode: MonitorMode, _task: FlushTask, _rctx: RunContext): void {}
  // CHI_END(Flush)

  // CHI_BEGIN(PollStats)
  async pollStats(task: PollStatsTask, _rctx: RunContext): Promise<void> {
    task.json = JSON.stringify(await this.node.stats());
  }
  monitorPollStats(_mode: MonitorMode, _task: PollStatsTask, _rctx: RunContext): void {}
  // CHI_END(PollStats)

  // CHI_BEGIN(ListPools)
  /** As many pools and lanes as fit. */
  async listPools(task: ListPoolsTask, _rctx: RunContext): Promise<void> {
    const pools = await this.node.listPools();
    const page = new Page(LISTING_BYTES_MAX);
    let at = task.pool;
    let lane = task.lane;
    while (at < pools.length) {
      lane = page.add(pools[at]!, lane);
      if (lane < pools[at]!.lanes.length) break;
      at++;
      lane = 0;
    }
    task.total = pools.length;
    task.nextPool = at;
    task.nextLane = lane;
    task.json = page.json;
  }
  monitorListPools(_mode: MonitorMode, _task: ListPoolsTask, _rctx: RunContext): void {}
  // CHI_END(ListPools)

  // CHI_BEGIN(MoveLane)
  async moveLane(task: MoveLaneTask, _rctx: RunContext): Promise<void> {
    const { targetPool: poolId, group, index, worker } = task;
    const move = await this.node.moveLane({ poolId, group, index, worker });
    task.from = move.from;
    task.isCarried = move.isCarried;
    task.tasks = move.tasks;
    task.stallMs = move.stallMs;
  }
  monitorMoveLane(_mode: MonitorMode, _task: MoveLaneTask, _rctx: RunContext): void {}
  // CHI_END(MoveLane)

  // CHI_BEGIN(RecycleWorker)
  /** Begun anew elsewhere when it is in the way of its own worker's end. */
  async recycleWorker(task: RecycleWorkerTask, _rctx: RunContext): Promise<void> {
    const info = await this.node.recycleWorker(task.worker);
    task.lanes = info.lanes;
    task.restarted = info.restarted;
    task.stayed = info.stayed;
    task.why = clip(info.why, WHY_BYTES_MAX);
    task.pauseMs = info.pauseMs;
  }
  monitorRecycleWorker(_mode: MonitorMode, _task: RecycleWorkerTask, _rctx: RunContext): void {}
  // CHI_END(RecycleWorker)

  // CHI_BEGIN(ListModules)
  async listModules(task: ListModulesTask, _rctx: RunContext): Promise<void> {
    const modules = await this.node.listModules();
    const encoder = new TextEncoder();
    const texts: string[] = [];
    let roomBytes = LISTING_BYTES_MAX - 2;
    for (const module of modules.slice(task.first)) {
      const text = JSON.stringify(module);
      roomBytes -= encoder.encode(text).length + 1;
      if (roomBytes < 0) break;
      texts.push(text);
    }
    task.next = Math.min(task.first + texts.length, modules.length);
    task.total = modules.length;
    task.json = `[${texts.join(",")}]`;
  }
  monitorListModules(_mode: MonitorMode, _task: ListModulesTask, _rctx: RunContext): void {}
  // CHI_END(ListModules)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
