/**
 * A plug in a lane: nothing that waits is begun while it is in, and what was begun comes to its end.
 *
 * A handler may wait for a task of its own lane. A plugged lane therefore begins what those wait
 * for that it has begun already: tasks of the same root, and nothing else.
 *
 * Thread rules: one worker's isolate.
 */

import { ChimaeraError } from "../errors.ts";
import { delay } from "../platform/mod.ts";
import { H, type Task } from "../task/mod.ts";
import type { Executor } from "./executor.ts";
import type { Lane } from "./lane.ts";
import type { Plug, WorkerState } from "./worker_state.ts";

export class LanePlug implements Plug {
  readonly #state: WorkerState;
  readonly #executor: Executor;
  readonly #lane: Lane;
  #isOpen = false;
  /** Ends the wait for what was begun; null while nobody waits. */
  #drained: PromiseWithResolvers<void> | null = null;
  /** Tasks of each priority that have been looked at for kin. */
  #seenLow = 0;
  #seenHigh = 0;

  constructor(state: WorkerState, executor: Executor, lane: Lane) {
    this.#state = state;
    this.#executor = executor;
    this.#lane = lane;
  }

  /**
   * Plugs the lane; that of a module which cannot save its state when it has nothing to do.
   *
   * @param drain Whether to wait until what was begun has ended. Rejects with CHI-4017 when the plug
   * is opened before.
   */
  async close(drain: boolean): Promise<void> {
    const lane = this.#lane;
    if (lane.server!.saveState === undefined) {
      while (lane.waiting > 0 || (drain && lane.busy > 0)) {
        await delay(1);
        if (this.#isOpen) throw this.#busy("it holds work, and its module has no saveState()");
      }
    }
    const { ready } = this.#state;
    const at = ready.indexOf(lane);
    if (at >= 0) ready.splice(at, 1);
    this.#state.plug = this;
    lane.listed = true;
    if (!drain || lane.busy === 0) return;
    const drained = this.#drained = Promise.withResolvers<void>();
    lane.onDrained = () => {
      lane.onDrained = null;
      this.#drained = null;
      drained.resolve();
    };
    await drained.promise;
  }

  /** The lane goes on as before. */
  open(): void {
    const lane = this.#lane;
    this.#isOpen = true;
    this.#drained?.reject(this.#busy("what it has begun has not ended"));
    this.#drained = null;
    lane.onDrained = null;
    if (this.#state.plug !== this) return;
    this.#state.plug = null;
    lane.listed = lane.waiting > 0;
    if (lane.listed) this.#state.ready.push(lane);
  }

  /** The lane that is plugged. */
  get lanes(): readonly Lane[] {
    return [this.#lane];
  }

  /** Whether there are tasks that were not looked at. */
  get pending(): boolean {
    return this.#drained !== null && this.#seenLow + this.#seenHigh < this.#lane.waiting;
  }

  /**
   * Runs what the tasks that were begun may be waiting for. Part of the worker's pass. Returns how
   * many there were.
   */
  runKin(): number {
    const { low, high } = this.#lane;
    const words = this.#state.node.i32;
    const rootOf = ({ header: { block } }: Task) =>
      words[block + H.rootOrigin]! * 2 ** 32 + (words[block + H.rootSlot]! >>> 0);
    const roots = new Set(this.#executor.begunOn(this.#lane).map(rootOf));
    const isKin = (task: Task) => roots.has(rootOf(task));
    const kin = [...low.takeFrom(this.#seenLow, isKin), ...high.takeFrom(this.#seenHigh, isKin)];
    // What these send to the lane comes behind, and is looked at in the next pass.
    this.#seenLow = low.length;
    this.#seenHigh = high.length;
    this.#executor.runKin(this.#lane, kin);
    return kin.length;
  }

  #busy(why: string): ChimaeraError {
    const { group, index, container } = this.#lane;
    const what = `move lane ${group}/${index} of pool ${container.poolName}`;
    return new ChimaeraError("laneBusy", { what, why });
  }
}
