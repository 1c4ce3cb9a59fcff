/**
 * `chimaera/node`: a node in this process.
 *
 * @module
 */

import { Node } from "../runtime/node.ts";
import type { NodeOptions } from "../runtime/node_options.ts";

export type { ModuleSource, ModuleSpec } from "../runtime/lane/mod.ts";
export type { Backing } from "../runtime/memory/mod.ts";
export {
  type ClearedLane,
  type KnownModule,
  type LaneMover,
  type LanePlace,
  type LostWorker,
  type ModuleDirectory,
  moduleInFolder,
  type PoolDirectory,
  type PoolPlace,
  type Recycling,
  type Registered,
  type UpgradeOptions,
  type Upgrades,
} from "../runtime/module/mod.ts";
export type { Stall } from "../runtime/observe/mod.ts";
export {
  Instance,
  InstancePaths,
  type NodeRecord,
  type OpenSession,
  type SessionDirectory,
} from "../runtime/session/mod.ts";
export { Node, type NodeOptions };

/**
 * Starts a node in this process.
 *
 * @example
 * ```ts ignore
 * import { startNode } from "chimaera/node";
 * await using node = await startNode({ workers: 2 });
 * const session = await node.connect();
 * ```
 */
export function startNode(options: NodeOptions = {}): Promise<Node> {
  return Node.start(options);
}
