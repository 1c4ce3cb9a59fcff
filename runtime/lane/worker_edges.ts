/**
 * A worker's two edges that are not its loop: what the admin may ask of the node, and what a
 * handler may do with the object of its own task.
 *
 * Thread rules: one worker's isolate.
 */

import type { SegmentTable } from "../memory/mod.ts";
import type { TaskOwner } from "../task/mod.ts";
import type { ControlChannel } from "./control.ts";
import { HandOn } from "./hand_on.ts";
import type { NodeControl, RecycleInfo } from "./node_control.ts";

/** Owner of a handler's own task object: it can be read, and nothing else. */
export function blockOwner(segments: SegmentTable): TaskOwner {
  const nothing = () => {};
  return {
    segments,
    submit: nothing,
    wait: () => Promise.resolve(),
    waitSync: nothing,
    free: nothing,
  };
}

/** The admin's calls; all but `flush` are carried to the thread that assembled the node. */
export function nodeControl(
  control: ControlChannel,
  node: number,
  flush: NodeControl["flush"],
): NodeControl {
  const ask = <T>(kind: string, values: object = {}) =>
    control.request(node, { kind, ...values }) as Promise<T>;
  return {
    createPool: (request) =>
      ask("createPool", { request: { ...request, params: [...request.params] } }),
    destroyPool: async (id) => void await ask("destroyPool", { id }),
    listPools: () => ask("listPools"),
    stats: () => ask("stats"),
    flush,
    setPolicy: async (policy, poolId) => void await ask("setPolicy", { policy, poolId }),
    moveLane: (request) => ask("moveLane", { request }),
    recycleWorker: async (worker) => {
      const info = await ask<RecycleInfo | null>("recycleWorker", { worker });
      if (info === null) throw new HandOn(); // This thread is in the way, and the lane has left it.
      return info;
    },
    registerModule: (folder) => ask("registerModule", { folder }),
    destroyModule: async (libName) => void await ask("destroyModule", { libName }),
    upgradeModule: (libName, dropState) => ask("upgradeModule", { libName, dropState }),
    listModules: () => ask("listModules"),
    stop: async () => void await ask("stop"),
  };
}
