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

  /** A handler of this worker gave up a subtask that it had sent. */
  readonly fromHandler = (ticket: number, generation: number): void => {
    const found = this.#endSubtask(this.#state.id, ticket, generation);
    if (!found) this.#tellOthers(LinkKind.abortSubtask, ticket, generation, 0);
    this.#wake();
  };

  /** Another worker, or the node, says so: an entry of kind `abort`. */
  receive(teller: number, from: number, slot: number, generation: number): void {
    this.#end(from, slot, generation);
    // A session has ended, whose last tasks may be on their way from here to another worker.
    if (teller === this.#state.workers) this.#tellOthers(LinkKind.abort, from, slot, generation);
  }

  /** An entry of kind `abortSubtask`. */
  receiveSubtask(teller: number, ticket: number, generation: number): void {
    this.#endSubtask(teller, ticket, generation);
  }

  #end(from: number, slot: number, generation: number): boolean {
    const origin = from < 0 ? OriginKind.wire : OriginKind.port;
    return this.#abort(origin, Math.abs(from), slot, generation);
  }

  #endSubtask(worker: number, ticket: number, generation: number): boolean {
    return this.#abort(OriginKind.subtask, worker, ticket, generation);
  }

  /** Whether the task is here. */
  #abort(origin: number, from: number, slot: number, generation: number): boolean {
    const found = this.#executor().abortTask(origin, from, slot, generation);
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
