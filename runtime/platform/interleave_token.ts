/**
 * A simulated thread's side of the interleaving simulator: the {@linkcode Interleaver} that stands
 * between the code under test and its control words.
 *
 * The holder of the token runs; all other threads sleep on their turn. Before each operation on a
 * control word the holder may hand the token to another thread that can run, by seed, until the
 * run's bound of preemptions is reached. Who sleeps on a word hands the token over at once, and
 * runs again after a wake of that word; as with a futex, a word that only changed wakes nobody.
 * When nobody can run, the earliest finite time-out fires. When there is none, the wake of a
 * sleeper was lost: the run has failed.
 *
 * Thread rules: one object per simulated thread, used on that thread.
 */

import { type Control, LINE, NEVER_MS, RUN, ThreadState, Turn } from "./interleave_control.ts";
import { giveTurn, type Interleaver, type SharedWords, takeTurn, WaitResult } from "./shared.ts";

/** Thrown through the code under test to end a thread: the run has failed, or the thread is killed. */
export class ThreadEnded extends Error {}

/** What a step did, for the history. */
const Deed = { operation: 1, wait: 2, wake: 3, pause: 4, end: 5, killed: 6 } as const;

export class TokenInterleaver implements Interleaver {
  readonly #control: Control;
  readonly #words: Int32Array;
  readonly #self: number;
  readonly #tested: ArrayBufferLike;
  readonly #mortal: boolean;
  #killed = false;

  /**
   * @param tested The memory under test; its words' offsets name them in the history.
   * @param mortal Whether the thread may be killed before any of its operations.
   */
  constructor(control: Control, self: number, tested: ArrayBufferLike, mortal: boolean) {
    this.#control = control;
    this.#words = control.words;
    this.#self = self;
    this.#tested = tested;
    this.#mortal = mortal;
  }

  point(words: Int32Array, index: number): void {
    this.#step(Deed.operation, this.#nameOf(words, index), words[index] ?? 0);
  }

  wait(words: SharedWords, index: number, expected: number, timeoutMs: number): WaitResult {
    const name = this.#nameOf(words.i32, index);
    this.#step(Deed.wait, name, expected);
    if (words.i32[index] !== expected) return WaitResult.changed;
    const clock = this.#words[RUN.clockMs]!;
    const deadline = timeoutMs === Infinity ? NEVER_MS : clock + Math.ceil(timeoutMs);
    this.#words[this.#line(LINE.state)] = ThreadState.asleep;
    this.#words[this.#line(LINE.sleepWord)] = name;
    this.#words[this.#line(LINE.deadlineMs)] = Math.min(deadline, NEVER_MS);
    this.#handOver(this.#next());
    const result = this.#words[this.#line(LINE.wakeResult)] as WaitResult;
    this.#control.record(result);
    return result;
  }

  wake(words: SharedWords, index: number): void {
    const name = this.#nameOf(words.i32, index);
    this.#step(Deed.wake, name, 0);
    for (let thread = 0; thread < this.#control.threads; thread++) {
      if (!this.#sleepsOn(thread, name)) continue;
      this.#rouse(thread, WaitResult.woken);
    }
  }

  /** The thread can do nothing until another has moved: lets one in, and counts no preemption. */
  pause(): void {
    this.#step(Deed.pause, 0, 0);
    let other = this.#pick(true);
    if (other < 0 && this.#fireTimeout()) other = this.#pick(true);
    if (other >= 0) this.#handOver(other);
  }

  /** Fails the run, and ends the calling thread. */
  fail(why: string): never {
    this.#control.fail(why);
    throw new ThreadEnded(why);
  }

  /** Sleeps until the token comes; false when the simulation is closed instead. */
  awaitTurn(): boolean {
    return takeTurn(this.#words, this.#line(LINE.turn)) === Turn.go;
  }

  /** Ends the thread's part of the run, and the run with the last one. */
  end(): void {
    this.#killed = false;
    this.#control.record(Deed.end * 64 + this.#self);
    this.#words[this.#line(LINE.state)] = ThreadState.done;
    const next = this.#next();
    if (next >= 0) {
      this.#give(next);
    } else {
      giveTurn(this.#words, RUN.ended, this.#words[RUN.ended]! + 1);
    }
  }

  #line(field: number): number {
    return this.#control.lineWord(this.#self, field);
  }

  #nameOf(words: Int32Array, index: number): number {
    if (words.buffer !== this.#tested) {
      throw new Error("a control word lies outside the memory under test");
    }
    return (words.byteOffset >>> 2) + index;
  }

  /** Counts a step, and lets another thread in if the seed says so. */
  #step(deed: number, name: number, value: number): void {
    const words = this.#words;
    const control = this.#control;
    if (this.#killed || words[RUN.failed] === 1) throw new ThreadEnded();
    if (this.#mortal && control.chance(words[RUN.killChance]!)) this.#die();
    if (++words[RUN.steps]! > words[RUN.stepsMax]!) {
      this.fail(`no end after ${words[RUN.stepsMax]} steps: ${this.#describe()}`);
    }
    control.record(deed * 64 + this.#self);
    control.record(name);
    control.record(value);
    if (control.chance(words[RUN.spuriousWakeChance]!)) this.#wakeForNothing();
    if (!this.#anotherCanRun()) return;
    words[RUN.points]!++;
    if (deed === Deed.pause || words[RUN.preemptions]! >= words[RUN.preemptionsMax]!) return;
    if (!control.chance(words[RUN.preemptionChance]!)) return;
    words[RUN.preemptions]!++;
    this.#handOver(this.#pick(true));
  }

  /** As kill -9 does: nothing of the thread runs any more, whatever it was in the middle of. */
  #die(): never {
    this.#killed = true;
    this.#words[RUN.faults]!++;
    this.#control.record(Deed.killed * 64 + this.#self);
    throw new ThreadEnded();
  }

  /** Who goes on when this thread cannot; −1 when all threads are done. */
  #next(): number {
    const thread = this.#pick(false);
    if (thread >= 0) return thread;
    if (!this.#fireTimeout() && this.#anyAsleep()) {
      this.#control.fail(`lost wake: nobody can run: ${this.#describe()}`);
    }
    return this.#pick(false);
  }

  /** A runnable thread, by seed; −1 if there is none. */
  #pick(notSelf: boolean): number {
    const { threads } = this.#control;
    let count = 0;
    for (let thread = 0; thread < threads; thread++) if (this.#canRun(thread, notSelf)) count++;
    if (count === 0) return -1;
    let skip = count === 1 ? 0 : this.#control.draw() % count;
    for (let thread = 0; thread < threads; thread++) {
      if (this.#canRun(thread, notSelf) && skip-- === 0) return thread;
    }
    return -1;
  }

  #anotherCanRun(): boolean {
    const { threads } = this.#control;
    for (let thread = 0; thread < threads; thread++) if (this.#canRun(thread, true)) return true;
    return false;
  }

  #canRun(thread: number, notSelf: boolean): boolean {
    if (notSelf && thread === this.#self) return false;
    return this.#stateOf(thread) === ThreadState.runnable;
  }

  #stateOf(thread: number): number {
    return this.#words[this.#control.lineWord(thread, LINE.state)]!;
  }

  #anyAsleep(): boolean {
    for (let thread = 0; thread < this.#control.threads; thread++) {
      if (this.#stateOf(thread) === ThreadState.asleep) return true;
    }
    return false;
  }

  #sleepsOn(thread: number, name: number): boolean {
    return this.#stateOf(thread) === ThreadState.asleep &&
      this.#words[this.#control.lineWord(thread, LINE.sleepWord)] === name;
  }

  #rouse(thread: number, result: WaitResult): void {
    this.#words[this.#control.lineWord(thread, LINE.state)] = ThreadState.runnable;
    this.#words[this.#control.lineWord(thread, LINE.wakeResult)] = result;
  }

  /** A futex may return for no reason: whoever sleeps must look again. */
  #wakeForNothing(): void {
    for (let thread = 0; thread < this.#control.threads; thread++) {
      if (this.#stateOf(thread) !== ThreadState.asleep) continue;
      this.#words[RUN.faults]!++;
      this.#rouse(thread, WaitResult.woken);
      return;
    }
  }

  /** Advances the clock to the earliest time-out and rouses its sleeper; false if there is none. */
  #fireTimeout(): boolean {
    let earliest = NEVER_MS;
    let sleeper = -1;
    for (let thread = 0; thread < this.#control.threads; thread++) {
      if (this.#stateOf(thread) !== ThreadState.asleep) continue;
      const deadline = this.#words[this.#control.lineWord(thread, LINE.deadlineMs)]!;
      if (deadline < earliest) {
        earliest = deadline;
        sleeper = thread;
      }
    }
    if (sleeper < 0) return false;
    if (this.#words[RUN.timeoutsFail] === 1) {
      this.#control.fail(`lost wake: only a time-out goes on: ${this.#describe()}`);
      return true; // A failure rouses everybody.
    }
    this.#words[RUN.clockMs] = earliest;
    this.#words[RUN.timeouts]!++;
    this.#rouse(sleeper, WaitResult.timedOut);
    return true;
  }

  /** Gives the token away and sleeps until it comes back. */
  #handOver(target: number): void {
    this.#control.record(target);
    if (target !== this.#self) {
      this.#words[RUN.switches]!++;
      this.#give(target);
      this.awaitTurn();
    }
    if (this.#words[RUN.failed] === 1) throw new ThreadEnded();
  }

  #give(target: number): void {
    giveTurn(this.#words, this.#control.lineWord(target, LINE.turn), Turn.go);
  }

  #describe(): string {
    const parts: string[] = [];
    for (let thread = 0; thread < this.#control.threads; thread++) {
      const state = this.#stateOf(thread);
      const word = this.#words[this.#control.lineWord(thread, LINE.sleepWord)];
      if (state === ThreadState.asleep) parts.push(`thread ${thread} sleeps on word ${word}`);
      if (state === ThreadState.runnable) parts.push(`thread ${thread} runs`);
    }
    return parts.join(", ");
  }
}
