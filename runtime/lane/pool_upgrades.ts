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
import { atMost } from "../platform/mod.ts";
import { carryParams } from "../task/mod.ts";
import type { Answers } from "./answers.ts";
import { ContainerOnWorker } from "./container.ts";
import type { Containers } from "./containers.ts";
import type { Executor } from "./executor.ts";
import { defaultsOf, type LoadedModule, type PoolParams, serializeShared } from "./instances.ts";
import { Lane } from "./lane.ts";
import type { KeptTask } from "./lane_hold.ts";
import type { Module } from "./module.ts";
import type { Periodics } from "./periodics.ts";
import { PoolPlug } from "./pool_plug.ts";
import type {
  BuildHome,
  BuildLanes,
  HomeBuilt,
  LanesBuilt,
  LeaveOrder,
  PlainUpgradeStep,
  PlugPools,
  PoolUpgradeOrder,
  PrepareUpgrade,
} from "./pool_upgrade_orders.ts";
import type { Router } from "./router.ts";
import { type SavedState, serializer } from "./saved_state.ts";
import { TrialBlocks } from "./trial_blocks.ts";
import { allLeave, notLeft, orUnsaved, over, savedBy } from "./upgrade_errors.ts";
import { hold, letGo, type Made, ownLanes, type PoolPart, type Upgrade } from "./upgrade_parts.ts";
import { UpgradedTasks } from "./upgraded_tasks.ts";
import type { WorkerState } from "./worker_state.ts";

/** What of a worker has a part of a pool. */
export interface PoolUpgradeParts {
  readonly containers: Containers;
  readonly executor: Executor;
  readonly periodics: Periodics;
  readonly answers: Answers;
}

export class PoolUpgrades {
  readonly #state: WorkerState;
  readonly #router: Router;
  readonly #parts: PoolUpgradeParts;
  readonly #tasks: UpgradedTasks;
  /** The code that an upgrade is to, and its version. */
  #loaded: { readonly module: LoadedModule; readonly version: string } | null = null;
  #upgrade: Upgrade | null = null;
  /** Upgrades up to this one are over. */
  #lastId = 0;
  /** The old instances that left last. */
  #leaving: { readonly id: number; readonly over: Promise<void> } | null = null;

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
        return hold(this.#of(order));
      case "home":
        return this.#home(order);
      case "build":
        return this.#build(order);
      case "commit":
        return this.#commit(this.#of(order));
      case "release":
        return this.#release(this.#of(order));
      case "leave":
        return this.#left(order);
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

  async #prepare({ upgradeId, module }: PrepareUpgrade): Promise<null> {
    const { version } = module;
    const loaded = await this.#parts.containers.prepare(module);
    if (upgradeId <= this.#lastId) throw over();
    this.#loaded = { module: loaded, version };
    return null;
  }

  #plug({ upgradeId, pools, dropState }: PlugPools): number {
    if (upgradeId <= this.#lastId) throw over();
    const parts = pools.flatMap((poolId): PoolPart[] => {
      const old = this.#state.containers[poolId];
      if (old === undefined) return [];
      return [{ old, router: null, hold: null, next: null, saved: [], made: [], trials: [] }];
    });
    const lanes = parts.flatMap(({ old }) => ownLanes(old));
    const plug = new PoolPlug(this.#state, this.#parts.executor, pools, lanes);
    const upgrade = this.#upgrade = { id: upgradeId, plug, parts, dropState };
    const busy = plug.close();
    if (busy === 0) hold(upgrade); // One step less that clients wait for, most of the time.
    return busy;
  }

  async #drain(order: PlainUpgradeStep): Promise<null> {
    const upgrade = this.#of(order);
    // What runs elsewhere may wait for what was kept here.
    letGo(upgrade, this.#router);
    await upgrade.plug.drain();
    if (upgrade.id <= this.#lastId) throw over();
    return null;
  }

  // ---- the new instances -----------------------------------------------------------------------

  async #home(order: BuildHome): Promise<HomeBuilt> {
    const upgrade = this.#of(order);
    const part = upgrade.parts.find(({ old }) => old.poolId === order.poolId);
    if (part === undefined) throw over();
    const loaded = this.#code(order.module.version);
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

  #code(version: string): LoadedModule {
    if (this.#loaded?.version === version) return this.#loaded.module;
    throw over();
  }

  /** The new version's container, with a twin of each lane. */
  #nextOf(part: PoolPart, version: string): ContainerOnWorker {
    if (part.next !== null) return part.next;
    const { old } = part;
    const { libExec } = this.#code(version);
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
    const trial = new TrialBlocks();
    let saved: SavedState | null = null;
    if (isCarried) {
      const { serialize, deserialize } = await serializer();
      const given = await savedBy(server, libName);
      if (upgrade.id <= this.#lastId) throw over();
      part.saved.push(given);
      // The new version gets no object of the old one's.
      const state = orUnsaved(libName, () => deserialize(serialize(given.state)));
      for (const block of given.pointers) block.give();
      const blocks = given.pointers.map(({ pointer, size }) => ({ ...pointer, size }));
      saved = { v: given.v, state, pointers: trial.take(node, heap, blocks) };
    }
    part.trials.push(trial);
    let module: Module;
    try {
      module = await this.#parts.containers.instances.make(
        this.#code(lane.container.version),
        lane,
        {
          ...values,
          isHome: lane === lane.container.home,
          saved,
          isUpgrade: true,
          trial,
        },
      );
    } catch (thrown) {
      // What it has opened since `cancel` is nobody's any more.
      if (upgrade.id <= this.#lastId) await this.#discard(part);
      const what = `${libName}.${saved === null ? "create" : "upgrade"} of the new version`;
      throw toPlacedError(thrown, "upgradeFailed", what);
    }
    const made: Made = { module, isCarried, trial };
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

  /** Lets everything go on. The old instances begin to leave. */
  #release(upgrade: Upgrade): null {
    // The blocks are the new instances' own before a handler runs.
    const kept = upgrade.parts.flatMap(({ made }) => made).map(({ trial }) =>
      Promise.try(() => trial.keep())
    );
    for (const { saved } of upgrade.parts) {
      for (const { pointers } of saved) for (const block of pointers) block.leave();
    }
    for (const { next } of upgrade.parts) {
      next!.hold = null;
      next!.router = ownLanes(next!)[0]?.server ?? null;
    }
    upgrade.plug.open();
    for (const { next, hold } of upgrade.parts) {
      const held = (hold?.takeAll() ?? []).flatMap(({ task }): KeptTask[] => {
        const fit = this.#tasks.judge(next!, task);
        return fit === null ? [] : [{ task: fit, lane: null }];
      });
      this.#router.release(next!, held);
    }
    this.#end(upgrade.id);
    const left = this.#leave(upgrade, kept);
    left.catch(() => {}); // Whoever asks is told.
    this.#leaving = { id: upgrade.id, over: left };
    return null;
  }

  /** The old instances leave. Throws the first of what they throw. */
  async #leave(upgrade: Upgrade, before: readonly Promise<void>[]): Promise<void> {
    const olds = upgrade.parts.flatMap(({ old }) => ownLanes(old)).map(({ server }) => server!);
    const leaving = olds.map(async (server) => {
      const hasGiven = server.saveState !== undefined && !upgrade.dropState;
      await (hasGiven ? server.movedAway?.() : server.close?.());
    });
    await allLeave([
      ...before,
      allLeave(leaving).finally(() => {
        for (const { old } of upgrade.parts) this.#closeResources(old);
      }),
    ]);
  }

  /** Waits for the old instances, which hold up nothing but this answer. */
  async #left({ upgradeId, limitMs }: LeaveOrder): Promise<null> {
    const leaving = this.#leaving;
    if (leaving?.id !== upgradeId) return null; // They went with a thread.
    if (await atMost(limitMs, leaving.over.catch(() => {}))) await leaving.over;
    else throw notLeft(`it did not end in ${limitMs} ms`);
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
      for (const trial of part.trials) trial.revoke();
      for (const { pointers } of part.saved) for (const block of pointers) block.takeBack();
    }
    letGo(upgrade, this.#router);
    upgrade.plug.open();
    await allLeave(upgrade.parts.map((part) => this.#discard(part)));
    return null;
  }

  /** The new instances of a pool are not wanted. */
  async #discard({ made, next }: PoolPart): Promise<void> {
    const leaving = made.splice(0).map(async ({ module, isCarried, trial }) => {
      try {
        await (isCarried ? module.movedAway?.() : module.close?.());
      } finally {
        trial.drop();
      }
    });
    try {
      await allLeave(leaving);
    } finally {
      if (next !== null) this.#closeResources(next);
    }
  }

  #end(id: number): void {
    this.#lastId = Math.max(this.#lastId, id);
    if (this.#upgrade?.id !== undefined && this.#upgrade.id <= id) this.#upgrade = null;
    this.#loaded = null;
  }
}
