/**
 * Plugs in all lanes that one worker has of some pools: nothing that waits is begun while they are
 * in, and what was begun, anywhere in these pools, comes to its end.
 *
 * A handler may wait for a task of its own pool, on this lane or on another worker's. So what is of
 * a root that had begun somewhere when the plugs went in is let through, for as long as it is
 * admitted. No new root comes to those, which is why it ends.
 *
 * Thread rules: one worker's isolate.
 */

import type { Task } from "../task/mod.ts";
import type { Executor } from "./executor.ts";
import type { Lane } from "./lane.ts";
import { RootSet } from "./root_set.ts";
import type { Plug, WorkerState } from "./worker_state.ts";

export class PoolPlug implements Plug {
  readonly #state: WorkerState;
  readonly #executor: Executor;
  #lanes: readonly Lane[];
  readonly #roots = new RootSet();
  #admits = false;
  /** Ends the wait for what was begun; null while nobody waits. */
  #drained: PromiseWithResolvers<void> | null = null;
  /** Tasks of each lane and priority that have been looked at. */
  #seen = new WeakMap<Lane, { low: number; high: number }>();

  /** @param lanes Those of this worker. */
  constructor(state: WorkerState, executor: Executor, lanes: readonly Lane[]) {
    this.#state = state;
    this.#executor = executor;
    this.#lanes = lanes;
  }

  /** Puts the plugs in. Returns the roots of what has begun here, as pairs. */
  close(): number[] {
    const { ready, node } = this.#state;
    const begun = new RootSet();
    for (const lane of this.#lanes) {
      const at = ready.indexOf(lane);
      if (at >= 0) ready.splice(at, 1);
      lane.listed = true;
      for (const { header } of this.#executor.begunOn(lane)) begun.addOf(node.i32, header.block);
    }
    this.#state.plug = this;
    return begun.pairs;
  }

  /** The lanes that are plugged. */
  get lanes(): readonly Lane[] {
    return this.#lanes;
  }

  /** Handlers that were begun and have not ended. */
  get busy(): number {
    return this.#lanes.reduce((sum, { busy }) => sum + busy, 0);
  }

  /** Lets tasks of these roots begin. Resolves when nothing runs here that was begun. */
  async drain(roots: readonly number[]): Promise<void> {
    this.#roots.addPairs(roots);
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
    const words = this.#state.node.i32;
    const isKin = ({ header: { block } }: Task) => this.#roots.hasOf(words, block);
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

  /** Other lanes stand in the place of these, with their tasks. */
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
