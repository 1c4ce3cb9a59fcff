/** Client of the admin module. Its pool always exists, so there is nothing to create. */

import {
  ADMIN_POOL_ID,
  type DomainQuery,
  type LaneMoveInfo,
  ModuleClient,
  type ModuleInfo,
  type NodeStats,
  type PoolInfo,
  type RecycleInfo,
  type RegisterInfo,
  type Submitter,
  taskMethod,
  type UpgradeInfo,
} from "chimaera";
import {
  DestroyContainerTask,
  DestroyModuleTask,
  FlushTask,
  GetPoolIdTask,
  ListModulesTask,
  ListPoolsTask,
  MoveLaneTask,
  PollStatsTask,
  RecycleWorkerTask,
  RegisterModuleTask,
  SetWorkOrchProcPolicyTask,
  SetWorkOrchQueuePolicyTask,
  StopRuntimeTask,
  UpgradeModuleTask,
} from "./admin_tasks.ts";

export class Client extends ModuleClient {
  constructor(submitter?: Submitter) {
    super(submitter);
    this.init(ADMIN_POOL_ID);
  }

  // CHI_BEGIN(CreatePool)
  // The clients of other modules send it: it is behind their `create`.
  // CHI_END(CreatePool)

  // CHI_BEGIN(DestroyContainer)
  /** Ends a pool. Throws CHI-4001. */
  destroyContainer(dom: DomainQuery, targetPool: number): Promise<void> {
    return this.asyncDestroyContainer.ask(dom, { targetPool });
  }
  asyncDestroyContainer = taskMethod(DestroyContainerTask);
  // CHI_END(DestroyContainer)

  // CHI_BEGIN(RegisterModule)
  /**
   * Makes the modules of a repo known to the node, or one of them, so that pools can be made of them.
   * Those that are known already stay as they are.
   *
   * Throws CHI-1301 and CHI-1302 for what is no repo, CHI-4022 when another repo has a module of the
   * same library name. A module that cannot be loaded is among the failures of the answer.
   *
   * @param folder Of the repo or of a module in it, on the node's machine; an absolute path.
   */
  async registerModule(dom: DomainQuery, folder: string): Promise<RegisterInfo> {
    using task = await this.asyncRegisterModule.paced(dom, { folder });
    await task.wait();
    return JSON.parse(task.json);
  }
  asyncRegisterModule = taskMethod(RegisterModuleTask);
  // CHI_END(RegisterModule)

  // CHI_BEGIN(DestroyModule)
  /** Has the node forget a module. Throws CHI-4003, CHI-4023; CHI-4024 while there are pools of it. */
  destroyModule(dom: DomainQuery, libName: string): Promise<void> {
    return this.asyncDestroyModule.ask(dom, { libName });
  }
  asyncDestroyModule = taskMethod(DestroyModuleTask);
  // CHI_END(DestroyModule)

  // CHI_BEGIN(UpgradeModule)
  /**
   * Has all pools of a module run the code that its folder has now, while they are used: what they
   * have begun ends on the old version, what waits runs on the new one, and their state goes along
   * by `saveState`.
   *
   * Throws CHI-4003 and CHI-4023 for a module that is not known, CHI-4005 and CHI-4021 for code that
   * does not load, CHI-4025 when it cannot take over. The old version then serves on.
   *
   * @param libName `<namespace>_<module>`, or the module's own name where that is enough.
   * @param dropState Begins anew without what the old version could save, also when nothing in the
   * folder has changed: for a version that serves and whose `saveState` fails.
   */
  async upgradeModule(
    dom: DomainQuery,
    libName: string,
    dropState = false,
  ): Promise<UpgradeInfo> {
    using task = await this.asyncUpgradeModule.paced(dom, { libName, dropState });
    await task.wait();
    return JSON.parse(task.json);
  }
  asyncUpgradeModule = taskMethod(UpgradeModuleTask);
  // CHI_END(UpgradeModule)

  // CHI_BEGIN(GetPoolId)
  /** The id of a pool; 0 when there is none of that name. */
  getPoolId(dom: DomainQuery, poolName: string): Promise<number> {
    return this.asyncGetPoolId.ask(dom, { poolName }, (task) => task.id);
  }
  asyncGetPoolId = taskMethod(GetPoolIdTask);
  // CHI_END(GetPoolId)

  // CHI_BEGIN(StopRuntime)
  /** Asks the node to stop; it ends soon after. */
  stopRuntime(dom: DomainQuery): Promise<void> {
    return this.asyncStopRuntime.ask(dom);
  }
  asyncStopRuntime = taskMethod(StopRuntimeTask);
  // CHI_END(StopRuntime)

  // CHI_BEGIN(SetWorkOrchQueuePolicy)
  /** Puts a pool in charge of which worker runs which lane, for lanes made from now on. */
  setWorkOrchQueuePolicy(dom: DomainQuery, policyPool: number): Promise<void> {
    return this.asyncSetWorkOrchQueuePolicy.ask(dom, { policyPool });
  }
  asyncSetWorkOrchQueuePolicy = taskMethod(SetWorkOrchQueuePolicyTask);
  // CHI_END(SetWorkOrchQueuePolicy)

  // CHI_BEGIN(SetWorkOrchProcPolicy)
  /** Puts a pool in charge of which processor a worker is bound to; takes effect at once. */
  setWorkOrchProcPolicy(dom: DomainQuery, policyPool: number): Promise<void> {
    return this.asyncSetWorkOrchProcPolicy.ask(dom, { policyPool });
  }
  asyncSetWorkOrchProcPolicy = taskMethod(SetWorkOrchProcPolicyTask);
  // CHI_END(SetWorkOrchProcPolicy)

  // CHI_BEGIN(Flush)
  /**
   * Waits until every task is done that came into the node before, from whichever client, handler
   * or worker: a task counts from when it was published in shared memory, or its frame was read from
   * the socket. Periodic tasks run once more; tasks that are long-running without a period are not
   * waited for, nor is a handler that itself waits for a flush. Modules start the work that they
   * hold back (kFlushWork), and that is waited for too. Rejects with what one of them threw;
   * CHI-3010 while a module starts.
   */
  flush(dom: DomainQuery): Promise<void> {
    return this.asyncFlush.ask(dom);
  }
  asyncFlush = taskMethod(FlushTask);
  // CHI_END(Flush)

  // CHI_BEGIN(PollStats)
  /** Workers, sessions, memory and stalls of the node. */
  async pollStats(dom: DomainQuery): Promise<NodeStats> {
    using task = await this.asyncPollStats.paced(dom);
    await task.wait();
    return JSON.parse(task.json);
  }
  asyncPollStats = taskMethod(PollStatsTask);
  // CHI_END(PollStats)

  // CHI_BEGIN(ListPools)
  /** All pools with their lanes. */
  async listPools(dom: DomainQuery): Promise<PoolInfo[]> {
    const pools: PoolInfo[] = [];
    let [pool, lane, total] = [0, 0, 1];
    while (pool < total) {
      using task = await this.asyncListPools.paced(dom, { pool, lane });
      await task.wait();
      for (const info of JSON.parse(task.json) as PoolInfo[]) {
        const last = pools.at(-1);
        if (last?.id !== info.id) pools.push(info);
        else pools[pools.length - 1] = { ...last, lanes: [...last.lanes, ...info.lanes] };
      }
      [pool, lane, total] = [task.nextPool, task.nextLane, task.total];
    }
    return pools;
  }
  asyncListPools = taskMethod(ListPoolsTask);
  // CHI_END(ListPools)

  // CHI_BEGIN(MoveLane)
  /**
   * Has another worker run a lane. What waits on the lane goes along, in order; what it has begun
   * ends before.
   *
   * Throws CHI-4001 and CHI-4007 for a lane that does not exist, CHI-3001 for such a worker,
   * CHI-4017 when the lane does not come to rest, CHI-4018 when its instance cannot be moved. The
   * lane then runs on where it was.
   */
  async moveLane(
    dom: DomainQuery,
    targetPool: number,
    group: number,
    index: number,
    worker: number,
  ): Promise<LaneMoveInfo> {
    using task = await this.asyncMoveLane.paced(dom, { targetPool, group, index, worker });
    await task.wait();
    const { from, isCarried, tasks, stallMs } = task;
    return { from, isCarried, tasks, stallMs };
  }
  asyncMoveLane = taskMethod(MoveLaneTask);
  // CHI_END(MoveLane)

  // CHI_BEGIN(RecycleWorker)
  /**
   * Has a fresh thread take a worker's place, and so gives back what the old one has collected. Its
   * lanes are on other workers meanwhile, as {@linkcode moveLane} moves them; nothing that comes to
   * them, or by this worker, is lost or changes its order.
   *
   * Throws CHI-3001 for a worker that does not exist, CHI-4017 when a lane does not come to rest,
   * CHI-4018 when one cannot be moved, CHI-4019 when something else is left on the worker or the
   * node has no other one: then the worker has its old thread and its lanes. A lane that cannot come
   * back stays where it went, and is counted.
   */
  async recycleWorker(dom: DomainQuery, worker: number): Promise<RecycleInfo> {
    using task = await this.asyncRecycleWorker.paced(dom, { worker });
    await task.wait();
    const { lanes, restarted, stayed, why, pauseMs } = task;
    return { worker, lanes, restarted, stayed, why, pauseMs };
  }
  asyncRecycleWorker = taskMethod(RecycleWorkerTask);
  // CHI_END(RecycleWorker)

  // CHI_BEGIN(ListModules)
  /** All modules that pools can be made of. */
  async listModules(dom: DomainQuery): Promise<ModuleInfo[]> {
    const modules: ModuleInfo[] = [];
    let total = 1;
    while (modules.length < total) {
      using task = await this.asyncListModules.paced(dom, { first: modules.length });
      await task.wait();
      modules.push(...JSON.parse(task.json) as ModuleInfo[]);
      if (modules.length < task.next) break; // Some were unloaded between two pages.
      total = task.total;
    }
    return modules;
  }
  asyncListModules = taskMethod(ListModulesTask);
  // CHI_END(ListModules)
  // CHI_AUTOGEN_METHODS  // keep at class bottom
}
