/**
 * What the thread that assembled a node tells its workers about a lane that moves, and what they
 * answer. The steps, of a lane that goes from worker A to B:
 *
 *     prepare   A, B   load what the move needs, so that the lane does not wait for it
 *     plug      A      begin nothing that waits on the lane; answered when what was begun has ended
 *     hold      all    keep tasks for the lane; answered when older ones have arrived everywhere
 *     save      A      write state and queue into a parcel
 *     restore   B      make the instance, restore it, take over the queue, go on
 *     switch    all    send what was kept to B; answered when it has arrived everywhere
 *     release   all    what takes another way from now on goes on; A's old instance leaves
 *     cancel    all    up to `restore`: everything as it was before
 *
 * Thread rules: plain data.
 */

import type { ModuleSpec } from "./containers.ts";

/** Which lane, and which move: numbers only go up. */
interface OfMove {
  readonly moveId: number;
  readonly poolId: number;
  readonly group: number;
  readonly index: number;
}

export interface PrepareOrder extends OfMove {
  readonly step: "prepare";
  readonly module: ModuleSpec;
}

export interface PlugOrder extends OfMove {
  readonly step: "plug";
  /** Whether tasks that were begun must end first. */
  readonly drain: boolean;
}

export interface HoldOrder extends OfMove {
  readonly step: "hold";
  /** Keep all tasks of the container that would be routed here. */
  readonly isWhole: boolean;
  /** For a thread in the place of one that was lost since: what was on its way has arrived. */
  readonly isLate: boolean;
}

export interface SaveOrder extends OfMove {
  readonly step: "save";
  readonly to: number;
}

/** Answer to `save`. */
export interface SaveResult {
  /** Place of the parcel in the node segment. */
  readonly parcel: number;
  /** Whether the module saved a state; else its instance is made anew. */
  readonly isCarried: boolean;
  /** Tasks that wait on the lane. */
  readonly tasks: number;
}

export interface RestoreOrder extends OfMove, SaveResult {
  readonly step: "restore";
  readonly module: ModuleSpec;
  /** Whether this is the instance where `create` runs. */
  readonly isHome: boolean;
  readonly shared: readonly number[] | null;
  readonly paramsLayout: number;
  readonly params: readonly number[];
}

export interface SwitchOrder extends OfMove {
  readonly step: "switch";
  readonly to: number;
  readonly homeWorker: number;
}

export interface ReleaseOrder extends OfMove {
  readonly step: "release";
}

export interface CancelOrder extends OfMove {
  readonly step: "cancel";
}

/** Answer to `cancel`. */
export interface CancelResult {
  /** The lane runs here already, and so it has moved. */
  readonly isRestored: boolean;
}

export type LaneMoveOrder =
  | PrepareOrder
  | PlugOrder
  | HoldOrder
  | SaveOrder
  | RestoreOrder
  | SwitchOrder
  | ReleaseOrder
  | CancelOrder;
