/**
 * What the thread that assembled a node tells its workers about a module that is upgraded, and what
 * they answer. All pools of the module go together. The steps, each taken by every worker:
 *
 *     prepare   import the new version's code, while the old one serves
 *     plug      begin nothing that waits on these pools' lanes; answer with how much runs. When that
 *               is nothing, `hold` too; and when it is nothing anywhere, the next step is `home`
 *     drain     hold no more, and let begin what that has sent; answered when nothing runs here
 *     rest      let nothing begin; answer with how much runs: when it is not nothing, drain again
 *     hold      keep what comes for these pools and would have to be routed
 *     home      the worker of a pool's home lane: save, make, restore the home instance
 *     build     the same for the other lanes
 *     commit    the new instances take the lanes, with their queues
 *     release   what was kept goes on, and the lanes; the old instances begin to leave
 *     leave     answered when they have left
 *     cancel    up to `build`: the old instances go on, with their blocks as they saved them, and
 *               all tasks; the new ones leave
 *
 * Thread rules: plain data.
 */

import type { ModuleSpec } from "./containers.ts";
import type { PoolParams } from "./instances.ts";

/** Which upgrade: numbers only go up. */
interface OfUpgrade {
  readonly upgradeId: number;
}

export interface PrepareUpgrade extends OfUpgrade {
  readonly step: "prepare";
  readonly module: ModuleSpec;
}

export interface PlugPools extends OfUpgrade {
  readonly step: "plug";
  readonly pools: readonly number[];
  /** Whether the new instances begin anew, whatever the old ones could save. */
  readonly dropState: boolean;
}

/** `drain`, `rest`, `hold`, `commit`, `release` and `cancel`. */
export interface PlainUpgradeStep extends OfUpgrade {
  readonly step: "drain" | "rest" | "hold" | "commit" | "release" | "cancel";
}

export interface LeaveOrder extends OfUpgrade {
  readonly step: "leave";
  /** Milliseconds in which the old instances must have left. */
  readonly limitMs: number;
}

export interface BuildHome extends OfUpgrade, PoolParams {
  readonly step: "home";
  readonly module: ModuleSpec;
  readonly poolId: number;
  readonly shared: readonly number[] | null;
}

/** Answer to `home`: what the pool is from now on, if the upgrade succeeds. */
export interface HomeBuilt extends PoolParams {
  readonly isCarried: boolean;
  readonly shared: readonly number[] | null;
  readonly methodNames: Readonly<Record<number, string>>;
  /** The create parameters of whoever names none. */
  readonly defaults: PoolParams;
}

export interface BuildLanes extends OfUpgrade {
  readonly step: "build";
  readonly module: ModuleSpec;
  readonly pools: readonly (PoolParams & {
    readonly poolId: number;
    readonly shared: readonly number[] | null;
  })[];
}

/** Answer to `build`: lanes whose instances were made anew, and tasks that wait here. */
export interface LanesBuilt {
  readonly restarted: number;
  readonly tasks: number;
}

export type PoolUpgradeOrder =
  | PrepareUpgrade
  | PlugPools
  | PlainUpgradeStep
  | LeaveOrder
  | BuildHome
  | BuildLanes;
