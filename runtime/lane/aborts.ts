/**
 * Tasks that their callers gave up: whichever worker runs one is told, and fires its signal.
 *
 * A worker that is told of a task that it does not run tells the others, as the task may have been
 * handed on. Whoever does not have the task keeps the abort, which may have overtaken it
 * (early_aborts.ts).
 *
 * Thread rules: one worker's isolate.
 */

import { OriginKind } from "../task/mod.ts";
import type { Executor } from "./executor.ts";
import { LinkKind } from "./links.ts";
import type { WorkerState } from "./worker_state.ts";

export class Aborts {
  readonly #state: WorkerState;
  readonly #executor: () => Executor;
  readonly #wake: () => void;
  /** Subtasks to be ended: block, ticket and generation of each. */
  readonly #given: number[] = [];

  /** @param wake Called when something was queued, perhaps outside a pass. */
  constructor(state: WorkerState, executor: () => Executor, wake: () => void) {
    this.#state = state;
    this.#wake = wake;
    this.#executor = executor;
  }

  /**
   * A client says so.
   *
   * @param from Number of its port, or of its wire session with a minus.
   * @param slot Slot of the task; −1: all tasks from there.
   */
  readonly fromClient = (from: number, slot: number, generation: number): void => {
    if (this.#end(from, slot, generation)) return;
    this.#tellOthers(LinkKind.abort, from, slot, generation);
  };

  /**
   * A handler of this worker gave up a subtask that it had sent. Ending that one may give up its own
   * subtasks, and theirs: they come here meanwhile, and are ended one after another.
   */
  readonly fromHandler = (block: number, ticket: number, generation: number): void => {
    const given = this.#given;
    given.push(block, ticket, generation);
    if (given.length > 3) return;
    try {
      for (let k = 0; k < given.length; k += 3) {
        this.#endSubtask(given[k]!, given[k + 1]!, given[k + 2]!);
      }
    } finally {
      given.length = 0;
    }
    this.#wake();
  };

  #endSubtask(block: number, slot: number, generation: number): void {
    const { id } = this.#state;
    if (block === 0 || this.#abort(block, OriginKind.subtask, id, slot, generation)) return;
    this.#tellOthers(LinkKind.abortSubtask, block, slot, generation);
  }

  /** Another worker, or the node, says so: an entry of kind `abort`. */
  receive(teller: number, from: number, slot: number, generation: number): void {
    this.#end(from, slot, generation);
    // A session has ended, whose last tasks may be on their way from here to another worker.
    if (teller === this.#state.workers) this.#tellOthers(LinkKind.abort, from, slot, generation);
  }

  /** An entry of kind `abortSubtask`. */
  receiveSubtask(from: number, block: number, slot: number, generation: number): void {
    this.#abort(block, OriginKind.subtask, from, slot, generation);
  }

  #end(teller: number, slot: number, generation: number): boolean {
    const origin = teller < 0 ? OriginKind.wire : OriginKind.port;
    const from = Math.abs(teller);
    if (slot < 0) {
      this.#executor().abortAllOf(origin, from);
      this.#state.earlyAborts.keep(origin, from, slot, generation);
      return false;
    }
    // A port's slots are noted by block, wherever the tasks are.
    const port = origin === OriginKind.port ? this.#state.ports.get(from) : undefined;
    return this.#abort(port?.held(slot) ?? 0, origin, from, slot, generation);
  }

  /** Whether the task is here for sure. */
  #abort(block: number, origin: number, from: number, slot: number, generation: number): boolean {
    const found = this.#executor().abortTask(block, { origin, from, slot, generation });
    if (!found) this.#state.earlyAborts.keep(origin, from, slot, generation);
    return found;
  }

  #tellOthers(kind: LinkKind, a: number, b: number, c: number): void {
    const { id, workers, links } = this.#state;
    for (let worker = 0; worker < workers; worker++) {
      if (worker !== id) links.push(worker, kind, a, b, c);
    }
  }
}
