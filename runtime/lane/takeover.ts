/**
 * A worker's part in the replacement of a lost one: as the thread that takes its place, and as one
 * that waits for subtasks which the lost one had.
 *
 * The new thread takes no task before it has the sessions and the lanes of the old one. What other
 * workers send it meanwhile is kept, in order.
 *
 * Thread rules: one worker's isolate.
 */

import type { ChimaeraError } from "../errors.ts";
import { asOffset } from "../memory/mod.ts";
import { delay } from "../platform/mod.ts";
import { WORKER_COUNTER } from "./counters.ts";
import type { Flushes } from "./flushes.ts";
import type { Intake } from "./intake.ts";
import type { LaneMoves } from "./lane_moves.ts";
import { type LinkHandler, LinkKind } from "./links.ts";
import type { Subtasks } from "./subtasks.ts";
import type { WireIntake } from "./wire_intake.ts";
import type { WorkerState } from "./worker_state.ts";

/** The parts of a worker that a loss concerns. */
export interface TakeoverParts {
  readonly intake: Intake;
  readonly wire: WireIntake;
  readonly subtasks: Subtasks;
  readonly moves: LaneMoves;
  readonly flushes: Flushes;
}

export class Takeover {
  readonly #state: WorkerState;
  readonly #parts: TakeoverParts;
  /** Entries that wait, of five words. */
  readonly #kept: number[] = [];
  /** Whether tasks wait until the worker is as the lost one was. */
  isWaiting = false;

  constructor(state: WorkerState, parts: TakeoverParts) {
    this.#state = state;
    this.#parts = parts;
  }

  /** Begins in the place of a lost thread: drops what the node told that one, and takes no task. */
  begin(): void {
    const { heap, workers, links, counters, counter } = this.#state;
    // The node answers for tasks over the socket that were on their way.
    this.#parts.wire.taken = counters.words[counter + WORKER_COUNTER.wireHanded]!;
    links.skip(workers, (kind, block) => {
      if (kind === LinkKind.control || kind === LinkKind.wire) heap.free(asOffset(block >>> 0));
    });
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
