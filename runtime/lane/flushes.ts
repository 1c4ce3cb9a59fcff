/**
 * A worker's two parts in flushes: it leads those that its admin lane is asked for, and is a member
 * of all.
 *
 * Thread rules: one worker's isolate.
 */

import { FlushLeader } from "./flush_leader.ts";
import { FlushMember, type FlushParts } from "./flush_member.ts";
import { isForMember } from "./flush_protocol.ts";
import type { RunContext } from "./run_context.ts";
import type { SubtaskHooks } from "./subtasks.ts";
import type { WorkerState } from "./worker_state.ts";

export class Flushes {
  readonly #state: WorkerState;
  readonly #leader: FlushLeader;
  readonly #member: FlushMember;

  constructor(
    state: WorkerState,
    parts: FlushParts,
    hooks: Pick<SubtaskHooks, "onSubmit" | "after">,
  ) {
    this.#state = state;
    this.#leader = new FlushLeader(state, { onSend: hooks.onSubmit, after: hooks.after });
    this.#member = new FlushMember(state, parts);
  }

  /** See {@linkcode FlushLeader.flush}. */
  flush(rctx: RunContext): Promise<void> {
    return this.#leader.flush(rctx);
  }

  /** See {@linkcode FlushLeader.handOn}. */
  handOn(): void {
    this.#leader.handOn();
  }

  /** See {@linkcode FlushLeader.takeLead}. */
  takeLead(): void {
    this.#leader.takeLead();
  }

  /** See {@linkcode FlushMember.isLate}. */
  get isLate(): boolean {
    return this.#member.isLate;
  }

  /** See {@linkcode FlushMember.passOn}. */
  passOn(): void {
    this.#member.passOn();
  }

  /** A link entry of kind `flush`. */
  receive(from: number, word: number, b: number, c: number): void {
    if (isForMember(word)) this.#member.receive(c > 0 ? c - 1 : from, word, b);
    else this.#leader.receive(from, word, b, c);
  }

  /** A worker is lost, and another thread takes its place. */
  lose(worker: number): void {
    this.#leader.lose(worker);
  }

  /**
   * The end of a pass, after its answers were published.
   *
   * @param ran Tasks that ran in it.
   */
  afterPass(ran: number): void {
    if (!this.#member.active) return;
    this.#member.afterPass(ran);
    this.#state.links.flush();
  }
}
