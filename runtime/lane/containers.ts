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
import { DebugHeap } from "../memory/mod.ts";
import {
  BLOCK_HEADER_WORDS,
  decodeParams,
  encodeParams,
  H,
  type Task,
  workerRootOrigin,
} from "../task/mod.ts";
import { ContainerOnWorker } from "./container.ts";
import { idle, stillRuns } from "./container_end.ts";
import { HeapBlock } from "./heap_block.ts";
import { Lane } from "./lane.ts";
import type { RestoreOrder } from "./lane_move_orders.ts";
import { COUNTER_LINE_WORDS, LANE_COUNTER } from "./counters.ts";
import type { LibExec } from "./lib_exec.ts";
import { attachModule, type LaneGroupSpec, type Module, type ModuleHost } from "./module.ts";
import { releaseKept } from "./lock_guard.ts";
import type { NodeControl } from "./node_control.ts";
import { RunContext, type RunHost } from "./run_context.ts";
import { type SavedState, serializer } from "./saved_state.ts";
import type { WorkerState } from "./worker_state.ts";

/** Where a module's code is. */
export interface ModuleSpec {
  /** `<namespace>_<module>`. */
  readonly libName: string;
  /** Of the file that exports the module's `Server`. */
  readonly runtimeUrl: string;
  /** Of the generated file with its dispatch. */
  readonly libExecUrl: string;
}

/** A module's code, imported. */
export interface LoadedModule {
  readonly libExec: LibExec;
  readonly make: () => Module;
}

/** A pool to create, as the node tells the home worker. */
export interface CreateOrder {
  readonly poolId: number;
  readonly poolName: string;
  readonly module: ModuleSpec;
  readonly homeWorker: number;
  /** 0: the module's defaults. */
  readonly paramsLayout: number;
  readonly params: readonly number[];
}

/** The lanes of a pool, as the node tells every worker. */
export interface LanesOrder {
  readonly poolId: number;
  readonly poolName: string;
  readonly module: ModuleSpec;
  readonly homeWorker: number;
  readonly groups: readonly { id: number; lanes: readonly { id: number; worker: number }[] }[];
  readonly paramsLayout: number;
  readonly params: readonly number[];
  readonly shared: readonly number[] | null;
}

/** What `create` asked for. */
export interface CreateResult {
  /** The module's methods, for messages of threads that do not load it. */
  readonly methodNames: Readonly<Record<number, string>>;
  readonly groups: readonly LaneGroupSpec[];
  readonly shared: readonly number[] | null;
}

async function serializeShared(shared: unknown): Promise<readonly number[] | null> {
  if (shared === undefined) return null;
  const { serialize } = await serializer();
  return [...serialize(shared)];
}

async function deserializeShared(bytes: readonly number[] | null): Promise<unknown> {
  if (bytes === null) return undefined;
  const { deserialize } = await serializer();
  return deserialize(Uint8Array.from(bytes));
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

interface Resource {
  readonly value: unknown;
  readonly close: (value: never) => void;
}

export class Containers {
  readonly #state: WorkerState;
  readonly #host: RunHost;
  readonly #hooks: ContainerHooks;
  /** Home instances whose lanes are not known yet. */
  readonly #created = new Map<number, { module: Module; container: ContainerOnWorker }>();
  /** Per-worker resources by library and key. */
  readonly #resources = new Map<string, Resource>();
  /** Modules that were started; numbers their roots. */
  #startUps = 0;

  constructor(state: WorkerState, host: RunHost, hooks: ContainerHooks) {
    this.#state = state;
    this.#host = host;
    this.#hooks = hooks;
  }

  /** Whether no pool is half made here. */
  get isSettled(): boolean {
    return this.#created.size === 0;
  }

  /** Makes the home instance and runs its `create`. */
  async create(order: CreateOrder): Promise<CreateResult> {
    const loaded = await this.#hooks.load(order.module);
    const { libExec } = loaded;
    const container = new ContainerOnWorker(
      order.poolId,
      order.poolName,
      order.homeWorker,
      libExec,
    );
    const module = loaded.make();
    const specs = await this.#runCreate(module, container, order);
    if (specs.length === 0) {
      throw new ChimaeraError("badLaneGroup", {
        what: `create pool ${order.poolName}`,
        why: "create() made no lane group",
      });
    }
    this.#created.set(order.poolId, { module, container });
    const shared = await serializeShared(module.shared);
    return { groups: specs, shared, methodNames: libExec.methodNames };
  }

  async #runCreate(
    module: Module,
    container: ContainerOnWorker,
    order: { readonly paramsLayout: number; readonly params: readonly number[] },
  ): Promise<readonly LaneGroupSpec[]> {
    const specs: LaneGroupSpec[] = [];
    attachModule(module, this.#hostOf(container, null, specs));
    const task = paramsOf(container.libExec, order);
    await this.#startUp(task, null as unknown as Lane, (rctx) => module.create(task, rctx));
    return specs;
  }

  /** Imports a module's code, and what moving one of its lanes needs besides. */
  async prepare(spec: ModuleSpec): Promise<void> {
    await this.#hooks.load(spec);
    await serializer();
  }

  /**
   * The instance of a lane that comes here from another worker: restored from what it saved there,
   * or made anew when `saved` is null.
   */
  async receive(lane: Lane, order: RestoreOrder, saved: SavedState | null): Promise<Module> {
    const { container } = lane;
    const module = (await this.#hooks.load(order.module)).make();
    if (saved === null && order.isHome) {
      checkGroups(container, await this.#runCreate(module, container, order));
    }
    attachModule(module, this.#hostOf(container, lane, null));
    if (saved !== null || !order.isHome) module.shared = await deserializeShared(order.shared);
    const params = paramsOf(container.libExec, order);
    if (saved !== null) {
      await this.#startUp(params, lane, (rctx) => module.restoreState!(saved, rctx));
    } else if (!order.isHome && module.open !== undefined) {
      await this.#startUp(params, lane, (rctx) => module.open!(rctx));
    }
    return module;
  }

  /** Sets up a pool's lanes here, and their instances. */
  async setLanes(order: LanesOrder): Promise<void> {
    const state = this.#state;
    const created = this.#created.get(order.poolId);
    this.#created.delete(order.poolId);
    const loaded = await this.#hooks.load(order.module);
    const container = created?.container ??
      new ContainerOnWorker(order.poolId, order.poolName, order.homeWorker, loaded.libExec);
    for (const group of order.groups) {
      container.groups[group.id] = group.lanes.map(({ id, worker }, index) =>
        new Lane(id, group.id, index, worker, container, state.counters)
      );
    }
    for (const group of container.groups) {
      for (const lane of group ?? []) {
        if (lane.worker !== state.id) continue;
        const isHome = lane === firstLane(container) && created !== undefined;
        const module = isHome ? created.module : loaded.make();
        attachModule(module, this.#hostOf(container, lane, null));
        if (!isHome) {
          module.shared = await deserializeShared(order.shared);
          if (module.open !== undefined) {
            const params = paramsOf(loaded.libExec, order);
            await this.#startUp(params, lane, (rctx) => module.open!(rctx));
          }
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
      this.#hooks.endOf(rctx);
      kept = releaseKept(rctx, null);
      rctx.leave();
      // What it left running still looks at its head.
      if (rctx.pinned) rctx.onUnpinned(() => state.blocks.free(block, 0));
      else state.blocks.free(block, 0);
    }
    if (kept !== null) throw kept;
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
    for (const { value, close } of this.#resources.values()) close(value as never);
    this.#resources.clear();
  }

  #hostOf(
    container: ContainerOnWorker,
    lane: Lane | null,
    specs: LaneGroupSpec[] | null,
  ): ModuleHost {
    const control = container.libExec.libName === "chimaera_admin"
      ? this.#state.control
      : notAdmin(container.libExec.libName);
    return {
      poolId: container.poolId,
      poolName: container.poolName,
      groups: container.groups,
      lane,
      node: control,
      workers: this.#state.workers,
      createLaneGroup: (id, count, queue) => addGroup(specs, { id, count, queue }),
      perWorker: (key, open, close) =>
        this.#resource(`${container.libExec.libName}/${key}`, open, close),
      allocBlock: (sizeBytes) => {
        const { node, heap } = this.#state;
        const offset = heap.alloc(sizeBytes);
        if (heap instanceof DebugHeap) heap.label(offset, container.poolId);
        return new HeapBlock(node, heap, offset, sizeBytes);
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
}

/** The create parameters of a pool, as its module knows them. */
function paramsOf(
  { create }: LibExec,
  { params, paramsLayout }: Pick<CreateOrder, "params" | "paramsLayout">,
): Task {
  return paramsLayout === 0
    ? decodeParams(create, encodeParams(create, {}), create.layout.hash)
    : decodeParams(create, Uint8Array.from(params), paramsLayout);
}

function firstLane(container: ContainerOnWorker): Lane | undefined {
  return container.groups.find((group) => group !== undefined)?.[0];
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
    stop: refuse,
  };
}
