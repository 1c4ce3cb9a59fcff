/**
 * A worker's part in upgrading a module; the steps are in `pool_upgrade_orders.ts`, and the thread
 * that assembled the node takes them in turn, for one module at a time.
 *
 * The new version has a container of its own, with lanes that have the numbers, queues and counters
 * of the old ones. Until `commit` nobody sees it, and the old container is as it was but for tasks
 * that wait; in `commit` it takes the old one's place in one go. All workers have committed before
 * one of them releases anything: no task that was judged by the new version's layouts ever comes to
 * the old one. Tasks that were judged by the old one's and wait are judged again: those whose layout
 * has changed fail with CHI-3002, and are not misread.
 *
 * Thread rules: one worker's isolate.
 */

import { ChimaeraError, toPlacedError } from "../errors.ts";
import { carryParams } from "../task/mod.ts";
import type { Answers } from "./answers.ts";
import { ContainerOnWorker } from "./container.ts";
import type { Containers } from "./containers.ts";
import type { Executor } from "./executor.ts";
import { HeapBlock } from "./heap_block.ts";
import { defaultsOf, type LoadedModule, type PoolParams, serializeShared } from "./instances.ts";
import { Lane } from "./lane.ts";
import { type KeptTask, LaneHold } from "./lane_hold.ts";
import type { Module } from "./module.ts";
import type { Periodics } from "./periodics.ts";
import { PoolPlug } from "./pool_plug.ts";
import type {
  BuildHome,
  BuildLanes,
  HomeBuilt,
  LanesBuilt,
  PlainUpgradeStep,
  PlugPools,
  PoolUpgradeOrder,
  PrepareUpgrade,
} from "./pool_upgrade_orders.ts";
import type { Router } from "./router.ts";
import { savedOf, type SavedState, serializer } from "./saved_state.ts";
import { UpgradedTasks } from "./upgraded_tasks.ts";
import type { WorkerState } from "./worker_state.ts";

/** What of a worker has a part of a pool. */
export interface PoolUpgradeParts {
  readonly containers: Containers;
  readonly executor: Executor;
  readonly periodics: Periodics;
  readonly answers: Answers;
}

/** One pool of the module that is upgraded. */
interface PoolPart {
  readonly old: ContainerOnWorker;
  /** The instance that mapped tasks here. */
  router: Module | null;
  hold: LaneHold | null;
  next: ContainerOnWorker | null;
  /** What the old instances here have saved. */
  readonly saved: SavedState[];
  /** New instances, and whether each was restored. */
  readonly made: { readonly module: Module; readonly isCarried: boolean }[];
}

/** What this worker knows of the upgrade under way. */
interface Upgrade {
  readonly id: number;
  readonly plug: PoolPlug;
  readonly parts: readonly PoolPart[];
  /** Whether the new instances begin anew, whatever the old ones could save. */
  readonly dropState: boolean;
}

export class PoolUpgrades {
  readonly #state: WorkerState;
  readonly #router: Router;
  readonly #parts: PoolUpgradeParts;
  readonly #tasks: UpgradedTasks;
  /** The code that the next upgrade is to. */
  #loaded: LoadedModule | null = null;
  #upgrade: Upgrade | null = null;
  /** Upgrades up to this one are over. */
  #lastId = 0;

  constructor(state: WorkerState, router: Router, parts: PoolUpgradeParts) {
    this.#state = state;
    this.#router = router;
    this.#parts = parts;
    this.#tasks = new UpgradedTasks(state, parts.periodics, parts.answers);
  }

  /** Takes a step. Throws CHI-4025, or what the module threw. */
  carryOut(order: PoolUpgradeOrder): Promise<unknown> | unknown {
    switch (order.step) {
      case "prepare":
        return this.#prepare(order);
      case "plug":
        return this.#plug(order);
      case "drain":
        return this.#drain(order);
      case "rest":
        return this.#of(order).plug.rest();
      case "hold":
        return this.#hold(this.#of(order));
      case "home":
        return this.#home(order);
      case "build":
        return this.#build(order);
      case "commit":
        return this.#commit(this.#of(order));
      case "release":
        return this.#release(this.#of(order));
      case "cancel":
        return this.#cancel(order.upgradeId);
    }
  }

  #of({ upgradeId }: { readonly upgradeId: number }): Upgrade {
    if (this.#upgrade?.id === upgradeId) return this.#upgrade;
    throw new ChimaeraError("upgradeFailed", {
      what: "upgrade a module",
      why: `worker ${this.#state.id} knows nothing of it: its thread was replaced meanwhile`,
    });
  }

  async #prepare({ module }: PrepareUpgrade): Promise<null> {
    this.#loaded = await this.#parts.containers.prepare(module);
    return null;
  }

  #plug({ upgradeId, pools, dropState }: PlugPools): number {
    if (upgradeId <= this.#lastId) throw over();
    const parts = pools.flatMap((poolId): PoolPart[] => {
      const old = this.#state.containers[poolId];
      if (old === undefined) return [];
      return [{ old, router: null, hold: null, next: null, saved: [], made: [] }];
    });
    const lanes = parts.flatMap(({ old }) => ownLanes(old));
    const plug = new PoolPlug(this.#state, this.#parts.executor, pools, lanes);
    this.#upgrade = { id: upgradeId, plug, parts, dropState };
    return plug.close();
  }

  async #drain(order: PlainUpgradeStep): Promise<null> {
    const upgrade = this.#of(order);
    await upgrade.plug.drain();
    if (upgrade.id <= this.#lastId) throw over();
    return null;
  }

  #hold({ parts }: Upgrade): null {
    for (const part of parts) {
      const { old } = part;
      part.router = old.router;
      part.hold = old.hold = new LaneHold(0, old.home, true, null);
      old.router = null;
    }
    return null;
  }

  // ---- the new instances -----------------------------------------------------------------------

  async #home(order: BuildHome): Promise<HomeBuilt> {
    const upgrade = this.#of(order);
    const part = upgrade.parts.find(({ old }) => old.poolId === order.poolId);
    if (part === undefined) throw over();
    const loaded = this.#code(order.module.libName);
    const { create } = part.old.libExec;
    const params = carryParams(create, loaded.libExec.create, order);
    const next = this.#nextOf(part, order.module.version);
    const { module, isCarried } = await this.#renew(upgrade, part, next.home, {
      ...params,
      shared: order.shared,
    });
    const shared = await serializeShared(module.shared);
    const { methodNames } = loaded.libExec;
    return { ...params, isCarried, shared, methodNames, defaults: defaultsOf(loaded.libExec) };
  }

  async #build(order: BuildLanes): Promise<LanesBuilt> {
    const upgrade = this.#of(order);
    let restarted = 0;
    let tasks = 0;
    for (const { poolId, ...values } of order.pools) {
      const part = upgrade.parts.find(({ old }) => old.poolId === poolId);
      if (part === undefined) continue;
      const next = this.#nextOf(part, order.module.version);
      for (const lane of part.old.groups.flat()) {
        if (!lane?.server) continue;
        tasks += lane.waiting;
        if (lane === part.old.home) continue;
        const twin = next.groups[lane.group]![lane.index]!;
        const { isCarried } = await this.#renew(upgrade, part, twin, values);
        if (!isCarried) restarted++;
      }
      tasks += part.hold?.count ?? 0;
    }
    return { restarted, tasks };
  }

  #code(libName: string): LoadedModule {
    if (this.#loaded?.libExec.libName === libName) return this.#loaded;
    throw over();
  }

  /** The new version's container, with a twin of each lane. */
  #nextOf(part: PoolPart, version: string): ContainerOnWorker {
    if (part.next !== null) return part.next;
    const { old } = part;
    const { libExec } = this.#code(old.libExec.libName);
    const next = new ContainerOnWorker(
      old.poolId,
      old.poolName,
      old.homeWorker,
      libExec,
      version,
    );
    old.groups.forEach((group, id) => {
      next.groups[id] = group.map(({ id, group, index, worker }) =>
        new Lane(id, group, index, worker, next, this.#state.counters)
      );
    });
    return part.next = next;
  }

  /** Makes the new instance of a lane from what the old one saves, or anew. */
  async #renew(
    upgrade: Upgrade,
    part: PoolPart,
    lane: Lane,
    values: PoolParams & { readonly shared: readonly number[] | null },
  ): Promise<{ readonly module: Module; readonly isCarried: boolean }> {
    const { node, heap } = this.#state;
    const { old } = part;
    const server = old.groups[lane.group]![lane.index]!.server!;
    const { libName } = old.libExec;
    const isCarried = server.saveState !== undefined && !upgrade.dropState;
    let saved: SavedState | null = null;
    if (isCarried) {
      const { serialize, deserialize } = await serializer();
      const given = await savedBy(server, libName);
      if (upgrade.id <= this.#lastId) throw over();
      part.saved.push(given);
      // The new version gets no object of the old one's.
      const state = orUnsaved(libName, () => deserialize(serialize(given.state)));
      for (const block of given.pointers) block.give();
      const pointers = given.pointers.map(({ pointer, size }) =>
        new HeapBlock(node, heap, pointer.offset, size)
      );
      saved = { v: given.v, state, pointers };
    }
    let module: Module;
    try {
      module = await this.#parts.containers.instances.make(this.#code(libName), lane, {
        ...values,
        isHome: lane === lane.container.home,
        saved,
        isUpgrade: true,
      });
    } catch (thrown) {
      const what = `${libName}.${saved === null ? "create" : "upgrade"} of the new version`;
      throw toPlacedError(thrown, "upgradeFailed", what);
    }
    const made = { module, isCarried };
    part.made.push(made);
    lane.server = module;
    if (upgrade.id <= this.#lastId) {
      // It took too long: the old version serves on.
      await this.#discard(part);
      throw over();
    }
    return made;
  }

  // ---- the change ------------------------------------------------------------------------------

  /** The new containers take the place of the old ones. Nothing can come in between. */
  #commit(upgrade: Upgrade): null {
    const state = this.#state;
    for (const part of upgrade.parts) {
      const { old } = part;
      const next = part.next!;
      next.active = old.active;
      next.hold = part.hold;
      state.containers[old.poolId] = next;
    }
    const lanes = upgrade.parts.flatMap(({ next }) => ownLanes(next!));
    for (const lane of lanes) state.lanes[lane.id] = lane;
    // They are plugged before they get anything: a periodic task may be due at once.
    upgrade.plug.replace(lanes);
    for (const { old, next } of upgrade.parts) {
      for (const lane of ownLanes(old)) {
        this.#tasks.hand(lane, next!.groups[lane.group]![lane.index]!);
      }
    }
    return null;
  }

  /** Lets everything go on. The old instances leave. */
  async #release(upgrade: Upgrade): Promise<null> {
    for (const { next } of upgrade.parts) {
      next!.hold = null;
      next!.router = ownLanes(next!)[0]?.server ?? null;
    }
    upgrade.plug.open();
    for (const { next, hold } of upgrade.parts) {
      const kept = (hold?.takeAll() ?? []).flatMap(({ task }): KeptTask[] => {
        const fit = this.#tasks.judge(next!, task);
        return fit === null ? [] : [{ task: fit, lane: null }];
      });
      this.#router.release(next!, kept);
    }
    this.#end(upgrade.id);
    const olds = upgrade.parts.flatMap(({ old }) => ownLanes(old)).map(({ server }) => server!);
    // One that throws keeps none of the others here.
    const left = await Promise.allSettled(olds.map(async (server) => {
      const hasGiven = server.saveState !== undefined && !upgrade.dropState;
      await (hasGiven ? server.movedAway?.() : server.close?.());
    }));
    for (const { old } of upgrade.parts) this.#closeResources(old);
    for (const end of left) if (end.status === "rejected") throw end.reason;
    return null;
  }

  /** Closes what a version has opened for the worker, when no container is of that version. */
  #closeResources({ libExec: { libName }, version }: ContainerOnWorker): void {
    const isGone = this.#state.containers.every((one) =>
      one?.version !== version || one.libExec.libName !== libName
    );
    if (isGone) this.#parts.containers.instances.closeVersion(libName, version);
  }

  async #cancel(id: number): Promise<null> {
    const upgrade = this.#upgrade;
    if (upgrade === null || upgrade.id !== id) {
      this.#end(id);
      return null;
    }
    this.#end(id);
    for (const part of upgrade.parts) {
      const { old, hold } = part;
      for (const { pointers } of part.saved) for (const block of pointers) block.takeBack();
      if (hold === null) continue;
      old.hold = null;
      old.router = part.router;
    }
    upgrade.plug.open();
    for (const { old, hold } of upgrade.parts) {
      if (hold !== null) this.#router.release(old, hold.takeAll());
    }
    for (const part of upgrade.parts) await this.#discard(part);
    return null;
  }

  /** The new instances of a pool are not wanted. */
  async #discard({ made, next }: PoolPart): Promise<void> {
    for (const { module, isCarried } of made.splice(0)) {
      await (isCarried ? module.movedAway?.() : module.close?.());
    }
    if (next !== null) this.#closeResources(next);
  }

  #end(id: number): void {
    this.#lastId = Math.max(this.#lastId, id);
    if (this.#upgrade?.id !== undefined && this.#upgrade.id <= id) this.#upgrade = null;
  }
}

/** The lanes of a container that this worker runs, in order. */
function ownLanes(container: ContainerOnWorker): Lane[] {
  return container.groups.flat().filter((lane) => lane?.server);
}

/** What an instance of the version that serves saves. Throws CHI-4025. */
async function savedBy(server: Module, libName: string): Promise<SavedState> {
  try {
    return await savedOf(server, libName, "upgradeFailed");
  } catch (thrown) {
    throw unsaved(libName, thrown);
  }
}

function orUnsaved<T>(libName: string, copy: () => T): T {
  try {
    return copy();
  } catch (thrown) {
    throw unsaved(libName, thrown);
  }
}

/** Nothing that is written into the module's folder can mend the version that serves. */
function unsaved(libName: string, thrown: unknown): ChimaeraError {
  const { why } = toPlacedError(thrown, "upgradeFailed", libName);
  return new ChimaeraError("upgradeFailed", {
    what: `${libName}.saveState of the version that serves`,
    why,
    hint: "it serves on; `chimaera mod upgrade NAME --drop-state` goes on without its state",
    cause: thrown instanceof ChimaeraError ? thrown.cause : thrown,
  });
}

function over(): ChimaeraError {
  return new ChimaeraError("upgradeFailed", {
    what: "upgrade a module",
    why: "it was given up meanwhile",
  });
}
