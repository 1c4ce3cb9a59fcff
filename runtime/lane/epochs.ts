/**
 * Which tasks a flush waits for: those that began in an epoch, counted by whoever takes them and
 * whoever answers them.
 *
 * There are two epochs, which take turns: a worker goes over to the other one when a flush begins,
 * and the flush waits until no task of the one before is left. A task is counted when it comes into
 * the node, and again when it is answered; that may be on another worker, so only the sums over all
 * workers mean something. What a handler sends is not counted: it is done before the handler's own
 * task is answered. Tasks that may run for ever are not counted, and so what their handlers send is.
 *
 *   cover, a word of a task's block     block · 2 + epoch   of the task that is counted:
 *                                       its own block, or that of a task above it; 0: none is
 *
 *   a worker's line, in the node segment: a thread that takes the place of a lost one goes on with it
 *     word 0, 1   tasks of each epoch that were counted here as they began; wraps around
 *     word 2, 3   tasks of each epoch that were counted here as they ended; wraps around
 *     word 4      0 or 1: the epoch of tasks that come now
 *     word 5, 6   words 2 and 3 as they were when the last answers were published
 *
 * Thread rules: one per worker, in its isolate. A cover is written by the worker that has the task.
 */

import { H, TaskFlag } from "../task/mod.ts";

const BEGUN = 0;
const ENDED = 2;
const NOW = 4;
const SHOWN = 5;

/** Tasks of an epoch that ended on a worker, and whose answers are published. */
export function shownEnded(words: Int32Array, line: number, epoch: number): number {
  return words[line + SHOWN + epoch]!;
}

export class Epochs {
  readonly #words: Int32Array;
  readonly #line: number;

  /**
   * @param words The node segment's.
   * @param line First word of the worker's line.
   */
  constructor(words: Int32Array, line: number) {
    this.#words = words;
    this.#line = line;
  }

  /** 0 or 1: the epoch of tasks that come now. */
  get now(): number {
    return this.#words[this.#line + NOW]!;
  }

  /** Tasks that come from here on are of the other epoch. */
  goOver(): void {
    this.#words[this.#line + NOW]! ^= 1;
  }

  /** A client's task comes in. */
  begin(block: number): void {
    const words = this.#words;
    const isForEver = (words[block + H.flags]! & TaskFlag.longRunning) !== 0 &&
      words[block + H.periodUs] === 0;
    if (isForEver) words[block + H.cover] = 0;
    else this.count(block);
  }

  /** A handler sends a task; `parent` is the block of its own. */
  inherit(block: number, parent: number): void {
    const cover = this.#words[parent + H.cover]!;
    if (cover === 0) this.begin(block);
    else this.#words[block + H.cover] = cover;
  }

  /** Counts a task as one that begins now. */
  count(block: number): void {
    const words = this.#words;
    const now = words[this.#line + NOW]!;
    words[block + H.cover] = block << 1 | now;
    words[this.#line + BEGUN + now]!++;
  }

  /** A task is about to be answered. A second time counts nothing. */
  end(block: number): void {
    const words = this.#words;
    const cover = words[block + H.cover]!;
    if (cover >> 1 !== block) return;
    words[block + H.cover] = 0;
    words[this.#line + ENDED + (cover & 1)]!++;
  }

  /** The answers of this pass are published. */
  show(): void {
    const words = this.#words;
    words[this.#line + SHOWN] = words[this.#line + ENDED]!;
    words[this.#line + SHOWN + 1] = words[this.#line + ENDED + 1]!;
  }

  /** Whether a task is counted itself. */
  counts(block: number): boolean {
    return this.#words[block + H.cover]! >> 1 === block;
  }

  /** Whether a task is counted itself, in that epoch. */
  isOf(block: number, epoch: number): boolean {
    return this.#words[block + H.cover] === (block << 1 | epoch);
  }

  /** Makes a task of the other epoch one of this; by whom nobody can answer meanwhile. */
  renew(block: number): void {
    this.#words[this.#line + BEGUN + (this.now ^ 1)]!--;
    this.count(block);
  }

  /** Tasks of an epoch that began here, less those that ended here. */
  open(epoch: number): number {
    return (this.#words[this.#line + BEGUN + epoch]! - this.ended(epoch)) | 0;
  }

  /** Tasks of an epoch that were counted here as they ended. */
  ended(epoch: number): number {
    return this.#words[this.#line + ENDED + epoch]!;
  }
}
