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
  type ModuleSpec,
  type PoolInfo,
  type PoolRequest,
} from "../lane/mod.ts";
import type { ModuleTable } from "./module_spec.ts";

interface PlacedLane {
  readonly id: number;
  readonly group: number;
  readonly index: number;
  readonly worker: number;
}

interface Pool {
  readonly id: number;
  readonly request: PoolRequest;
  readonly module: ModuleSpec;
  readonly homeWorker: number;
  readonly lanes: readonly PlacedLane[];
}

/** Decides the workers of new lanes. */
export type PlaceLanes = (
  laneCount: number,
  lanesOfWorker: readonly number[],
) => Promise<readonly number[]>;

export interface PoolsOptions {
  readonly workers: number;
  readonly modules: ModuleTable;
  readonly counters: Counters;
  /** Sends a request to a worker. */
  readonly ask: (worker: number, message: ControlMessage) => Promise<unknown>;
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
  readonly #lanesOfWorker: number[];
  readonly #freeLanes: number[] = [];
  #lanesMade = 0;
  #lastId = 0;
  /** Replaced when a policy's pool takes over. */
  placeLanes: PlaceLanes = dealLanes;

  constructor(options: PoolsOptions) {
    this.#options = options;
    this.#lanesOfWorker = new Array(options.workers).fill(0);
  }

  /** Makes a pool, or finds the one of that name. */
  async create(request: PoolRequest): Promise<{ pool: PoolInfo; created: boolean }> {
    checkName(request.name);
    const known = this.#byName.get(request.name);
    if (known !== undefined) {
      const pool = await known;
      if (!sameRequest(pool.request, request)) {
        throw new ChimaeraError("poolExists", {
          what: `create pool ${request.name}`,
          why: `it exists with other parameters (${pool.request.libName}, id ${pool.id})`,
        });
      }
      return { pool: this.#infoOf(pool), created: false };
    }
    const making = this.#make(request);
    this.#byName.set(request.name, making);
    try {
      return { pool: this.#infoOf(await making), created: true };
    } catch (thrown) {
      this.#byName.delete(request.name);
      throw thrown;
    }
  }

  async #make(request: PoolRequest): Promise<Pool> {
    const { ask, workers, modules } = this.#options;
    const module = modules.get(request.libName);
    const id = ++this.#lastId;
    const homeWorker = (await this.#place(1))[0]!;
    const order = { poolId: id, poolName: request.name, module, homeWorker };
    const result = await ask(homeWorker, {
      kind: "create",
      order: { ...order, paramsLayout: request.paramsLayout, params: [...request.params] },
    }) as CreateResult;
    const lanes: PlacedLane[] = [];
    for (const group of result.groups) {
      const placed = await this.#place(group.count);
      placed.forEach((worker, index) => {
        const first = lanes.length === 0;
        lanes.push({
          id: this.#freeLanes.pop() ?? this.#lanesMade++,
          group: group.id,
          index,
          worker: first ? homeWorker : worker,
        });
      });
    }
    for (const lane of lanes) this.#lanesOfWorker[lane.worker]!++;
    const groups = result.groups.map((group) => ({
      id: group.id,
      lanes: lanes.filter((l) => l.group === group.id).map((l) => ({ id: l.id, worker: l.worker })),
    }));
    const setLanes = { kind: "lanes", order: { ...order, groups, shared: result.shared } };
    await Promise.all(Array.from({ length: workers }, (_, worker) => ask(worker, setLanes)));
    const pool = { id, request, module, homeWorker, lanes };
    this.#byId.set(id, pool);
    return pool;
  }

  async #place(count: number): Promise<readonly number[]> {
    const placed = await this.placeLanes(count, this.#lanesOfWorker);
    const valid = placed.length === count &&
      placed.every((w) => Number.isInteger(w) && w >= 0 && w < this.#options.workers);
    if (!valid) {
      throw new ChimaeraError("noLane", {
        what: "place lanes",
        why:
          `the policy answered [${placed}] for ${count} lanes of ${this.#options.workers} workers`,
      });
    }
    return placed;
  }

  async destroy(id: number): Promise<void> {
    const pool = this.#byId.get(id);
    if (pool === undefined) throw notFound(id);
    this.#byId.delete(id);
    this.#byName.delete(pool.request.name);
    const { ask, workers } = this.#options;
    await Promise.all(
      Array.from({ length: workers }, (_, worker) => ask(worker, { kind: "destroy", poolId: id })),
    );
    for (const lane of pool.lanes) {
      this.#lanesOfWorker[lane.worker]!--;
      this.#freeLanes.push(lane.id);
    }
  }

  list(): PoolInfo[] {
    return [...this.#byId.values()].map((pool) => this.#infoOf(pool));
  }

  /** The name and library of a pool; used by messages. */
  find(id: number): PoolInfo | undefined {
    const pool = this.#byId.get(id);
    return pool === undefined ? undefined : this.#infoOf(pool);
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

function notFound(id: number): ChimaeraError {
  return new ChimaeraError("poolNotFound", { what: `pool ${id}`, why: "no pool has this id" });
}

function checkName(name: string): void {
  if (name.length === 0) {
    throw new ChimaeraError("badField", { what: "create a pool", why: "its name is empty" });
  }
}

function sameRequest(a: PoolRequest, b: PoolRequest): boolean {
  return a.libName === b.libName && a.paramsLayout === b.paramsLayout &&
    a.params.length === b.params.length && a.params.every((byte, k) => byte === b.params[k]);
}
