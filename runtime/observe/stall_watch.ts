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
  /** Name of the lane's pool. */
  readonly poolName: string;
  /** `<namespace>_<module>` of the lane's pool. */
  readonly libName: string;
  /** Number of the handler's method. */
  readonly method: number;
  /** The method's name; `method 7` where it is not known. */
  readonly methodName: string;
  /** How long it has held the lane, in milliseconds. */
  readonly forMs: number;
}

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
  readonly #report: (stall: Stall) => void;
  readonly #seen: Seen[];
  readonly #clock: Clock;
  #lookedMs: number;

  constructor(
    counters: StallCounters,
    workers: number,
    find: (poolId: number) => PoolNames | undefined,
    report: (stall: Stall) => void,
    clock: Clock,
  ) {
    this.#counters = counters;
    this.#find = find;
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
      const info = this.#find(pool);
      const method = words[line + METHOD]!;
      const stall: Stall = {
        worker,
        poolName: info?.name ?? `pool ${pool}`,
        libName: info?.libName ?? "unknown",
        method,
        methodName: info?.methodNames[method] ?? `method ${method}`,
        forMs: Math.round(seen.forMs),
      };
      this.stalled.set(worker, stall);
      if (!seen.reported) {
        seen.reported = true;
        this.#report(stall);
      }
    }
  }
}
