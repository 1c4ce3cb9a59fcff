/**
 * The pools that every node has: the admin's, and those of the policies it begins with.
 *
 * Thread rules: the assembling thread.
 */

import type { PoolInfo, PoolRequest } from "../lane/mod.ts";
import { ADMIN_POOL_ID } from "../task/mod.ts";
import type { Pools } from "./pools.ts";

/** Makes them, before there are others: the admin's pool is the first. */
export async function makeCorePools(pools: Pools): Promise<{ queue: PoolInfo; proc: PoolInfo }> {
  const make = async (name: string, libName: string) => {
    const request: PoolRequest = { name, libName, paramsLayout: 0, params: new Uint8Array() };
    return (await pools.create(request)).pool;
  };
  const admin = await make("admin", "chimaera_admin");
  if (admin.id !== ADMIN_POOL_ID) throw new Error("the admin's pool must be the first");
  const queue = await make("worch_queue", "chimaera_worch_queue_round_robin");
  const proc = await make("worch_proc", "chimaera_worch_proc_round_robin");
  return { queue, proc };
}
