/**
 * The pools of a node: made, listed and ended on the thread that assembled it.
 *
 * Names are unique. Two requests for one name are served one after the other; the second finds the
 * first one's pool, and gets it when it asked for the same thing (CHI-4002 otherwise).
 *
 * Thread rules: the assembling thread.
 */

import { ChimaeraError } from "../errors.ts";
import {
  type ControlMessage,
  type Counters,
  type CreateResult,
  LANE_COUNTER,
  type LaneInfo,
  LANES_MAX,
  type ModuleSpec,
  type PoolInfo,
  type PoolParams,
  type PoolRequest,
} from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import { holderText, type PoolNames, type Stall } from "../observe/mod.ts";
import { atMost } from "../platform/mod.ts";
import { ADMIN_POOL_ID } from "../task/mod.ts";
import { PoolMaking } from "./pool_making.ts";
import { checkSame, createMessage, lanesMessage, withDefaults } from "./pool_orders.ts";
import type { ModuleRegistry } from "./registry.ts";

/** A lane, and the worker that runs it at the moment. */
export interface PlacedLane {
  readonly id: number;
  readonly group: number;
  readonly index: number;
  worker: number;
}

/** A pool whose home instance is to be made. */
export interface NewPool {
  readonly id: number;
  /** Its parameters change with their layout, when the module is upgraded. */
  request: PoolRequest;
  module: ModuleSpec;
  /** Where the home instance is, and tasks go from workers that have no lane of the pool. */
  homeWorker: number;
}

/** A pool that is there; its lanes move. */
export interface Pool extends NewPool {
  readonly lanes: readonly PlacedLane[];
  /** What `create` set for the other lanes, encoded. */
  shared: readonly number[] | null;
  methodNames: Readonly<Record<number, string>>;
  /** The module's create parameters for whoever names none. */
  defaults: PoolParams;
}

/** Decides the workers of new lanes; throws rather than answer nonsense. */
export type PlaceLanes = (
  laneCount: number,
  lanesOfWorker: readonly number[],
) => Promise<readonly number[]>;

/** Sends an order to a worker and waits for its answer. */
type Ask = (worker: number, message: ControlMessage) => Promise<unknown>;

export interface PoolsOptions {
  readonly workers: number;
  readonly modules: ModuleRegistry;
  readonly counters: Counters;
  /** Sends a request to a worker. */
  readonly ask: Ask;
  /** What holds a worker at the moment. */
  readonly stallOf: (worker: number) => Stall | undefined;
}

/** Each lane to the worker with the fewest; used until a policy's pool is there. */
export const dealLanes: PlaceLanes = (laneCount, lanesOfWorker) => {
  const lanes = [...lanesOfWorker];
  return Promise.resolve(Array.from({ length: laneCount }, () => {
    const worker = lanes.indexOf(Math.min(...lanes));
    lanes[worker]!++;
    return worker;
  }));
};

export class Pools {
  readonly #options: PoolsOptions;
  readonly #byId = new Map<number, Pool>();
  readonly #byName = new Map<string, Promise<Pool>>();
  /** Pools that nobody finds any more, and of which a lane still moves. */
  readonly #ending = new Set<Pool>();
  readonly #lanesOfWorker: number[];
  readonly #freeLanes: number[] = [];
  #lanesMade = 0;
  #lastId = 0;
  /** Pools that are being made, and not in the table yet. */
  readonly making = new PoolMaking();
  /** Replaced when a policy's pool takes over. */
  placeLanes: PlaceLanes = dealLanes;
  /** What the node needs a pool for; null when it may go. */
  needFor: (id: number) => string | null = () => null;
  /** Waits until a pool that ends is left alone. */
  beforeEnd: (id: number) => Promise<void> = () => Promise.resolve();

  constructor(options: PoolsOptions) {
    this.#options = options;
    this.#lanesOfWorker = new Array(options.workers).fill(0);
  }

  /** Makes a pool, or finds the one of that name. */
  async create(asked: PoolRequest): Promise<{ pool: PoolInfo; created: boolean }> {
    checkName(asked.name);
    const { libName } = this.#options.modules.get(asked.libName).spec;
    const request = { ...asked, libName };
    // Nothing may come between the look that finds no pool and the entry of this one.
    while (this.#byName.has(request.name)) {
      const known = await this.#made(request.name);
      if (known === null) continue;
      checkSame(known, request);
      return { pool: this.#infoOf(known), created: false };
    }
    const making = this.making.track(request.libName, () => this.#make(request));
    this.#byName.set(request.name, making);
    try {
      return { pool: this.#infoOf(await making), created: true };
    } catch (thrown) {
      // One of those that waited may have begun anew by now.
      if (this.#byName.get(request.name) === making) this.#byName.delete(request.name);
      throw thrown;
    }
  }

  /** The pool of a name, once it is made; null when its making failed. */
  async #made(name: string): Promise<Pool | null> {
    const making = this.#byName.get(name);
    try {
      return await making ?? null;
    } catch {
      // Its creator is told. Of those that waited, the first makes the pool of its own request.
      if (this.#byName.get(name) === making) this.#byName.delete(name);
      return null;
    }
  }

  async #make(request: PoolRequest): Promise<Pool> {
    const { workers, modules } = this.#options;
    const module = modules.get(request.libName).spec;
    const id = ++this.#lastId;
    const homeWorker = (await this.#place(request, 1))[0]!;
    const made: NewPool = { id, request, module, homeWorker };
    const lanes: PlacedLane[] = [];
    const asked = new Map<number, Promise<unknown>>();
    const ask = (worker: number, message: ControlMessage) => {
      const answer = this.#options.ask(worker, message);
      asked.set(worker, answer);
      return this.#unlessHeld(creating(request), [worker], answer);
    };
    try {
      const result = await ask(homeWorker, createMessage(made)) as CreateResult;
      for (const { id: group, count } of [...result.groups].sort((a, b) => a.id - b.id)) {
        lanes.push(...await this.#placeGroup(made, group, count, lanes.length === 0));
      }
      const { methodNames, shared, defaults } = result;
      const known = withDefaults(request, defaults);
      const pool: Pool = { ...made, request: known, lanes, shared, methodNames, defaults };
      const setLanes = lanesMessage(pool);
      await Promise.all(Array.from({ length: workers }, (_, worker) => ask(worker, setLanes)));
      this.#byId.set(id, pool);
      return pool;
    } catch (thrown) {
      // A worker that is held undoes its part when it comes back; its creator need not wait.
      const isHeld = thrown instanceof ChimaeraError && thrown.kind === "workerStalled";
      await atMost(isHeld ? 0 : LIMITS.poolHeldMs, this.#unmake(id, lanes, asked));
      throw thrown;
    }
  }

  /** What one of the workers answers. Throws CHI-4009 when a handler holds it for too long. */
  async #unlessHeld<T>(
    { what, hint }: { readonly what: string; readonly hint: string },
    workers: readonly number[],
    answer: Promise<T>,
  ): Promise<T> {
    const { stallOf } = this.#options;
    // Without a stall it is the module's code, or its loading, that takes its time.
    while (!await atMost(LIMITS.poolHeldMs, answer)) {
      const stall = workers.map(stallOf).find((stall) => stall !== undefined);
      if (stall === undefined) continue;
      const { worker, forMs } = stall;
      throw new ChimaeraError("workerStalled", {
        what,
        why: `${holderText(stall)} has held worker ${worker} for ${forMs} ms`,
        hint,
      });
    }
    return await answer;
  }

  /** Workers for new lanes. The policy's own lane may be on a worker that is held. */
  #place(request: PoolRequest, count: number): Promise<readonly number[]> {
    const all = Array.from({ length: this.#options.workers }, (_, worker) => worker);
    return this.#unlessHeld(creating(request), all, this.placeLanes(count, this.#lanesOfWorker));
  }

  /** Lanes of a group, with their workers. The pool's first is on its home worker. */
  async #placeGroup(
    { request, homeWorker }: NewPool,
    group: number,
    count: number,
    isFirst: boolean,
  ): Promise<PlacedLane[]> {
    const placed = await this.#place(request, count);
    const room = LANES_MAX - this.#lanesMade + this.#freeLanes.length;
    if (count > room) {
      throw new ChimaeraError("badLaneGroup", {
        what: `make ${count} lanes`,
        why: `a node has ${LANES_MAX}, of which ${room} are left`,
      });
    }
    return placed.map((worker, index) => {
      const lane = {
        id: this.#freeLanes.pop() ?? this.#lanesMade++,
        group,
        index,
        worker: isFirst && index === 0 ? homeWorker : worker,
      };
      this.#lanesOfWorker[lane.worker]!++;
      return lane;
    });
  }

  /** Makes the instances of a thread that takes the place of a lost worker, from their start. */
  async replay(worker: number, ask: Ask): Promise<void> {
    for (const pool of [...this.#byId.values(), ...this.#ending]) {
      if (pool.homeWorker === worker) await ask(worker, createMessage(pool));
      await ask(worker, lanesMessage(pool));
    }
  }

  /**
   * Undoes what the workers made of a new pool, on each when it has carried out what it was asked:
   * orders that take their time pass each other.
   */
  async #unmake(
    id: number,
    lanes: readonly PlacedLane[],
    asked: ReadonlyMap<number, Promise<unknown>>,
  ): Promise<void> {
    await Promise.allSettled(asked.values());
    await this.#undo(id, lanes);
  }

  /** Ends a pool on every worker that knows it, and frees its lanes. */
  async #undo(id: number, lanes: readonly PlacedLane[]): Promise<void> {
    const { ask, workers } = this.#options;
    const ended = await Promise.allSettled(
      Array.from({ length: workers }, (_, worker) => ask(worker, { kind: "destroy", poolId: id })),
    );
    for (const lane of lanes) {
      this.#lanesOfWorker[lane.worker]!--;
      this.#freeLanes.push(lane.id);
    }
    for (const end of ended) if (end.status === "rejected") throw end.reason;
  }

  /**
   * Ends a pool. Throws CHI-4001; CHI-4014 for one that the node needs. The pool has ended also when
   * a handler does not: CHI-4009 for one that holds its worker, where the pool's part goes when it
   * comes back; CHI-4020 for one that goes on although its signal has fired.
   */
  async destroy(id: number): Promise<void> {
    const pool = this.#byId.get(id);
    if (pool === undefined) throw notFound(id);
    const need = id === ADMIN_POOL_ID ? "the admin of the node" : this.needFor(id);
    if (need !== null) {
      throw new ChimaeraError("poolInUse", {
        what: `end pool ${pool.request.name}`,
        why: `it is ${need}`,
      });
    }
    this.#byId.delete(id);
    this.#byName.delete(pool.request.name);
    this.#ending.add(pool);
    await this.beforeEnd(id);
    this.#ending.delete(pool);
    const all = Array.from({ length: this.#options.workers }, (_, worker) => worker);
    const what = `end pool ${pool.request.name}`;
    const hint = "a handler must not block; the pool's part there goes when it has returned";
    await this.#unlessHeld({ what, hint }, all, this.#undo(id, pool.lanes));
  }

  /** The pool of an id. Throws CHI-4001. */
  get(id: number): Pool {
    const pool = this.#byId.get(id);
    if (pool === undefined) throw notFound(id);
    return pool;
  }

  /** All pools that are there. */
  get all(): readonly Pool[] {
    return [...this.#byId.values()];
  }

  /** Lanes by worker. */
  get lanesOfWorker(): readonly number[] {
    return this.#lanesOfWorker;
  }

  /** A lane of a pool runs on another worker now. */
  moved(lane: PlacedLane, worker: number): void {
    this.#lanesOfWorker[lane.worker]!--;
    this.#lanesOfWorker[worker]!++;
    lane.worker = worker;
  }

  list(): PoolInfo[] {
    return [...this.#byId.values()].map((pool) => this.#infoOf(pool));
  }

  /** The names of a pool; used by messages. */
  namesOf(id: number): PoolNames | undefined {
    const pool = this.#byId.get(id);
    if (pool === undefined) return undefined;
    const { request, methodNames } = pool;
    return { name: request.name, libName: request.libName, methodNames };
  }

  #infoOf(pool: Pool): PoolInfo {
    const { counters } = this.#options;
    const lanes = pool.lanes.map((lane): LaneInfo => {
      const line = counters.lane(lane.id);
      return {
        ...lane,
        waiting: counters.words[line + LANE_COUNTER.waiting]!,
        done: counters.words[line + LANE_COUNTER.done]!,
        failed: counters.words[line + LANE_COUNTER.failed]!,
      };
    });
    const { id, homeWorker, request } = pool;
    return { id, name: request.name, libName: request.libName, homeWorker, lanes };
  }
}

function creating({ name }: PoolRequest) {
  const hint = "a handler must not block; create the pool again when it has returned";
  return { what: `create pool ${name}`, hint };
}

function notFound(id: number): ChimaeraError {
  return new ChimaeraError("poolNotFound", { what: `pool ${id}`, why: "no pool has this id" });
}

function checkName(name: string): void {
  if (name.length === 0) {
    throw new ChimaeraError("badField", { what: "create a pool", why: "its name is empty" });
  }
}
