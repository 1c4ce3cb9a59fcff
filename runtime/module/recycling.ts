/**
 * Replacing a worker's thread on purpose: what it has collected goes, and nobody notices.
 *
 *   1 a new thread starts, and loads what it will need
 *   2 the worker's lanes move to others, as any lane does: with state, queue and order
 *   3 when no handler and no order is left on the thread, it retires
 *   4 the new one takes its number, its rings and its sessions
 *   5 the lanes come back
 *
 * Until the thread has retired any failure leaves it in place, and its lanes are put back. One
 * worker is recycled at a time.
 *
 * Thread rules: the assembling thread.
 */

import { ChimaeraError } from "../errors.ts";
import type { RecycleInfo } from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import { type Clock, delay } from "../platform/mod.ts";
import { ADMIN_POOL_ID } from "../task/mod.ts";
import type { ClearedLane, LaneMoves } from "./lane_moves.ts";
import type { Pools } from "./pools.ts";
import { SpareThread } from "./spare_thread.ts";
import type { WorkerCrew } from "./worker_crew.ts";

export interface RecyclingOptions {
  readonly workers: number;
  readonly pools: Pools;
  readonly moves: LaneMoves;
  readonly crew: WorkerCrew;
  readonly clock: Clock;
}

/** Lanes that could not come back: how many, and why the first could not. */
type Stayed = Pick<RecycleInfo, "stayed" | "why">;

/** Replaces workers' threads, one after the other. */
export class Recycling {
  readonly #options: RecyclingOptions;
  /** The admin's lane, where it has left a worker for the handler that asked. */
  readonly #aside: ClearedLane[] = [];
  /** The one under way. */
  #current: { readonly worker: number; readonly over: Promise<unknown> } | null = null;

  /** For the runtime. */
  constructor(options: RecyclingOptions) {
    this.#options = options;
  }

  /**
   * Replaces a worker's thread by a fresh one.
   *
   * Throws CHI-3001 for a worker that does not exist, CHI-4017 and CHI-4018 when a lane cannot leave
   * it, CHI-4019 when what it has begun does not end or when the node has no other worker, CHI-4008
   * and CHI-4009 when the worker is lost meanwhile.
   */
  async recycle(worker: number): Promise<RecycleInfo> {
    this.#check(worker);
    while (this.#current !== null) await this.#current.over;
    return await this.#begin(worker);
  }

  /**
   * As {@linkcode recycle}, for a handler of the admin's.
   *
   * @param from The worker that runs the handler.
   * @returns Null when that one's thread is to go, and the handler in its way: the admin's lane has
   * left it, and whoever has the lane now may ask again.
   */
  async askedBy(from: number, worker: number): Promise<RecycleInfo | null> {
    this.#check(worker);
    // One that waits must not be sent to where it is in the way of the one under way.
    while (this.#current !== null && this.#current.worker !== from) await this.#current.over;
    if (this.#current === null && from !== worker) return await this.#begin(worker);
    await this.#sendAdminAway(from);
    return null;
  }

  #check(worker: number): void {
    const { workers } = this.#options;
    const what = `recycle worker ${worker}`;
    if (!(Number.isInteger(worker) && worker >= 0 && worker < workers)) {
      const why = `there is no such worker; the last one is ${workers - 1}`;
      throw new ChimaeraError("badField", { what, why });
    }
    if (workers === 1) {
      throw new ChimaeraError("recycleFailed", {
        what,
        why: "its lanes need another worker meanwhile, and the node has none",
        hint: "run the node with two workers or more",
      });
    }
  }

  async #sendAdminAway(from: number): Promise<void> {
    const { pools, moves, workers } = this.#options;
    const [lane] = pools.get(ADMIN_POOL_ID).lanes;
    if (lane!.worker !== from) return;
    const { group, index } = lane!;
    const place = { poolId: ADMIN_POOL_ID, group, index };
    const to = (from + 1) % workers;
    const { isCarried } = await moves.move({ ...place, worker: to });
    this.#aside.push({ ...place, worker: from, to, isCarried });
  }

  /** The lanes that have stepped aside for the end of this worker's thread. */
  #takeAside(worker: number): ClearedLane[] {
    const aside = this.#aside.splice(0);
    this.#aside.push(...aside.filter((lane) => lane.worker !== worker));
    return aside.filter((lane) => lane.worker === worker);
  }

  #begin(worker: number): Promise<RecycleInfo> {
    const run = this.#run(worker).finally(() => this.#current = null);
    this.#current = { worker, over: run.catch(() => {}) }; // Whoever asked is told.
    return run;
  }

  async #run(worker: number): Promise<RecycleInfo> {
    const cleared: ClearedLane[] = [];
    let pauseMs: number;
    try {
      pauseMs = await this.#replace(worker, cleared);
    } catch (thrown) {
      cleared.push(...this.#takeAside(worker));
      const { stayed, why } = await this.#putBack(cleared);
      if (stayed === 0) throw thrown;
      const first = thrown instanceof Error ? thrown.message : String(thrown);
      throw new ChimaeraError("recycleFailed", {
        what: `recycle worker ${worker}`,
        why: `${first}; ${stayed} of its lanes run on elsewhere: ${why}`,
        cause: thrown,
      });
    }
    cleared.push(...this.#takeAside(worker));
    const restarted = cleared.filter(({ isCarried }) => !isCarried).length;
    const stayed = await this.#putBack(cleared);
    return { worker, lanes: cleared.length, restarted, pauseMs, ...stayed };
  }

  /** Clears the worker and replaces its thread. Returns how long it took no tasks. */
  async #replace(worker: number, cleared: ClearedLane[]): Promise<number> {
    const { pools } = this.#options;
    const modules = new Set(pools.all.map(({ module }) => module));
    const spare = await SpareThread.start(worker, [...modules]);
    try {
      return await this.#replaceBy(spare, worker, cleared);
    } finally {
      spare?.drop();
    }
  }

  async #replaceBy(
    spare: SpareThread | null,
    worker: number,
    cleared: ClearedLane[],
  ): Promise<number> {
    const { moves, crew, clock } = this.#options;
    const endMs = clock.nowMs() + moves.drainMs;
    for (;;) {
      await moves.clear(worker, cleared);
      let startMs = 0;
      const isFree = () => {
        startMs = clock.nowMs();
        return this.#isFree(worker);
      };
      // Between two attempts what the worker has begun may move lanes, and so come to its end.
      if (await moves.apart(() => crew.recycle(worker, isFree, spare))) {
        return clock.nowMs() - startMs;
      }
      if (clock.nowMs() > endMs) {
        throw new ChimaeraError("recycleFailed", {
          what: `recycle worker ${worker}`,
          why: `what it has begun did not end in ${moves.drainMs} ms`,
        });
      }
      await delay(LIMITS.recycleRetryMs);
    }
  }

  /** Whether no lane is the worker's, nor may be by the time that its new thread is there. */
  #isFree(worker: number): boolean {
    const { pools } = this.#options;
    return pools.making.count === 0 &&
      pools.all.every(({ lanes }) => lanes.every((lane) => lane.worker !== worker));
  }

  /** Moves lanes back that are still where they were sent. */
  async #putBack(cleared: readonly ClearedLane[]): Promise<Stayed> {
    const { pools, moves } = this.#options;
    const failures: string[] = [];
    for (const { poolId, group, index, worker, to } of cleared) {
      const pool = pools.all.find(({ id }) => id === poolId);
      const lane = pool?.lanes.find((lane) => lane.group === group && lane.index === index);
      if (lane?.worker !== to) continue;
      try {
        await moves.move({ poolId, group, index, worker });
      } catch (thrown) {
        if (thrown instanceof ChimaeraError && thrown.kind === "poolNotFound") continue;
        failures.push(thrown instanceof Error ? thrown.message : String(thrown));
      }
    }
    return { stayed: failures.length, why: failures[0] ?? "" };
  }
}
