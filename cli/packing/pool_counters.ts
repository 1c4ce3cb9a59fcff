/**
 * What a run did, by the runtime's own counters of the pool's lanes, read before and after. The pool
 * is the run's own, so its lanes count nobody else's work.
 */

import { DomainQuery, type PoolInfo, type Session } from "../../sdk/mod.ts";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";

/** What a lane ran meanwhile. */
export interface LaneWork {
  readonly lane: number;
  readonly worker: number;
  readonly tasks: number;
}

/** What was counted between two moments. */
export interface Counted {
  /** Tasks that the lanes have done. */
  readonly tasks: number;
  /** The pool's lanes that ran any. */
  readonly lanes: readonly LaneWork[];
}

export class PoolCounters {
  readonly #session: Session;
  readonly #poolId: number;
  readonly #lanesBefore: PoolInfo;

  private constructor(session: Session, poolId: number, before: PoolInfo) {
    this.#session = session;
    this.#poolId = poolId;
    this.#lanesBefore = before;
  }

  /** Reads the counters before the run. */
  static async begin(session: Session, poolId: number): Promise<PoolCounters> {
    return new PoolCounters(session, poolId, await poolOf(session, poolId));
  }

  /** Lanes of the pool. */
  get lanes(): number {
    return this.#lanesBefore.lanes.length;
  }

  /** Reads the counters after the run. */
  async end(): Promise<Counted> {
    const after = await poolOf(this.#session, this.#poolId);
    const doneBefore = new Map(this.#lanesBefore.lanes.map(({ id, done }) => [id, done]));
    const lanes = after.lanes.map(({ id, index, worker, done }) => ({
      lane: index,
      worker,
      tasks: (done - (doneBefore.get(id) ?? 0)) | 0,
    }));
    const tasks = lanes.reduce((sum, lane) => sum + lane.tasks, 0);
    return { tasks, lanes: lanes.filter((lane) => lane.tasks > 0) };
  }
}

async function poolOf(session: Session, poolId: number): Promise<PoolInfo> {
  const pools = await new Admin(session).listPools(DomainQuery.getLocalId());
  return pools.find(({ id }) => id === poolId)!;
}
