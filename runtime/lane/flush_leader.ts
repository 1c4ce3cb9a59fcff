/**
 * Flushes, as the worker of the admin's lane leads them: one round at a time, for all flushes that
 * were asked for when it began. What is said is in `flush_protocol.ts`.
 *
 * A round is over when every worker was seen without a task of the old epoch and without held work,
 * and no task of it ended between the first worker's look for held work and the last one's: whoever
 * runs might leave work behind. Only such tasks are left as wait for a flush themselves: the flushes
 * of this round and of the next, and the tasks above them. Those are made tasks of the new epoch, so
 * that the old one is empty when its turn comes again.
 *
 * The lead goes with the admin's lane. The flushes under way are begun anew by whoever has it then.
 *
 * Thread rules: the worker of the admin's lane.
 */

import { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { H, OriginKind } from "../task/mod.ts";
import { shownEnded } from "./epochs.ts";
import { takeErrorRecord } from "./error_record_of.ts";
import { FlushStep, heldOf, stepOf } from "./flush_protocol.ts";
import { HandOn } from "./hand_on.ts";
import { LinkKind } from "./links.ts";
import type { RunContext } from "./run_context.ts";
import type { WorkerState } from "./worker_state.ts";

/** What a leader needs of its worker. */
export interface FlushHooks {
  /** Something was queued, perhaps outside a pass. */
  readonly onSend: () => void;
  /** A timer of the worker's loop; returns how to take it back. */
  readonly after: (ms: number, call: () => void) => () => void;
}

/** A flush that was asked for. */
interface Flush {
  /** Block of its task. */
  readonly block: number;
  settle(error: ChimaeraError | HandOn | null): void;
}

export class FlushLeader {
  readonly #state: WorkerState;
  readonly #hooks: FlushHooks;
  /** Flushes of the round under way; empty when there is none. */
  #round: Flush[] = [];
  /** Flushes that came later. */
  #next: Flush[] = [];
  /** The epoch that the round waits for. */
  #epoch = 0;
  /** Workers whose answer is awaited: how many, and which. */
  #missing = 0;
  readonly #isMissing: boolean[];
  /**
   * Whether a lead may have been lost, or handed on, in the middle of a round: some workers have
   * gone over, and others have not. Two rounds put that right.
   */
  #isAfterLoss: boolean;
  /** Held work that the answers spoke of. */
  #held = 0;
  /** What the first module threw that was asked for held work. */
  #failure: ChimaeraError | null = null;
  /** Whether there were news since the workers were asked last. */
  #news = false;
  /** Tasks of the epoch that had ended when the workers were asked last. */
  #endedBefore = 0;
  /** By worker, as it said last. */
  readonly #open: Int32Array;
  readonly #ended: Int32Array;
  #cancelTimer: (() => void) | null = null;

  constructor(state: WorkerState, hooks: FlushHooks) {
    this.#state = state;
    this.#hooks = hooks;
    this.#isMissing = new Array(state.workers).fill(false);
    this.#isAfterLoss = state.incarnation > 0;
    this.#open = new Int32Array(state.workers);
    this.#ended = new Int32Array(state.workers);
  }

  /**
   * Resolves when every task is done that came into the node before. Rejects with what a module
   * threw that was asked for held work, when all else is done; with CHI-3010 while a module starts.
   */
  flush(rctx: RunContext): Promise<void> {
    const { block } = rctx.task.header;
    if (this.#isStartUp(block)) {
      const why = "the start of a pool is a task that it would wait for";
      return Promise.reject(new ChimaeraError("taskState", { what: "flush", why }));
    }
    rctx.park();
    return new Promise((resolve, reject) => {
      this.#next.push({
        block,
        settle: (error) => {
          rctx.unpark();
          if (error === null) resolve();
          else reject(error);
        },
      });
      if (this.#round.length === 0) this.#beginRound();
      else if (this.#missing === 0) this.#ask(); // Its own tasks count no more.
      else this.#news = true;
    });
  }

  /** An entry of a member. */
  receive(from: number, word: number, b: number, c: number): void {
    const step = stepOf(word);
    if (step === FlushStep.failed) {
      const { heap, node } = this.#state;
      const error = takeErrorRecord(heap, node, b, c, "flush");
      this.#failure ??= error;
      return;
    }
    this.#open[from] = b;
    this.#ended[from] = c;
    if (step === FlushStep.answer) {
      if (!this.#isMissing[from]) return; // From before it was lost.
      this.#isMissing[from] = false;
      this.#held += heldOf(word);
      this.#answered();
    } else if (this.#missing > 0) this.#news = true;
    else if (this.#round.length > 0) this.#goOn();
  }

  // ---- a round ---------------------------------------------------------------------------------

  #beginRound(): void {
    this.#round = this.#next;
    this.#next = [];
    this.#epoch = this.#state.epochs.now;
    this.#askAll(FlushStep.begin);
  }

  #ask(): void {
    this.#askAll(FlushStep.ask);
  }

  #askAll(step: FlushStep): void {
    const { counters, workers } = this.#state;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#missing = workers;
    this.#isMissing.fill(true);
    this.#held = 0;
    this.#news = false;
    this.#endedBefore = 0;
    for (let worker = 0; worker < workers; worker++) {
      this.#endedBefore += shownEnded(counters.words, counters.epochs(worker), this.#epoch);
    }
    this.#send(step);
  }

  #send(step: FlushStep): void {
    const { links, workers } = this.#state;
    for (let worker = 0; worker < workers; worker++) {
      links.push(worker, LinkKind.flush, step, this.#epoch, 0);
    }
    this.#hooks.onSend();
  }

  /** The admin's lane leaves, or may: the flushes are begun anew where it is then. */
  handOn(): void {
    const flushes = [...this.#round, ...this.#next];
    this.#round = [];
    this.#next = [];
    this.#missing = 0;
    this.#isMissing.fill(false);
    this.#failure = null;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.takeLead();
    for (const flush of flushes) flush.settle(new HandOn());
  }

  /** The admin's lane has come here, perhaps from the middle of a round. */
  takeLead(): void {
    this.#isAfterLoss = true;
  }

  /** A worker is lost in the middle of a round: the thread in its place is asked all over. */
  lose(worker: number): void {
    if (this.#round.length === 0) return;
    if (!this.#isMissing[worker]) this.#missing++;
    this.#isMissing[worker] = true;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#state.links.push(worker, LinkKind.flush, FlushStep.begin, this.#epoch, 0);
    this.#hooks.onSend();
  }

  /** A worker has answered; the last one decides. */
  #answered(): void {
    if (--this.#missing > 0) return;
    const waiting = this.#waiting();
    const isDrained = sumOf(this.#open) === waiting.size;
    if (isDrained && this.#held === 0) {
      if (sumOf(this.#ended) === (this.#endedBefore | 0)) this.#finish(waiting);
      else this.#ask();
    } else if (this.#news) this.#goOn();
    else this.#cancelTimer = this.#hooks.after(LIMITS.flushAskMs, () => this.#goOn());
  }

  /** Something has got on, or a while has passed. */
  #goOn(): void {
    const isDrained = sumOf(this.#open) === this.#waiting().size;
    // What was held back has begun in the new epoch.
    if (isDrained && this.#held > 0) {
      this.#renew(this.#waiting());
      this.#next.unshift(...this.#round);
      this.#beginRound();
    } else this.#ask();
  }

  #finish(waiting: ReadonlySet<number>): void {
    this.#renew(waiting);
    if (this.#isAfterLoss) {
      this.#isAfterLoss = false;
      this.#next.unshift(...this.#round);
      this.#beginRound();
      return;
    }
    const done = this.#round;
    const failure = this.#failure;
    this.#round = [];
    this.#failure = null;
    for (const flush of done) flush.settle(failure);
    if (this.#next.length > 0) this.#beginRound();
    else this.#send(FlushStep.end);
  }

  // ---- tasks that wait for flushes -------------------------------------------------------------

  /** The counted tasks of the old epoch that wait for a flush: its own, and those above it. */
  #waiting(): Set<number> {
    const { epochs, node } = this.#state;
    const words = node.i32;
    const found = new Set<number>();
    for (const { block } of [...this.#round, ...this.#next]) {
      for (let at = block;; at = words[at + H.segment]!) {
        if (epochs.isOf(at, this.#epoch)) found.add(at);
        if (words[at + H.origin] !== OriginKind.subtask) break;
      }
    }
    return found;
  }

  #renew(waiting: ReadonlySet<number>): void {
    for (const block of waiting) this.#state.epochs.renew(block);
  }

  #isStartUp(block: number): boolean {
    const words = this.#state.node.i32;
    let at = block;
    while (words[at + H.origin] === OriginKind.subtask) at = words[at + H.segment]!;
    return words[at + H.origin] === OriginKind.none;
  }
}

function sumOf(numbers: Int32Array): number {
  let sum = 0;
  for (const value of numbers) sum = (sum + value) | 0;
  return sum;
}
