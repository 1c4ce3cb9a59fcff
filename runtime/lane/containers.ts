/**
 * The containers of one worker: made, given lanes, opened, destroyed, as the node says.
 *
 * A pool comes up in two steps. Its home worker makes the home instance and runs `create`, which
 * asks for lane groups; the node decides which worker runs which lane; then every worker makes the
 * instances of its lanes. A worker without lanes of the pool hands its tasks to the home worker.
 *
 * Thread rules: one worker's isolate.
 */

import { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { ContainerOnWorker } from "./container.ts";
import { idle, stillRuns } from "./container_end.ts";
import { COUNTER_LINE_WORDS, LANE_COUNTER } from "./counters.ts";
import {
  defaultsOf,
  Instances,
  type LoadedModule,
  type PoolParams,
  serializeShared,
} from "./instances.ts";
import { Lane } from "./lane.ts";
import type { RestoreOrder } from "./lane_move_orders.ts";
import type { LibExec } from "./lib_exec.ts";
import type { LaneGroupSpec, Module } from "./module.ts";
import type { RunContext, RunHost } from "./run_context.ts";
import { type SavedState, serializer } from "./saved_state.ts";
import type { TrialBlocks } from "./trial_blocks.ts";
import type { WorkerState } from "./worker_state.ts";

/** Where a module's code is. */
export interface ModuleSpec {
  /** `<namespace>_<module>`. */
  readonly libName: string;
  /** Tells this code from what the module was or will be; no two are the same in a node. */
  readonly version: string;
  /** Of the file that exports the module's `Server`. */
  readonly runtimeUrl: string;
  /** Of the generated file with its dispatch. */
  readonly libExecUrl: string;
  /** Where its author has it, when what is loaded is a copy. */
  readonly source?: ModuleSource;
}

/** What a copy of a module is of. */
export interface ModuleSource {
  /** What the URLs of the copy's files begin with. */
  readonly copyUrl: string;
  /** The folder that stands for. */
  readonly folder: string;
  /** Of the copy's own file that leads to both of the module's. */
  readonly entryUrl: string;
}

/** A pool to create, as the node tells the home worker. */
export interface CreateOrder extends PoolParams {
  readonly poolId: number;
  readonly poolName: string;
  readonly module: ModuleSpec;
  readonly homeWorker: number;
}

/** The lanes of a pool, as the node tells every worker. */
export interface LanesOrder extends PoolParams {
  readonly poolId: number;
  readonly poolName: string;
  readonly module: ModuleSpec;
  readonly homeWorker: number;
  readonly groups: readonly { id: number; lanes: readonly { id: number; worker: number }[] }[];
  readonly shared: readonly number[] | null;
}

/** What `create` asked for. */
export interface CreateResult {
  /** The module's methods, for messages of threads that do not load it. */
  readonly methodNames: Readonly<Record<number, string>>;
  readonly groups: readonly LaneGroupSpec[];
  readonly shared: readonly number[] | null;
  /** The create parameters of whoever names none. */
  readonly defaults: PoolParams;
}

/** Ends the tasks of a container that is going away. */
export interface ContainerTasks {
  failQueued(lane: Lane, error: ChimaeraError): void;
  /** Fires the signals of handlers that run, whose tasks will fail. Returns their names. */
  failRunning(container: ContainerOnWorker, error: ChimaeraError): string[];
}

/** What containers need of their worker. */
export interface ContainerHooks {
  readonly load: (spec: ModuleSpec) => Promise<LoadedModule>;
  readonly executor: ContainerTasks;
  /** A module has started that has perhaps not given all its subtasks back. */
  readonly endOf: (parent: RunContext) => void;
}

export class Containers {
  readonly #state: WorkerState;
  readonly #hooks: ContainerHooks;
  readonly instances: Instances;
  /** Home instances whose lanes are not known yet. */
  readonly #created = new Map<number, { module: Module; container: ContainerOnWorker }>();

  constructor(state: WorkerState, host: RunHost, hooks: ContainerHooks) {
    this.#state = state;
    this.#hooks = hooks;
    this.instances = new Instances(state, host, hooks.endOf);
  }

  /** Whether no pool is half made here. */
  get isSettled(): boolean {
    return this.#created.size === 0;
  }

  /** Makes the home instance and runs its `create`. */
  async create(order: CreateOrder): Promise<CreateResult> {
    const loaded = await this.#hooks.load(order.module);
    const { libExec } = loaded;
    const container = containerOf(order, libExec);
    const { module, specs } = await this.instances.create(loaded, container, order);
    if (specs.length === 0) {
      throw new ChimaeraError("badLaneGroup", {
        what: `create pool ${order.poolName}`,
        why: "create() made no lane group",
      });
    }
    this.#created.set(order.poolId, { module, container });
    const shared = await serializeShared(module.shared);
    const { methodNames } = libExec;
    return { groups: specs, shared, methodNames, defaults: defaultsOf(libExec) };
  }

  /** So many modules more, or less, are being tried here. */
  trying(delta: number): void {
    this.#state.trying(delta);
  }

  /** Imports a module's code, and what handing over its state needs besides. */
  async prepare(spec: ModuleSpec): Promise<LoadedModule> {
    const loaded = await this.#hooks.load(spec);
    await serializer();
    return loaded;
  }

  /**
   * The instance of a lane that comes here from another worker: restored from what it saved there,
   * or made anew when `saved` is null.
   */
  async receive(
    lane: Lane,
    order: RestoreOrder,
    saved: SavedState | null,
    trial: TrialBlocks,
  ): Promise<Module> {
    const loaded = await this.#hooks.load(order.module);
    return await this.instances.make(loaded, lane, { ...order, saved, isUpgrade: false, trial });
  }

  /** Sets up a pool's lanes here, and their instances. */
  async setLanes(order: LanesOrder): Promise<void> {
    const state = this.#state;
    const created = this.#created.get(order.poolId);
    this.#created.delete(order.poolId);
    const loaded = await this.#hooks.load(order.module);
    const container = created?.container ?? containerOf(order, loaded.libExec);
    for (const group of order.groups) {
      container.groups[group.id] = group.lanes.map(({ id, worker }, index) =>
        new Lane(id, group.id, index, worker, container, state.counters)
      );
    }
    for (const group of container.groups) {
      for (const lane of group ?? []) {
        if (lane.worker !== state.id) continue;
        let module: Module;
        if (lane === container.home && created !== undefined) {
          module = created.module;
          this.instances.bind(module, container, lane, null);
        } else {
          const anew = { ...order, isHome: false, saved: null, isUpgrade: false, trial: null };
          module = await this.instances.make(loaded, lane, anew);
        }
        lane.server = module;
        state.lanes[lane.id] = lane;
        const line = lane.counter;
        state.counters.words.fill(0, line, line + COUNTER_LINE_WORDS);
        state.counters.words[line + LANE_COUNTER.worker] = state.id;
        container.router ??= module;
      }
    }
    state.containers[order.poolId] = container;
  }

  /**
   * Ends a pool's instances here. Tasks that wait on its lanes fail; handlers that run get some
   * time to end, then their signals fire, and their tasks fail too. Throws CHI-4020 when one goes
   * on all the same: its caller waits for it, and the pool has ended.
   */
  async destroy(poolId: number): Promise<void> {
    const state = this.#state;
    this.#created.delete(poolId);
    const container = state.containers[poolId];
    if (container === undefined) return;
    state.containers[poolId] = undefined;
    const error = new ChimaeraError("poolNotFound", {
      what: `pool ${container.poolName}`,
      why: "it was ended before the task was done",
    });
    for (const lane of container.groups.flat()) {
      if (lane?.server) this.#hooks.executor.failQueued(lane, error);
    }
    await idle(container, LIMITS.destroyGraceMs);
    const names = container.active === 0 ? [] : this.#hooks.executor.failRunning(container, error);
    await idle(container, LIMITS.destroySignalMs);
    for (const lane of container.groups.flat()) {
      if (!lane?.server) continue;
      state.lanes[lane.id] = undefined;
      await lane.server.close?.();
      lane.server = null;
    }
    if (container.active > 0 && names.length > 0) throw stillRuns(container, names);
  }

  /** Closes the per-worker resources. */
  close(): void {
    this.instances.close();
  }
}

function containerOf(
  { poolId, poolName, homeWorker, module }: Pick<
    CreateOrder,
    "poolId" | "poolName" | "homeWorker" | "module"
  >,
  libExec: LibExec,
): ContainerOnWorker {
  return new ContainerOnWorker(poolId, poolName, homeWorker, libExec, module.version);
}
