/** Tasks of the admin module. */

import { defineCreateTask, defineTask, IN, LIMITS, OUT } from "chimaera";
import { Method } from "./admin_methods.ts";

/** The library's name. Generated. */
export const libName = "chimaera_admin";

/** Longest JSON that a listing task carries back. */
export const LISTING_BYTES_MAX = 60_000;

/** Longest reason that a lane did not come back to its worker. */
export const WHY_BYTES_MAX = 2048;

/** Longest path of a repo's folder; the system's own limit. */
export const FOLDER_BYTES_MAX = 4096;

/** Longest JSON that an upgrade carries back: a few numbers and names. */
const UPGRADE_BYTES_MAX = 1024;

// CHI_BEGIN(Create)
/** The admin's pool has no parameters. */
export class CreateTask extends defineCreateTask(libName, {}) {}
// CHI_END(Create)

// CHI_BEGIN(CreatePool)
export { CreatePoolTask } from "chimaera";
// CHI_END(CreatePool)

// CHI_BEGIN(DestroyContainer)
export { DestroyContainerTask } from "chimaera";
// CHI_END(DestroyContainer)

// CHI_BEGIN(RegisterModule)
/** Makes the modules of a repo known, or one of them. */
export class RegisterModuleTask extends defineTask(Method.kRegisterModule, {
  /** Of the repo or of a module in it, on the node's machine; an absolute path. */
  folder: IN.string(FOLDER_BYTES_MAX),
  /** Of RegisterInfo. */
  json: OUT.string(LISTING_BYTES_MAX),
}) {}
// CHI_END(RegisterModule)

// CHI_BEGIN(DestroyModule)
/** Forgets a module of which there are no pools. */
export class DestroyModuleTask extends defineTask(Method.kDestroyModule, {
  libName: IN.string(LIMITS.libNameBytes),
}) {}
// CHI_END(DestroyModule)

// CHI_BEGIN(UpgradeModule)
/** Has all pools of a module run the code that its folder has now. */
export class UpgradeModuleTask extends defineTask(Method.kUpgradeModule, {
  libName: IN.string(LIMITS.libNameBytes),
  /** Begins anew, also on the same code: for a version that serves and cannot save its state. */
  dropState: IN.bool(),
  /** Of UpgradeInfo. */
  json: OUT.string(UPGRADE_BYTES_MAX),
}) {}
// CHI_END(UpgradeModule)

// CHI_BEGIN(GetPoolId)
/** The id of a pool, by name; 0 when there is none. */
export class GetPoolIdTask extends defineTask(Method.kGetPoolId, {
  poolName: IN.string(LIMITS.poolNameBytes),
  id: OUT.u32(),
}) {}
// CHI_END(GetPoolId)

// CHI_BEGIN(StopRuntime)
/** Asks the node to stop once this task is answered. */
export class StopRuntimeTask extends defineTask(Method.kStopRuntime, {}) {}
// CHI_END(StopRuntime)

// CHI_BEGIN(SetWorkOrchQueuePolicy)
/** Puts a pool in charge of lane → worker. */
export class SetWorkOrchQueuePolicyTask extends defineTask(Method.kSetWorkOrchQueuePolicy, {
  policyPool: IN.u32(),
}) {}
// CHI_END(SetWorkOrchQueuePolicy)

// CHI_BEGIN(SetWorkOrchProcPolicy)
/** Puts a pool in charge of worker → processor. */
export class SetWorkOrchProcPolicyTask extends defineTask(Method.kSetWorkOrchProcPolicy, {
  policyPool: IN.u32(),
}) {}
// CHI_END(SetWorkOrchProcPolicy)

// CHI_BEGIN(Flush)
/** Is done when every task is that came into the node before it. */
export class FlushTask extends defineTask(Method.kFlush, {}) {}
// CHI_END(Flush)

// CHI_BEGIN(PollStats)
/** What the node tells about itself, as JSON. */
export class PollStatsTask extends defineTask(Method.kPollStats, {
  json: OUT.string(LISTING_BYTES_MAX),
}) {}
// CHI_END(PollStats)

// CHI_BEGIN(ListPools)
/**
 * A page of the pools and their lanes, as JSON, from a lane of a pool on. A pool whose lanes do not
 * fit goes on with the next page. `nextPool` is `total` at the end.
 */
export class ListPoolsTask extends defineTask(Method.kListPools, {
  pool: IN.u32(),
  lane: IN.u32(),
  nextPool: OUT.u32(),
  nextLane: OUT.u32(),
  total: OUT.u32(),
  json: OUT.string(LISTING_BYTES_MAX),
}) {}
// CHI_END(ListPools)

// CHI_BEGIN(MoveLane)
/** Has another worker run a lane, with its state and the tasks that wait on it. */
export class MoveLaneTask extends defineTask(Method.kMoveLane, {
  targetPool: IN.u32(),
  group: IN.u32(),
  index: IN.u32(),
  worker: IN.u32(),
  /** The worker that the lane was on. */
  from: OUT.u32(),
  /** Whether the module's state went along; else the lane's instance was made anew. */
  isCarried: OUT.bool(),
  /** Tasks that waited, and went along. */
  tasks: OUT.u32(),
  /** How long the lane began nothing, in milliseconds. */
  stallMs: OUT.f64(),
}) {}
// CHI_END(MoveLane)

// CHI_BEGIN(RecycleWorker)
/** Has a fresh thread take a worker's place, with all its lanes. */
export class RecycleWorkerTask extends defineTask(Method.kRecycleWorker, {
  worker: IN.u32(),
  /** Lanes that left the worker for as long as it took. */
  lanes: OUT.u32(),
  /** Those of them whose instances were made anew: their modules save no state. */
  restarted: OUT.u32(),
  /** Those that could not come back, and run on where they had gone. */
  stayed: OUT.u32(),
  /** Why the first of those could not. */
  why: OUT.string(WHY_BYTES_MAX),
  /** How long the worker took no tasks, in milliseconds. */
  pauseMs: OUT.f64(),
}) {}
// CHI_END(RecycleWorker)

// CHI_BEGIN(ListModules)
/** A page of the modules that pools can be made of, from one of them on. */
export class ListModulesTask extends defineTask(Method.kListModules, {
  first: IN.u32(),
  /** The number of all when this is the last page. */
  next: OUT.u32(),
  total: OUT.u32(),
  /** Of a list of ModuleInfo. */
  json: OUT.string(LISTING_BYTES_MAX),
}) {}
// CHI_END(ListModules)
// CHI_AUTOGEN_METHODS  // keep at class bottom
