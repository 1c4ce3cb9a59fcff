/**
 * Nodes that are broken on purpose: each must be found within 1,000 seeds, or the simulator is blind
 * to that kind of mistake.
 *
 * A canary replaces a method of a production class for as long as a run lasts, and works by its own
 * dice, so that a found seed plays again to the byte. Production code knows nothing of it. To add
 * one: name what must be found, put the broken method in place with {@linkcode replace}, and add the
 * entry to {@linkcode CANARIES}; the test and `deno task sim --canary NAME` find it there. What the
 * jobs of `jobs.ts` never do no canary can show: a canary of something new needs a job that uses it.
 */

import { ClientPort } from "../../../runtime/lane/client_port.ts";
import { FlushLeader } from "../../../runtime/lane/flush_leader.ts";
import { LaneHold } from "../../../runtime/lane/lane_hold.ts";
import { LinkKind, Links } from "../../../runtime/lane/links.ts";
import { LockQueue } from "../../../runtime/lane/lock_queue.ts";
import { PoolPlug } from "../../../runtime/lane/pool_plug.ts";
import { Subtasks } from "../../../runtime/lane/subtasks.ts";
import { Takeover } from "../../../runtime/lane/takeover.ts";
import { TaskBlocks } from "../../../runtime/lane/task_blocks.ts";
import { TaskQueue } from "../../../runtime/lane/task_queue.ts";
import { UpgradedTasks } from "../../../runtime/lane/upgraded_tasks.ts";
import { Block } from "../../../runtime/session/mod.ts";
import { Dice, type World } from "../../../runtime/testing/mod.ts";

export interface Canary {
  readonly name: string;
  /** What the failure of a run must say. */
  readonly finds: RegExp;
  /** Breaks the node; returns what mends it. */
  install(dice: Dice, world: World): () => void;
}

/** Puts another method in the place of one; returns what puts the old one back. */
export function replace<T extends object, K extends keyof T>(
  target: T,
  name: K,
  make: (real: T[K]) => T[K],
): () => void {
  const real = target[name];
  target[name] = make(real);
  return () => target[name] = real;
}

/** The dice of a run's canary. */
export function canaryDice(seed: number): Dice {
  return new Dice(seed, 2);
}

export const CANARIES: readonly Canary[] = [
  {
    name: "dropped_completion",
    finds: /^no end: |not done after/,
    install: (dice) =>
      replace(
        ClientPort.prototype,
        "complete",
        (real) =>
          function (this: ClientPort, slot, generation, error) {
            if (dice.once(100)) this.hold(slot, 0);
            else real.call(this, slot, generation, error);
          },
      ),
  },
  {
    name: "forgotten_ring",
    finds: /^lost wake: worker/,
    install: (dice, world) =>
      replace(
        Links.prototype,
        "flush",
        (real) =>
          function (this: Links) {
            world.isDeaf = dice.once(20);
            real.call(this);
            world.isDeaf = false;
          },
      ),
  },
  {
    name: "overtaking_task",
    finds: /began after/,
    install: (dice) =>
      replace(
        TaskQueue.prototype,
        "shift",
        (real) =>
          function (this: TaskQueue) {
            const first = real.call(this);
            if (this.length === 0 || !dice.once(10)) return first;
            this.push(first);
            return real.call(this);
          },
      ),
  },
  {
    name: "unpinned_block",
    finds: /sum of bytes|wrong byte|written after it was freed/,
    install: () => {
      const pin = replace(Block.prototype, "pin", () => () => {});
      const unpin = replace(Block.prototype, "unpin", () => () => {});
      return () => [pin, unpin].forEach((mend) => mend());
    },
  },
  {
    name: "early_end",
    finds: /sum of a nest|before its handler had ended|changed while its handler ran/,
    install: (dice) =>
      replace(
        Subtasks.prototype,
        "wait",
        (real) =>
          function (this: Subtasks, task, options) {
            return dice.once(10) ? Promise.resolve() : real.call(this, task, options);
          },
      ),
  },
  {
    name: "unfair_lock",
    finds: /overtook task/,
    install: () =>
      replace(
        LockQueue.prototype,
        "push",
        () =>
          function (this: LockQueue, guard) {
            this.pushFirst(guard);
          },
      ),
  },
  {
    name: "early_flush",
    finds: /a flush returned while|flush had returned/,
    install: (dice) =>
      replace(
        FlushLeader.prototype,
        "flush",
        (real) =>
          function (this: FlushLeader, rctx) {
            return dice.once(3) ? Promise.resolve() : real.call(this, rctx);
          },
      ),
  },
  {
    name: "lossy_move",
    finds: /^no end: |not done after/,
    install: (dice) =>
      replace(
        LaneHold.prototype,
        "takeAll",
        (real) =>
          function (this: LaneHold) {
            const kept = real.call(this);
            return dice.once(3) ? kept.slice(1) : kept;
          },
      ),
  },
  {
    name: "lossy_upgrade",
    finds: /^no end: |not done after/,
    install: (dice) =>
      replace(
        UpgradedTasks.prototype,
        "hand",
        (real) =>
          function (this: UpgradedTasks, from, to) {
            if (from.low.length > 0 && dice.once(2)) from.low.shift();
            real.call(this, from, to);
          },
      ),
  },
  {
    name: "overtaking_upgrade",
    finds: /began after/,
    install: () =>
      replace(
        UpgradedTasks.prototype,
        "hand",
        (real) =>
          function (this: UpgradedTasks, from, to) {
            if (from.low.length > 1) from.low.push(from.low.shift());
            real.call(this, from, to);
          },
      ),
  },
  {
    name: "hasty_upgrade",
    finds: /answered before its handler had ended|runs twice at a time/,
    install: () =>
      replace(
        PoolPlug.prototype,
        "close",
        (real) =>
          function (this: PoolPlug) {
            real.call(this);
            return 0;
          },
      ),
  },
  {
    name: "leaked_block",
    finds: /blocks did not come back/,
    install: (dice) =>
      replace(
        TaskBlocks.prototype,
        "free",
        (real) =>
          function (this: TaskBlocks, block, fieldsBytes) {
            if (!dice.once(50)) real.call(this, block, fieldsBytes);
          },
      ),
  },
  {
    name: "lossy_takeover",
    finds: /^no end: |not done after/,
    install: (dice) =>
      replace(
        Takeover.prototype,
        "keep",
        (real) =>
          function (this: Takeover, from, kind, a, b, c) {
            const isTask = kind === LinkKind.lane || kind === LinkKind.route;
            return (isTask && dice.once(3)) || real.call(this, from, kind, a, b, c);
          },
      ),
  },
  {
    name: "silent_takeover",
    finds: /^no end: |not done after/,
    install: () =>
      replace(
        Takeover.prototype,
        "failTasks",
        (real) =>
          function (this: Takeover, port, tasks, error) {
            real.call(this, port, tasks.slice(3), error);
          },
      ),
  },
  {
    name: "twice_freed_order",
    finds: /freed before/,
    install: () =>
      replace(
        Links.prototype,
        "skip",
        (real) =>
          function (this: Links, from, drop) {
            real.call(this, from, (kind, a) => {
              drop(kind, a);
              drop(kind, a);
            });
          },
      ),
  },
];

/** Throws for a name that there is not. */
export function findCanary(name: string): Canary {
  const canary = CANARIES.find((one) => one.name === name);
  if (canary !== undefined) return canary;
  throw new Error(`no canary ${name}; there are ${CANARIES.map((one) => one.name).join(", ")}`);
}
