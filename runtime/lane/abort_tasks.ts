/**
 * Firing the signals of tasks whose caller gave up.
 *
 * A task that runs has its signal fired. One that still waits on a lane is marked, and begins with
 * its signal fired: it runs all the same, so that what it must clean up is cleaned up.
 *
 * A caller that goes may leave as many tasks as the node has room for, so one is found by its
 * block, and those that wait are looked for together, once before lanes run on.
 *
 * Thread rules: one worker's isolate.
 */

import { H, type Task, TaskState } from "../task/mod.ts";
import { HELD } from "./lane.ts";
import type { RunContext } from "./run_context.ts";
import type { TaskQueue } from "./task_queue.ts";
import type { WorkerState } from "./worker_state.ts";

/** Who sent a task, and which of the sender's it is. */
export interface SentName {
  /** OriginKind. */
  readonly origin: number;
  /** Port, wire session or worker. */
  readonly from: number;
  /** Slot, or ticket. */
  readonly slot: number;
  readonly generation: number;
}

export class TaskAborts {
  readonly #state: WorkerState;
  readonly #running: ReadonlyMap<number, RunContext>;
  /** By block: tasks to be marked. A name, as a block may be another task's meanwhile. */
  readonly #lapsed = new Map<number, SentName>();

  /** @param running Handlers under way, by the blocks of their tasks. */
  constructor(state: WorkerState, running: ReadonlyMap<number, RunContext>) {
    this.#state = state;
    this.#running = running;
  }

  /**
   * Aborts the task of a block, if the block is still that task's.
   *
   * @returns Whether it runs here. One that waits here may still be another worker's to run.
   */
  abortBlock(block: number, name: SentName): boolean {
    if (block === 0 || !this.#is(block, name)) return false;
    const rctx = this.#running.get(block);
    if (rctx !== undefined) {
      rctx.abort();
      return true;
    }
    const { id, node, plug } = this.#state;
    // The tasks of a lane that is on its way are another worker's, unless they come back.
    if (node.i32[block + H.custodian] === id || plug !== null) {
      this.#lapsed.set(block, name);
    }
    return false;
  }

  /** Aborts all that a port or a wire session sent. */
  abortAllOf(origin: number, from: number): void {
    const words = this.#state.node.i32;
    const isFromThere = (block: number) =>
      words[block + H.origin] === origin && words[block + H.port] === from;
    for (const [block, rctx] of this.#running) if (isFromThere(block)) rctx.abort();
    this.#forQueued((task) => {
      if (isFromThere(task.header.block)) task.header.state = TaskState.lapsed;
    });
  }

  /** Aborts a task of which only the sender knows the block; see {@linkcode abortBlock}. */
  abortNamed(name: SentName): boolean {
    for (const [block, rctx] of this.#running) {
      if (!this.#is(block, name)) continue;
      rctx.abort();
      return true;
    }
    let found = false;
    this.#forQueued((task) => {
      if (!this.#is(task.header.block, name)) return;
      task.header.state = TaskState.lapsed;
      found = true;
    });
    return found && (this.#state.plug?.lanes ?? []).every(({ sendTo }) => sendTo !== HELD);
  }

  /** Whether tasks are to be marked before the next one begins. */
  get waiting(): boolean {
    return this.#lapsed.size > 0;
  }

  /** Marks what waits on lanes. */
  markQueued(): void {
    this.#forQueued(this.mark);
    this.#lapsed.clear();
  }

  /** Marks a task that is about to begin, if it is one of those. */
  readonly mark = (task: Task): void => {
    const { block } = task.header;
    const name = this.#lapsed.get(block);
    if (name !== undefined && this.#is(block, name)) task.header.state = TaskState.lapsed;
  };

  #is(block: number, { origin, from, slot, generation }: SentName): boolean {
    const words = this.#state.node.i32;
    return words[block + H.origin] === origin && words[block + H.port] === from &&
      words[block + H.slot] === slot && words[block + H.generation] === generation;
  }

  #forQueued(call: (task: Task) => void): void {
    const { ready, plug } = this.#state;
    const each = (queue: TaskQueue) => {
      for (let place = 0; place < queue.length; place++) call(queue.at(place));
    };
    for (const lane of plug === null ? ready : [...ready, ...plug.lanes]) {
      each(lane.low);
      each(lane.high);
    }
  }
}
