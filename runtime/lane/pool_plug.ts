/**
 * Plugs in all lanes that one worker has of some pools: nothing that waits is begun while they are
 * in, and what was begun, anywhere in these pools, comes to its end.
 *
 * A handler may wait for a task of its own pool, on this lane or on another worker's, and by way of
 * other pools. So what a handler of these pools has sent, or what that has sent, is let through for
 * as long as it is admitted: its block names the block of the task above it, which stays while that
 * runs. Nothing else is, not even of the same root, which is why it ends: a handler elsewhere that
 * calls these pools again and again waits at its next call.
 *
 * Thread rules: one worker's isolate.
 */

import { H, OriginKind, type Task } from "../task/mod.ts";
import type { Executor } from "./executor.ts";
import type { Lane } from "./lane.ts";
import type { Plug, WorkerState } from "./worker_state.ts";

export class PoolPlug implements Plug {
  readonly #state: WorkerState;
  readonly #executor: Executor;
  readonly #pools: ReadonlySet<number>;
  #lanes: readonly Lane[];
  #admits = false;
  /** Ends the wait for what was begun; null while nobody waits. */
  #drained: PromiseWithResolvers<void> | null = null;
  /** Tasks of each lane and priority that have been looked at. */
  #seen = new WeakMap<Lane, { low: number; high: number }>();

  /**
   * @param pools Those that are plugged, on all workers.
   * @param lanes Those of this worker.
   */
  constructor(
    state: WorkerState,
    executor: Executor,
    pools: readonly number[],
    lanes: readonly Lane[],
  ) {
    this.#state = state;
    this.#executor = executor;
    this.#pools = new Set(pools);
    this.#lanes = lanes;
  }

  /** Puts the plugs in. Returns how much has begun here. */
  close(): number {
    const { ready } = this.#state;
    for (const lane of this.#lanes) {
      const at = ready.indexOf(lane);
      if (at >= 0) ready.splice(at, 1);
      lane.listed = true;
    }
    this.#state.plug = this;
    return this.busy;
  }

  /** The lanes that are plugged. */
  get lanes(): readonly Lane[] {
    return this.#lanes;
  }

  /** Handlers that were begun and have not ended. */
  get busy(): number {
    return this.#lanes.reduce((sum, { busy }) => sum + busy, 0);
  }

  /** Lets begin what was sent by what has begun. Resolves when nothing runs here. */
  async drain(): Promise<void> {
    this.#admits = true;
    this.#seen = new WeakMap();
    if (this.busy === 0) return;
    const drained = this.#drained = Promise.withResolvers<void>();
    for (const lane of this.#lanes) {
      lane.onDrained = () => {
        if (this.busy === 0) this.#drained?.resolve();
      };
    }
    await drained.promise;
  }

  /** Nothing begins any more. Returns what runs all the same. */
  rest(): number {
    this.#admits = false;
    return this.busy;
  }

  /** Whether tasks are there that were not looked at. */
  get pending(): boolean {
    return this.#admits && this.#lanes.some((lane) => {
      const seen = this.#seen.get(lane);
      return lane.waiting > (seen === undefined ? 0 : seen.low + seen.high);
    });
  }

  /** Runs what is admitted. Part of the worker's pass. Returns how much there was. */
  runKin(): number {
    const isKin = ({ header }: Task) => this.#isBelow(header.block);
    let ran = 0;
    for (const lane of this.#lanes) {
      const { low, high } = lane;
      const seen = this.#seen.get(lane) ?? { low: 0, high: 0 };
      const kin = [...low.takeFrom(seen.low, isKin), ...high.takeFrom(seen.high, isKin)];
      // What these send to the lane comes behind, and is looked at in the next pass.
      this.#seen.set(lane, { low: low.length, high: high.length });
      this.#executor.runKin(lane, kin);
      ran += kin.length;
    }
    return ran;
  }

  /** Whether one of the tasks above the one in a block is of these pools. */
  #isBelow(block: number): boolean {
    const words = this.#state.node.i32;
    for (let at = block; words[at + H.origin] === OriginKind.subtask;) {
      at = words[at + H.segment]!;
      if (this.#pools.has(words[at + H.pool]!)) return true;
    }
    return false;
  }

  /** Other lanes stand in the place of these, and get their tasks. */
  replace(lanes: readonly Lane[]): void {
    this.#lanes = lanes;
    for (const lane of lanes) lane.listed = true;
  }

  /** Takes the plugs out: the lanes go on. */
  open(): void {
    this.#drained?.resolve();
    this.#drained = null;
    this.#admits = false;
    this.#state.plug = null;
    for (const lane of this.#lanes) {
      lane.onDrained = null;
      lane.listed = lane.waiting > 0;
      if (lane.listed) this.#state.ready.push(lane);
    }
  }
}
