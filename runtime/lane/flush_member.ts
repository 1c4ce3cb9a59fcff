/**
 * A worker's part in flushes; what is said is in `flush_protocol.ts`.
 *
 * A worker is asked to begin at some point of its loop. It goes over to the new epoch when it has
 * taken what its clients' rings held at that point, so a task that was sent before the flush is
 * of the old one. From then on it tells the leader, at the end of a pass, how far it is.
 *
 * Thread rules: one worker's isolate.
 */

import { LIMITS } from "../limits.ts";
import { WORKER_COUNTER } from "./counters.ts";
import { errorRecordOf } from "./error_record_of.ts";
import { FlushStep, packStep } from "./flush_protocol.ts";
import type { HeldWork } from "./held_work.ts";
import type { Intake } from "./intake.ts";
import { LinkKind } from "./links.ts";
import type { Periodics } from "./periodics.ts";
import type { WireIntake } from "./wire_intake.ts";
import type { WorkerState } from "./worker_state.ts";

/** What a member looks at. */
export interface FlushParts {
  readonly intake: Intake;
  readonly wire: WireIntake;
  readonly periodics: Periodics;
  readonly work: HeldWork;
}

export class FlushMember {
  readonly #state: WorkerState;
  readonly #parts: FlushParts;
  /** Worker that leads; −1: no flush is under way. */
  #leader = -1;
  /** The epoch that the flush waits for. */
  #epoch = 0;
  /** Whether the other epoch has not begun here yet. */
  #late = false;
  /** Whether what the clients' rings held has been noted. */
  #marked = false;
  /** Tasks over the socket that the node had handed over when the flush began. */
  #wireBefore = 0;
  /** Passes in which tasks got on, since the leader was told. */
  #passes = 0;
  #endedTold = 0;

  constructor(state: WorkerState, parts: FlushParts) {
    this.#state = state;
    this.#parts = parts;
  }

  /** Whether a flush is under way. */
  get active(): boolean {
    return this.#leader >= 0;
  }

  /** Whether the leader waits for an answer that this thread alone can give. */
  get isLate(): boolean {
    return this.active && this.#late;
  }

  /** The thread retires and has not answered: the one in its place is told to begin. */
  passOn(): void {
    if (!this.isLate) return;
    const { links, id, epochs } = this.#state;
    links.push(id, LinkKind.flush, FlushStep.begin, epochs.now, 1 + this.#leader);
  }

  /** An entry of the leader. */
  receive(from: number, step: FlushStep, epoch: number): void {
    switch (step) {
      case FlushStep.begin:
        this.#begin(from, epoch);
        break;
      case FlushStep.ask:
        // The thread before this one was told to begin.
        if (this.#leader < 0) this.#begin(from, epoch);
        else this.#answer();
        break;
      case FlushStep.end:
        this.#leader = -1;
    }
  }

  #begin(leader: number, epoch: number): void {
    const { counters, counter, epochs } = this.#state;
    this.#leader = leader;
    if (epochs.now !== epoch) {
      // The thread before this one had gone over, or the leader's before it had begun a round.
      this.#late = false;
      this.#epoch = epoch;
      this.#answer();
      return;
    }
    this.#wireBefore = counters.words[counter + WORKER_COUNTER.wireHanded]!;
    this.#marked = false;
    this.#late = true;
    this.#goOver();
  }

  /** Goes over to the other epoch as soon as what was sent before has been taken. */
  #goOver(): void {
    const { intake, wire, periodics } = this.#parts;
    // In a lost thread's place the worker does not know the clients' rings before it may take tasks.
    if (intake.isPaused) return;
    if (!this.#marked) intake.mark();
    this.#marked = true;
    if (!intake.reached || ((this.#wireBefore - wire.taken) | 0) > 0) return;
    const { epochs } = this.#state;
    this.#late = false;
    this.#epoch = epochs.now;
    periodics.owe();
    epochs.goOver();
    this.#answer();
  }

  #answer(): void {
    const { held, failure } = this.#parts.work.ask();
    if (failure !== null) {
      const { heap, node, links } = this.#state;
      const record = errorRecordOf(heap, node, failure);
      links.push(this.#leader, LinkKind.flush, FlushStep.failed, record, failure.number);
    }
    this.#tell(packStep(FlushStep.answer, held));
  }

  #tell(word: number): void {
    const { epochs, links } = this.#state;
    this.#passes = 0;
    this.#endedTold = epochs.ended(this.#epoch);
    links.push(this.#leader, LinkKind.flush, word, epochs.open(this.#epoch), this.#endedTold);
  }

  /**
   * The end of a pass, after its answers were published.
   *
   * @param ran Tasks that ran in it.
   */
  afterPass(ran: number): void {
    if (this.#late) {
      this.#goOver();
      return;
    }
    const { epochs, ready } = this.#state;
    if (ran > 0 || epochs.ended(this.#epoch) !== this.#endedTold) this.#passes++;
    if (this.#passes === 0) return;
    if (ready.length === 0 || this.#passes >= LIMITS.flushNewsPasses) {
      this.#tell(FlushStep.news);
    }
  }
}
