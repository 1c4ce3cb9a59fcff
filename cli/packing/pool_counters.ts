/**
 * What a run did, by the runtime's own counters: those of the pool's lanes, read before and after.
 * Other clients of the pool count too while the run lasts.
 */

import { DomainQuery, type PoolInfo, type Session } from "../../sdk/mod.ts";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";

/** A lane's share of a run. */
export interface LaneWork {
  readonly lane: number;
  readonly worker: number;
  readonly tasks: number;
}

export class PoolCounters {
  readonly #admin: Admin;
  readonly #poolId: number;
  readonly #before: PoolInfo;

  private constructor(admin: Admin, poolId: number, before: PoolInfo) {
    this.#admin = admin;
    this.#poolId = poolId;
    this.#before = before;
  }

  /** Reads the counters before the run. */
  static async begin(session: Session, poolId: number): Promise<PoolCounters> {
    const admin = new Admin(session);
    return new PoolCounters(admin, poolId, await poolOf(admin, poolId));
  }

  /** Lanes of the pool. */
  get lanes(): number {
    return this.#before.lanes.length;
  }

  /** The lanes that have run tasks since. */
  async worked(): Promise<LaneWork[]> {
    const after = await poolOf(this.#admin, this.#poolId);
    return after.lanes.map(({ index, worker, done }) => ({
      lane: index,
      worker,
      tasks: (done - (this.#before.lanes.find((lane) => lane.index === index)?.done ?? 0)) | 0,
    })).filter(({ tasks }) => tasks > 0);
  }
}

async function poolOf(admin: Admin, poolId: number): Promise<PoolInfo> {
  const pools = await admin.listPools(DomainQuery.getLocalId());
  return pools.find(({ id }) => id === poolId)!;
}
