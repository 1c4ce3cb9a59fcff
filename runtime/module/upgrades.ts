/**
 * Live upgrades: the code in a module's folder takes the place of what its pools run, while they are
 * used, with no task lost. The order of the steps is in `lane/pool_upgrade_orders.ts`, and what each
 * worker does in `lane/pool_upgrades.ts`.
 *
 * One module is upgraded at a time, and no lane moves meanwhile. Until `commit` any failure leaves
 * the old version serving, with its instances and all its tasks. A worker that is lost meanwhile is
 * such a failure; later its new thread begins with the new version, as the node knows it by then.
 *
 * Thread rules: the assembling thread.
 */

import { ChimaeraError } from "../errors.ts";
import type {
  ControlMessage,
  HomeBuilt,
  LanesBuilt,
  PoolUpgradeOrder,
  UpgradeInfo,
} from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import { atMost, type Clock, delay } from "../platform/mod.ts";
import type { LaneMoves } from "./lane_moves.ts";
import type { Pool, Pools } from "./pools.ts";
import type { FreshModule, ModuleRegistry } from "./registry.ts";
import { failed, isLoss, mustBeWhole, notLeft, unlessLost, withFirst } from "./upgrade_failures.ts";

export interface UpgradesOptions {
  readonly workers: number;
  readonly pools: Pools;
  readonly moves: LaneMoves;
  readonly registry: ModuleRegistry;
  readonly clock: Clock;
  /** Sends a request to a worker. */
  readonly ask: (worker: number, message: ControlMessage) => Promise<unknown>;
}

/** What may be chosen of an upgrade. */
export interface UpgradeOptions {
  /**
   * Has the new version begin anew, also when nothing in the module's folder has changed: for a
   * version that serves and cannot save its state.
   */
  readonly dropState?: boolean;
}

/** A step, without what names the upgrade. */
type Step = PoolUpgradeOrder extends infer Order
  ? Order extends PoolUpgradeOrder ? Omit<Order, "upgradeId"> : never
  : never;

/** What an upgrade came to, while the old version leaves. */
interface Upgraded {
  readonly info: UpgradeInfo;
  /** Settles when it has left, or has taken too long. */
  readonly left: Promise<void>;
}

/** One upgrade under way. */
interface Upgrade {
  readonly id: number;
  readonly libName: string;
  readonly fresh: FreshModule;
  readonly pools: readonly Pool[];
  /** By worker: settled when a new thread is about to take its place. */
  readonly replaced: readonly PromiseWithResolvers<null>[];
  /** A worker of which that is so; −1: there is none. */
  lost: number;
  readonly dropState: boolean;
}

/** Has modules' pools run the code that their folders have now. */
export class Upgrades {
  readonly #options: UpgradesOptions;
  readonly #all: readonly number[];
  /** Milliseconds in which what the pools have begun must end. */
  drainMs: number = LIMITS.laneDrainMs;
  /** Milliseconds for each other step, up to where there is no way back. */
  stepMs: number = LIMITS.laneMoveStepMs;
  #lastId = 0;
  #current: { readonly upgrade: Upgrade; readonly over: Promise<unknown> } | null = null;
  /** By library: settles when the last upgrade of it that was asked for is over. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Why no more steps are taken; null: they are. */
  #ended: ChimaeraError | null = null;

  /** For the runtime. */
  constructor(options: UpgradesOptions) {
    this.#options = options;
    this.#all = Array.from({ length: options.workers }, (_, worker) => worker);
    const { pools } = options;
    const { beforeEnd } = pools;
    pools.beforeEnd = async (id) => {
      await beforeEnd(id);
      const current = this.#current;
      if (current?.upgrade.pools.some((pool) => pool.id === id)) await current.over;
    };
  }

  /** A new thread is about to get a worker's pools, as the node knows them now. */
  beforeReplay(worker: number): void {
    const upgrade = this.#current?.upgrade;
    if (upgrade === undefined) return;
    upgrade.lost = worker;
    upgrade.replaced[worker]!.resolve(null);
  }

  /** The node ends, and its workers answer nothing more. */
  end(error: ChimaeraError): void {
    this.#ended = error;
  }

  /**
   * Upgrades a module: loads what its folder has now, and has all its pools run it.
   *
   * @param name Library name, or the module's bare name.
   * @param options What becomes of the state. Throws CHI-4003 and CHI-4023 for one that is
   * not known, CHI-4005 and CHI-4021 for code that does not load, CHI-4025 when the old version
   * serves on for another reason.
   */
  async upgrade(name: string, options: UpgradeOptions = {}): Promise<UpgradeInfo> {
    const { libName } = this.#options.registry.get(name).spec;
    // In turn: who asks later has read the folder later.
    const turn = (this.#turns.get(libName) ?? Promise.resolve()).then(() =>
      this.#renew(libName, options.dropState ?? false)
    );
    this.#turns.set(libName, turn.catch(() => {})); // Whoever asked is told.
    return await turn;
  }

  async #renew(libName: string, dropState: boolean): Promise<UpgradeInfo> {
    const { registry } = this.#options;
    const { spec } = registry.get(libName);
    const fresh = await registry.renew(libName, dropState).catch((thrown) => {
      throw isLoss(thrown) ? failed(libName, thrown) : thrown;
    });
    if (fresh === null) return unchanged(spec.libName, spec.version, this.#options.pools);
    try {
      const { info, left } = await this.#begin(fresh, dropState);
      // Nobody but who has asked waits for the old version.
      await left;
      return info;
    } catch (thrown) {
      registry.discard(fresh);
      throw failed(spec.libName, thrown);
    }
  }

  /** No pool of the module is made meanwhile: it would have code of the one or of the other. */
  async #begin(fresh: FreshModule, dropState: boolean): Promise<Upgraded> {
    const { pools, moves } = this.#options;
    const { libName } = fresh.spec;
    const tooLate = () =>
      new ChimaeraError("upgradeFailed", {
        what: `upgrade ${libName}`,
        why: `a pool of it is being made, and its \`create\` did not end in ${this.drainMs} ms`,
        hint: "upgrade it again when that has ended; one that never ends ends with the node",
      });
    const limit = { limitMs: this.drainMs, tooLate };
    return await pools.making.without(libName, limit, () =>
      moves.apart(async () => {
        const own = pools.all.filter(({ module }) => module.libName === libName);
        const replaced = this.#all.map(() => Promise.withResolvers<null>());
        const id = ++this.#lastId;
        const upgrade: Upgrade = { id, libName, fresh, pools: own, replaced, lost: -1, dropState };
        const carried = this.#carryOut(upgrade);
        this.#current = { upgrade, over: carried.catch(() => {}) }; // Whoever asked is told.
        try {
          return await carried;
        } finally {
          this.#current = null;
        }
      }));
  }

  async #carryOut(upgrade: Upgrade): Promise<Upgraded> {
    const { clock, registry } = this.#options;
    const { fresh, pools, libName } = upgrade;
    const from = registry.get(libName).spec.version;
    let startMs = clock.nowMs();
    let homes: readonly HomeBuilt[];
    let built: readonly LanesBuilt[];
    try {
      await this.#prepare(upgrade);
      startMs = clock.nowMs();
      await this.#bringToRest(upgrade);
      homes = await this.#buildHomes(upgrade);
      built = await this.#buildLanes(upgrade, homes);
      mustBeWhole(upgrade);
    } catch (thrown) {
      // A worker that is held up hears of it when it comes back, and answers its steps too late.
      const cancels = this.#all.map((worker) => this.#ask(upgrade, worker, { step: "cancel" }));
      throw withFirst(failed(libName, thrown), await Promise.allSettled(cancels));
    }
    // There is no way back from here, and so no limit.
    pools.forEach((pool, k) => {
      const { params, paramsLayout, shared, methodNames, defaults } = homes[k]!;
      pool.request = { ...pool.request, paramsLayout, params: Uint8Array.from(params) };
      Object.assign(pool, { module: fresh.spec, shared, methodNames, defaults });
    });
    const forgetOld = registry.install(fresh);
    const commits = await this.#everyone(upgrade, { step: "commit" }, Infinity);
    const stallMs = clock.nowMs() - startMs;
    const releases = await this.#everyone(upgrade, { step: "release" }, Infinity);
    const left = this.#left(upgrade, [...commits, ...releases]).finally(forgetOld);
    left.catch(() => {}); // Whoever asked is told.
    const restarted = homes.filter(({ isCarried }) => !isCarried).length +
      built.reduce((sum, { restarted }) => sum + restarted, 0);
    const info = {
      libName,
      from,
      to: fresh.spec.version,
      pools: pools.length,
      lanes: pools.reduce((sum, { lanes }) => sum + lanes.length, 0),
      restarted,
      tasks: built.reduce((sum, { tasks }) => sum + tasks, 0),
      stallMs,
    };
    return { info, left };
  }

  /**
   * Has each worker import the new version in turn, and then answer what has come meanwhile: a client
   * sees two short breaks, not one long one.
   */
  async #prepare(upgrade: Upgrade): Promise<void> {
    const prepare = { step: "prepare", module: upgrade.fresh.spec } as const;
    const { registry, clock } = this.#options;
    const endMs = clock.nowMs() + 2 * registry.loadMs;
    for (const worker of this.#all) {
      await this.#ask(upgrade, worker, prepare, Math.max(0, endMs - clock.nowMs()));
    }
    await delay(LIMITS.upgradePauseMs);
  }

  /** Waits for the old instances. Throws CHI-4025 for one that throws, or does not end. */
  async #left(upgrade: Upgrade, before: readonly PromiseSettledResult<unknown>[]): Promise<void> {
    const limitMs = this.stepMs;
    const leave = { step: "leave", limitMs } as const;
    // A worker says itself when it is too late, unless something holds it.
    const ends = await this.#everyone(upgrade, leave, 2 * limitMs);
    for (const end of [...before, ...ends]) {
      if (end.status === "rejected" && !isLoss(end.reason)) {
        throw notLeft(upgrade.libName, end.reason);
      }
    }
  }

  /** Plugs the pools' lanes, waits until nothing runs there, and has everything kept. */
  async #bringToRest(upgrade: Upgrade): Promise<void> {
    const { clock } = this.#options;
    const endMs = clock.nowMs() + this.drainMs;
    const pools = upgrade.pools.map(({ id }) => id);
    let busy = await this.#askAll(upgrade, { step: "plug", pools, dropState: upgrade.dropState });
    const isRunning = (count: unknown) => count !== 0;
    if (!busy.some(isRunning)) return; // Then all is kept already.
    while (busy.some(isRunning)) {
      const leftMs = Math.max(0, endMs - clock.nowMs());
      await this.#askAll(upgrade, { step: "drain" }, leftMs);
      // What ran here may have sent something there, when nothing ran there any more.
      busy = await this.#askAll(upgrade, { step: "rest" });
    }
    await this.#askAll(upgrade, { step: "hold" });
  }

  async #buildHomes(upgrade: Upgrade): Promise<HomeBuilt[]> {
    const homes: HomeBuilt[] = [];
    for (const { id: poolId, homeWorker, shared, request } of upgrade.pools) {
      const { paramsLayout, params } = request;
      const home = await this.#ask(upgrade, homeWorker, {
        step: "home",
        module: upgrade.fresh.spec,
        poolId,
        shared,
        paramsLayout,
        params: [...params],
      });
      homes.push(home as HomeBuilt);
    }
    return homes;
  }

  async #buildLanes(upgrade: Upgrade, homes: readonly HomeBuilt[]): Promise<LanesBuilt[]> {
    const pools = upgrade.pools.map(({ id: poolId }, k) => {
      const { shared, paramsLayout, params } = homes[k]!;
      return { poolId, shared, paramsLayout, params };
    });
    const step = { step: "build", module: upgrade.fresh.spec, pools } as const;
    return await this.#askAll(upgrade, step) as LanesBuilt[];
  }

  /** Takes a step on all workers at once. */
  #askAll(upgrade: Upgrade, step: Step, limitMs?: number): Promise<unknown[]> {
    return Promise.all(this.#all.map((worker) => this.#ask(upgrade, worker, step, limitMs)));
  }

  /** The same, and waits for all of them. */
  #everyone(
    upgrade: Upgrade,
    step: Step,
    limitMs: number,
  ): Promise<PromiseSettledResult<unknown>[]> {
    return Promise.allSettled(
      this.#all.map((worker) => this.#ask(upgrade, worker, step, limitMs)),
    );
  }

  /** Takes a step on a worker. CHI-4025 when it takes too long. */
  async #ask(
    upgrade: Upgrade,
    worker: number,
    step: Step,
    limitMs: number = this.stepMs,
  ): Promise<unknown> {
    if (this.#ended !== null) throw this.#ended;
    const { id, libName, replaced } = upgrade;
    const order = { ...step, upgradeId: id } as PoolUpgradeOrder;
    const answer = this.#options.ask(worker, { kind: "upgrade", order });
    if (limitMs === Infinity) {
      return await Promise.race([answer.catch(unlessLost), replaced[worker]!.promise]);
    }
    answer.catch(() => {}); // One that comes too late is nobody's business.
    if (await atMost(limitMs, answer)) return await answer;
    const what = `upgrade ${libName}`;
    if (step.step === "drain") {
      const why = `what its pools have begun did not end in ${this.drainMs} ms`;
      const hint = "the old version serves on; upgrade again when its handlers have ended";
      throw new ChimaeraError("upgradeFailed", { what, why, hint });
    }
    const why = `worker ${worker} did not answer \`${step.step}\` in ${limitMs} ms`;
    throw new ChimaeraError("upgradeFailed", { what, why });
  }
}

function unchanged(libName: string, version: string, pools: Pools): UpgradeInfo {
  const own = pools.all.filter(({ module }) => module.libName === libName);
  const lanes = own.reduce((sum, { lanes }) => sum + lanes.length, 0);
  const same = { libName, from: version, to: version, pools: own.length, lanes };
  return { ...same, restarted: 0, tasks: 0, stallMs: 0 };
}
