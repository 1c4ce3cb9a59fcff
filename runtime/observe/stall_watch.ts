/**
 * Notices handlers that hold their lane: looks at what each worker runs, from another thread.
 *
 * Thread rules: the assembling thread; reads counters that workers write.
 */

import { LIMITS } from "../limits.ts";
import type { Clock } from "../platform/mod.ts";

/** A handler that has not returned. */
export interface Stall {
  /** The worker of the lane, from 0. */
  readonly worker: number;
  /** Name of the lane's pool; empty when it is a module's top level that runs. */
  readonly poolName: string;
  /** `<namespace>_<module>` of the lane's pool, or of the module that is loaded. */
  readonly libName: string;
  /** Number of the handler's method; 0 at a module's top level. */
  readonly method: number;
  /** The method's name; `method 7` where it is not known, empty at a module's top level. */
  readonly methodName: string;
  /** How long it has held the lane, in milliseconds. */
  readonly forMs: number;
}

/** What holds a worker, for people. */
export function holderText(stall: Pick<Stall, "libName" | "methodName" | "poolName">): string {
  const { libName, methodName, poolName } = stall;
  return poolName === ""
    ? `the top level of ${libName}`
    : `${libName}.${methodName} of pool ${poolName}`;
}

/** In the word of the pool that a worker runs: it is loading a module. */
export const LOADING = -1;

/** What a pool is called, and its methods by number. */
export interface PoolNames {
  readonly name: string;
  readonly libName: string;
  readonly methodNames: Readonly<Record<number, string>>;
}

/** Words of a worker's line, as the lane layer counts them. */
export interface StallCounters {
  readonly words: Int32Array;
  worker(id: number): number;
}

const TICKS = 0;
const TASKS = 1;
const POOL = 2;
const METHOD = 3;

interface Seen {
  ticks: number;
  tasks: number;
  /** How long it has been so, in milliseconds. */
  forMs: number;
  reported: boolean;
}

export class StallWatch {
  readonly #counters: StallCounters;
  readonly #find: (poolId: number) => PoolNames | undefined;
  readonly #loading: ReadonlyMap<number, string>;
  readonly #report: (stall: Stall) => void;
  readonly #seen: Seen[];
  readonly #clock: Clock;
  #lookedMs: number;

  constructor(
    counters: StallCounters,
    workers: number,
    find: (poolId: number) => PoolNames | undefined,
    loading: ReadonlyMap<number, string>,
    report: (stall: Stall) => void,
    clock: Clock,
  ) {
    this.#counters = counters;
    this.#find = find;
    this.#loading = loading;
    this.#report = report;
    this.#clock = clock;
    this.#lookedMs = clock.nowMs();
    this.#seen = Array.from(
      { length: workers },
      () => ({ ticks: -1, tasks: -1, forMs: 0, reported: false }),
    );
  }

  /** Handlers that are stalled at the moment. */
  readonly stalled = new Map<number, Stall>();

  /** Call it now and then, several times in `LIMITS.stallMs`. */
  look(): void {
    const { words } = this.#counters;
    const nowMs = this.#clock.nowMs();
    // Between two looks the whole process may have been stopped, handlers too: of a long time
    // counts no more than what is no stall by itself.
    const passedMs = Math.min(nowMs - this.#lookedMs, LIMITS.stallMs / 2);
    this.#lookedMs = nowMs;
    for (let worker = 0; worker < this.#seen.length; worker++) {
      const line = this.#counters.worker(worker);
      const seen = this.#seen[worker]!;
      const pool = words[line + POOL]!;
      const ticks = words[line + TICKS]!;
      const tasks = words[line + TASKS]!;
      if (pool === 0 || ticks !== seen.ticks || tasks !== seen.tasks) {
        seen.ticks = ticks;
        seen.tasks = tasks;
        seen.forMs = 0;
        seen.reported = false;
        this.stalled.delete(worker);
        continue;
      }
      seen.forMs += passedMs;
      if (seen.forMs < LIMITS.stallMs) continue;
      const forMs = Math.round(seen.forMs);
      const stall = { worker, ...this.#holder(worker, pool, words[line + METHOD]!), forMs };
      this.stalled.set(worker, stall);
      if (!seen.reported) {
        seen.reported = true;
        this.#report(stall);
      }
    }
  }

  #holder(worker: number, pool: number, method: number): Omit<Stall, "worker" | "forMs"> {
    if (pool === LOADING) {
      const libName = this.#loading.get(worker) ?? "a module";
      return { poolName: "", libName, method: 0, methodName: "" };
    }
    const info = this.#find(pool);
    return {
      poolName: info?.name ?? `pool ${pool}`,
      libName: info?.libName ?? "unknown",
      method,
      methodName: info?.methodNames[method] ?? `method ${method}`,
    };
  }
}
