/**
 * What a worker knows of the upgrade of a module that is under way.
 *
 * Thread rules: one worker's isolate.
 */

import type { ContainerOnWorker } from "./container.ts";
import type { Lane } from "./lane.ts";
import { LaneHold } from "./lane_hold.ts";
import type { Module } from "./module.ts";
import type { PoolPlug } from "./pool_plug.ts";
import type { Router } from "./router.ts";
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

/** Keeps what comes for the pools and would have to be routed. */
export function hold({ parts }: Upgrade): null {
  for (const part of parts) {
    const { old } = part;
    part.router = old.router;
    part.hold = old.hold = new LaneHold(0, old.home, true, null);
    old.router = null;
  }
  return null;
}

/** Undoes {@linkcode hold}: what was kept goes its way. */
export function letGo({ parts }: Upgrade, router: Router): void {
  for (const part of parts) {
    const { old, hold } = part;
    if (hold === null) continue;
    part.hold = old.hold = null;
    old.router = part.router;
    router.release(old, hold.takeAll());
  }
}
