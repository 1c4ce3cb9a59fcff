/**
 * A worker's part in the replacement of a thread: as the thread that takes the place of a lost one
 * or of one that retires, as the one that retires, and as one that waits for subtasks which a lost
 * one had.
 *
 * The new thread takes no task before it has the sessions and the lanes of the old one. What other
 * workers send it meanwhile is kept, in order.
 *
 * A thread retires when it has no lane, no handler and no order: nothing is left that only it knows.
 * It takes nothing more, and its loop ends when all that it has sent can be seen; rings and links
 * then stand where the new thread goes on.
 *
 * Thread rules: one worker's isolate.
 */

import type { ChimaeraError } from "../errors.ts";
import { asOffset } from "../memory/mod.ts";
import { delay, store } from "../platform/mod.ts";
import type { Containers } from "./containers.ts";
import type { ControlChannel } from "./control.ts";
import { passOf, WORKER_COUNTER } from "./counters.ts";
import type { Executor } from "./executor.ts";
import type { Flushes } from "./flushes.ts";
import type { Intake } from "./intake.ts";
import type { LaneMoves } from "./lane_moves.ts";
import { type LinkHandler, LinkKind } from "./links.ts";
import type { Router } from "./router.ts";
import type { Subtasks } from "./subtasks.ts";
import type { WireIntake } from "./wire_intake.ts";
import type { WorkerState } from "./worker_state.ts";

/** The parts of a worker that the end or the beginning of a thread concerns. */
export interface TakeoverParts {
  readonly intake: Intake;
  readonly wire: WireIntake;
  readonly subtasks: Subtasks;
  readonly moves: LaneMoves;
  readonly flushes: Flushes;
  readonly router: Router;
  readonly executor: Executor;
  readonly containers: Containers;
  readonly control: ControlChannel;
}

export class Takeover {
  readonly #state: WorkerState;
  readonly #parts: TakeoverParts;
  /** Entries that wait, of five words. */
  readonly #kept: number[] = [];
  /** Whether tasks wait until the worker is as the lost one was. */
  isWaiting = false;
  /** Whether the thread ends, and another one takes its place. */
  isRetiring = false;

  constructor(state: WorkerState, parts: TakeoverParts) {
    this.#state = state;
    this.#parts = parts;
  }

  /**
   * Begins in the place of another thread, and takes no task.
   *
   * @param hasRetired Whether that one left nothing half done; else what the node told it is dropped.
   */
  begin(hasRetired: boolean): void {
    const { heap, workers, links, counters, counter } = this.#state;
    // The node answers for tasks over the socket that were on their way to a lost thread.
    const taken = hasRetired ? WORKER_COUNTER.wireTaken : WORKER_COUNTER.wireHanded;
    this.#parts.wire.taken = counters.words[counter + taken]!;
    if (!hasRetired) {
      links.skip(workers, (kind, block) => {
        if (kind === LinkKind.control || kind === LinkKind.wire) heap.free(asOffset(block >>> 0));
      });
    }
    this.isWaiting = true;
    this.#parts.intake.isPaused = true;
  }

  /** Keeps an entry that brings a task; false for others. */
  keep(from: number, kind: number, a: number, b: number, c: number): boolean {
    const isTask = kind === LinkKind.lane || kind === LinkKind.route || kind === LinkKind.wire;
    if (isTask) this.#kept.push(from, kind, a, b, c);
    return isTask;
  }

  /** The worker has what the lost one had: tasks may come. */
  end(handle: LinkHandler): void {
    this.isWaiting = false;
    this.#parts.intake.isPaused = false;
    const kept = this.#kept;
    for (let k = 0; k < kept.length; k += 5) {
      handle(kept[k]!, kept[k + 1]!, kept[k + 2]!, kept[k + 3]!, kept[k + 4]!);
    }
    kept.length = 0;
  }

  /**
   * An order of the node: from here on the thread takes no task, if nothing is left to it.
   *
   * @returns Whether that is so.
   */
  retire(): boolean {
    if (!this.#isIdle) return false;
    this.isRetiring = true;
    this.#parts.intake.isPaused = true;
    return true;
  }

  get #isIdle(): boolean {
    const { ready, lanes } = this.#state;
    const { executor, subtasks, flushes, router, control, containers } = this.#parts;
    return !this.isWaiting && ready.length === 0 && lanes.every((lane) => lane === undefined) &&
      executor.running.size === 0 && subtasks.isIdle && !flushes.isLate && !router.hasEarly &&
      containers.isSettled && control.busy === 1; // The order to retire itself.
  }

  /** The loop of a thread that retires has ended: shows what it had, and says so. */
  async leave(): Promise<void> {
    const { links, blocks, heap, counters, counter, incarnation } = this.#state;
    const { control, wire, flushes } = this.#parts;
    flushes.passOn();
    while (control.busy > 0 || links.blocked) {
      await delay(1);
      links.flush();
    }
    blocks.flush();
    heap.flush();
    links.flush();
    counters.words[counter + WORKER_COUNTER.wireTaken] = wire.taken;
    store(counters.words, counter + WORKER_COUNTER.retired, passOf(incarnation));
  }

  /**
   * Answers a port's tasks that the lost thread had.
   *
   * @param port Its number; −1: the tasks are answered by the node.
   * @param tasks Slot, generation and block of each.
   */
  failTasks(port: number, tasks: readonly number[], error: ChimaeraError): void {
    const { ports, epochs } = this.#state;
    const to = ports.get(port);
    for (let k = 0; k < tasks.length; k += 3) {
      epochs.end(tasks[k + 2]!);
      if (to !== undefined) this.#state.answer(to, tasks[k]!, tasks[k + 1]!, error);
    }
  }

  /** Fails the subtasks that a lost worker had, once what it sent before is taken. */
  async failSubtasksOf(worker: number, error: ChimaeraError): Promise<void> {
    while (this.#state.links.waitsFrom(worker)) await delay(1);
    const { moves, subtasks, flushes } = this.#parts;
    moves.lose(worker);
    flushes.lose(worker);
    subtasks.failHeld(worker, error);
  }
}
