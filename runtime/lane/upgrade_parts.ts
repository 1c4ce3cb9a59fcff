/**
 * What a worker knows of the upgrade of a module that is under way.
 *
 * Thread rules: one worker's isolate.
 */

import type { ContainerOnWorker } from "./container.ts";
import type { Lane } from "./lane.ts";
import type { LaneHold } from "./lane_hold.ts";
import type { Module } from "./module.ts";
import type { PoolPlug } from "./pool_plug.ts";
import type { SavedState } from "./saved_state.ts";
import type { TrialBlocks } from "./trial_blocks.ts";

/** A new instance, whether it was restored, and its blocks. */
export interface Made {
  readonly module: Module;
  readonly isCarried: boolean;
  readonly trial: TrialBlocks;
}

/** One pool of the module that is upgraded. */
export interface PoolPart {
  readonly old: ContainerOnWorker;
  /** The instance that mapped tasks here. */
  router: Module | null;
  hold: LaneHold | null;
  next: ContainerOnWorker | null;
  /** What the old instances here have saved. */
  readonly saved: SavedState[];
  /** New instances, and whether each was restored. */
  readonly made: Made[];
  /** Blocks of the new instances, also of those that are being made. */
  readonly trials: TrialBlocks[];
}

/** What this worker knows of the upgrade under way. */
export interface Upgrade {
  readonly id: number;
  readonly plug: PoolPlug;
  readonly parts: readonly PoolPart[];
  /** Whether the new instances begin anew, whatever the old ones could save. */
  readonly dropState: boolean;
}

/** The lanes of a container that this worker runs, in order. */
export function ownLanes(container: ContainerOnWorker): Lane[] {
  return container.groups.flat().filter((lane) => lane?.server);
}
