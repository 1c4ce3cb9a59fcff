/** Pools as rows of text. */

import type { PoolInfo } from "../sdk/mod.ts";
import { textTable } from "./text_table.ts";

/** One row per pool; its lanes' counts together. */
export function poolTable(pools: readonly PoolInfo[]): string {
  const sum = (pool: PoolInfo, key: "waiting" | "done" | "failed") =>
    pool.lanes.reduce((total, lane) => total + lane[key], 0);
  return textTable(
    ["id", "pool", "library", "lanes", "on workers", "waiting", "done", "failed"],
    pools.map((pool) => [
      pool.id,
      pool.name,
      pool.libName,
      pool.lanes.length,
      [...new Set(pool.lanes.map(({ worker }) => worker))].sort((a, b) => a - b).join(","),
      sum(pool, "waiting"),
      sum(pool, "done"),
      sum(pool, "failed"),
    ]),
  );
}

/** One row per lane. */
export function laneTable(pools: readonly PoolInfo[]): string {
  return textTable(
    ["pool", "lane", "group", "index", "worker", "waiting", "done", "failed"],
    pools.flatMap((pool) =>
      pool.lanes.map((lane) => [
        pool.name,
        lane.id,
        lane.group,
        lane.index,
        lane.worker,
        lane.waiting,
        lane.done,
        lane.failed,
      ])
    ),
  );
}
