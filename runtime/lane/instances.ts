/**
 * Instances of modules, one per lane: made, started, restored, and given what the runtime gives
 * them.
 *
 * Thread rules: one worker's isolate.
 */

import { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { DebugHeap } from "../memory/mod.ts";
import {
  BLOCK_HEADER_WORDS,
  decodeParams,
  encodeParams,
  H,
  type Task,
  workerRootOrigin,
} from "../task/mod.ts";
import type { ContainerOnWorker } from "./container.ts";
import { HeapBlock } from "./heap_block.ts";
import type { Lane } from "./lane.ts";
import type { LibExec } from "./lib_exec.ts";
import { releaseKept } from "./lock_guard.ts";
import { attachModule, type LaneGroupSpec, type Module, type ModuleHost } from "./module.ts";
import type { NodeControl } from "./node_control.ts";
import { RunContext, type RunHost } from "./run_context.ts";
import { type SavedState, serializer } from "./saved_state.ts";
import type { TrialBlocks } from "./trial_blocks.ts";
import type { WorkerState } from "./worker_state.ts";

/** A module's code, imported. */
export interface LoadedModule {
  readonly libExec: LibExec;
  readonly make: () => Module;
}

/** A pool's create parameters, as bytes. */
export interface PoolParams {
  /** Hash of the CreateTask that they are of; 0: the module's defaults. */
  readonly paramsLayout: number;
  readonly params: readonly number[];
}

/** What an instance of a lane that is there already begins with. */
export interface InstanceOrder extends PoolParams {
  /** Whether this is the instance where `create` runs. */
  readonly isHome: boolean;
  readonly shared: readonly number[] | null;
  /** What another instance left for it; null: it begins anew. */
  readonly saved: SavedState | null;
  /** Whether that one was of the version before. */
  readonly isUpgrade: boolean;
  /** Its blocks while it is not decided that it serves; null: it does. */
  readonly trial: TrialBlocks | null;
}

interface Resource {
  readonly value: unknown;
  readonly close: (value: never) => void;
}

/** A value that `create` has set for the other lanes' instances, as bytes. */
export async function serializeShared(shared: unknown): Promise<readonly number[] | null> {
  if (shared === undefined) return null;
  const { serialize } = await serializer();
  return [...serialize(shared)];
}

async function deserializeShared(bytes: readonly number[] | null): Promise<unknown> {
  if (bytes === null) return undefined;
  const { deserialize } = await serializer();
  return deserialize(Uint8Array.from(bytes));
}

export class Instances {
  readonly #state: WorkerState;
  readonly #host: RunHost;
  readonly #endOf: (parent: RunContext) => void;
  /** Per-worker resources by version and key. */
  readonly #resources = new Map<string, Resource>();
  /** Modules that were started; numbers their roots. */
  #startUps = 0;

  /** @param endOf A module has started that has perhaps not given all its subtasks back. */
  constructor(state: WorkerState, host: RunHost, endOf: (parent: RunContext) => void) {
    this.#state = state;
    this.#host = host;
    this.#endOf = endOf;
  }

  /** The home instance of a container without lanes as yet, and the lane groups it asks for. */
  async create(
    loaded: LoadedModule,
    container: ContainerOnWorker,
    params: PoolParams,
  ): Promise<{ readonly module: Module; readonly specs: readonly LaneGroupSpec[] }> {
    const module = loaded.make();
    return { module, specs: await this.#runCreate(module, container, params, null) };
  }

  /** Binds an instance to its lane. */
  bind(module: Module, container: ContainerOnWorker, lane: Lane, trial: TrialBlocks | null): void {
    attachModule(module, this.#hostOf(container, lane, null, trial));
  }

  /**
   * The instance of a lane that is there: restored from what another saved, or made anew. Of one
   * that cannot be made no block is left.
   */
  async make(loaded: LoadedModule, lane: Lane, order: InstanceOrder): Promise<Module> {
    try {
      return await this.#make(loaded, lane, order);
    } catch (thrown) {
      order.trial?.drop();
      throw thrown;
    }
  }

  async #make(loaded: LoadedModule, lane: Lane, order: InstanceOrder): Promise<Module> {
    const { container } = lane;
    const { isHome, saved, trial } = order;
    const module = loaded.make();
    if (saved === null && isHome) {
      checkGroups(container, await this.#runCreate(module, container, order, trial));
      this.bind(module, container, lane, trial);
      return module;
    }
    this.bind(module, container, lane, trial);
    module.shared = await deserializeShared(order.shared);
    const params = paramsOf(container.libExec, order);
    if (saved !== null) {
      const takeOver = takingOver(container, module, order.isUpgrade);
      await this.#startUp(params, lane, (rctx) => takeOver(saved, rctx));
    } else if (module.open !== undefined) {
      await this.#startUp(params, lane, (rctx) => module.open!(rctx));
    }
    return module;
  }

  async #runCreate(
    module: Module,
    container: ContainerOnWorker,
    order: PoolParams,
    trial: TrialBlocks | null,
  ): Promise<readonly LaneGroupSpec[]> {
    const specs: LaneGroupSpec[] = [];
    attachModule(module, this.#hostOf(container, null, specs, trial));
    const task = paramsOf(container.libExec, order);
    await this.#startUp(task, null as unknown as Lane, (rctx) => module.create(task, rctx));
    return specs;
  }

  /**
   * Runs what a module does while it starts. That is no task, but the root of those that it sends:
   * it has the head of one, with depth −1, above theirs.
   */
  async #startUp(
    task: Task,
    lane: Lane,
    call: (rctx: RunContext) => void | Promise<void>,
  ): Promise<void> {
    const state = this.#state;
    const block = state.blocks.alloc(0);
    const words = state.node.i32;
    words.fill(0, block, block + BLOCK_HEADER_WORDS);
    words[block + H.rootSlot] = this.#startUps++ | 0;
    words[block + H.rootOrigin] = workerRootOrigin(state.id);
    words[block + H.depth] = -1;
    task.header.block = block;
    const rctx = new RunContext(this.#host);
    rctx.start(task, lane);
    let kept: ChimaeraError | null = null;
    try {
      await call(rctx);
    } finally {
      this.#endOf(rctx);
      kept = releaseKept(rctx, null);
      rctx.leave();
      // What it left running still looks at its head.
      if (rctx.pinned) rctx.onUnpinned(() => state.blocks.free(block, 0));
      else state.blocks.free(block, 0);
    }
    if (kept !== null) throw kept;
  }

  #hostOf(
    container: ContainerOnWorker,
    lane: Lane | null,
    specs: LaneGroupSpec[] | null,
    trial: TrialBlocks | null,
  ): ModuleHost {
    const { libName } = container.libExec;
    const control = libName === "chimaera_admin" ? this.#state.control : notAdmin(libName);
    return {
      poolId: container.poolId,
      poolName: container.poolName,
      groups: container.groups,
      lane,
      node: control,
      workers: this.#state.workers,
      createLaneGroup: (id, count, queue) => addGroup(specs, { id, count, queue }),
      perWorker: (key, open, close) =>
        this.#resource(`${resourcesOf(libName, container.version)}${key}`, open, close),
      allocBlock: (sizeBytes) => {
        const { node, heap } = this.#state;
        const offset = heap.alloc(sizeBytes);
        if (heap instanceof DebugHeap) heap.label(offset, container.poolId);
        const block = new HeapBlock(node, heap, offset, sizeBytes);
        trial?.note(block);
        return block;
      },
    };
  }

  #resource<T>(key: string, open: () => T, close: (value: T) => void): T {
    let resource = this.#resources.get(key);
    if (resource === undefined) {
      resource = { value: open(), close: close as (value: never) => void };
      this.#resources.set(key, resource);
    }
    return resource.value as T;
  }

  /** Closes the per-worker resources of a version that no container here is of any more. All of them, also when one throws. */
  closeVersion(libName: string, version: string): void {
    const prefix = resourcesOf(libName, version);
    const thrown: unknown[] = [];
    for (const [key, { value, close }] of this.#resources) {
      if (!key.startsWith(prefix)) continue;
      this.#resources.delete(key);
      try {
        close(value as never);
      } catch (error) {
        thrown.push(error);
      }
    }
    if (thrown.length > 0) throw thrown[0];
  }

  /** Closes all per-worker resources. */
  close(): void {
    for (const { value, close } of this.#resources.values()) close(value as never);
    this.#resources.clear();
  }
}

/** Versions have values of their own under the same key: their classes differ. */
function resourcesOf(libName: string, version: string): string {
  return `${libName}@${version}/`;
}

/** What of an instance takes the state of another one. */
function takingOver(
  { libExec }: ContainerOnWorker,
  module: Module,
  isUpgrade: boolean,
): (saved: SavedState, rctx: RunContext) => void | Promise<void> {
  const { upgrade } = libExec;
  if (isUpgrade && upgrade !== undefined) return (saved, rctx) => upgrade(module, saved, rctx);
  if (module.restoreState !== undefined) return (saved, rctx) => module.restoreState!(saved, rctx);
  throw new ChimaeraError(isUpgrade ? "upgradeFailed" : "laneMoveFailed", {
    what: `restore an instance of ${libExec.libName}`,
    why: isUpgrade
      ? "the old version saved a state, and the new one has neither kUpgrade nor restoreState()"
      : "it has no restoreState()",
  });
}

/** The create parameters of a pool for which none are given. */
export function defaultsOf({ create }: LibExec): PoolParams {
  return { paramsLayout: create.layout.hash, params: [...encodeParams(create, {})] };
}

/** The create parameters of a pool, as its module knows them. */
export function paramsOf({ create }: LibExec, { params, paramsLayout }: PoolParams): Task {
  return paramsLayout === 0
    ? decodeParams(create, encodeParams(create, {}), create.layout.hash)
    : decodeParams(create, Uint8Array.from(params), paramsLayout);
}

/** A home instance that is made anew must ask for the lanes that are there. */
function checkGroups(container: ContainerOnWorker, specs: readonly LaneGroupSpec[]): void {
  const there = container.groups.filter((group) => group !== undefined);
  const isSame = specs.length === there.length &&
    specs.every(({ id, count }) => container.groups[id]?.length === count);
  if (isSame) return;
  throw new ChimaeraError("badLaneGroup", {
    what: `create pool ${container.poolName} anew`,
    why: "create() asked for other lane groups than the first time",
    hint: "end the pool and create it again to give it other lanes",
  });
}

function addGroup(specs: LaneGroupSpec[] | null, spec: LaneGroupSpec): void {
  const refuse = (why: string): never => {
    throw new ChimaeraError("badLaneGroup", { what: `lane group ${spec.id}`, why });
  };
  if (specs === null) return refuse("groups are made in create()");
  if (!Number.isInteger(spec.id) || spec.id < 0 || spec.id > 255) refuse("ids are 0 to 255");
  if (!Number.isInteger(spec.count) || spec.count < 1 || spec.count > LIMITS.lanesPerGroup) {
    refuse(`${spec.count} lanes`);
  }
  if (specs.some((other) => other.id === spec.id)) refuse("it was made before");
  specs.push(spec);
}

function notAdmin(libName: string): NodeControl {
  const refuse = (): never => {
    throw new ChimaeraError("notAdmin", {
      what: `control the node from ${libName}`,
      why: "only the admin module has that right",
    });
  };
  return {
    createPool: refuse,
    destroyPool: refuse,
    listPools: refuse,
    stats: refuse,
    flush: refuse,
    setPolicy: refuse,
    moveLane: refuse,
    recycleWorker: refuse,
    registerModule: refuse,
    destroyModule: refuse,
    upgradeModule: refuse,
    listModules: refuse,
    stop: refuse,
  };
}
