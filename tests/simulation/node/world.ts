/**
 * One thread in which a whole node lives: time, sleepers, timers and messages of all its isolates
 * stand in lists here, and a seed decides which goes on next.
 *
 *   ready     may go on: a worker's next pass, a woken sleeper, a turn of an event loop, a message
 *   sleepers  wait for a word to be rung, or for a time-out
 *   timers    wait for a time
 *
 * An isolate of the real system is an owner here: 0 the node's thread, 1 … its workers' threads, from
 * 10,000 on the clients' processes. Everything that is made while an owner's code runs is that owner's, so
 * that a process can vanish with all of its own. What needs the event loop of a worker comes only
 * while the worker is in it, as on a real thread.
 *
 * Between two steps all promises that can go on do so; nothing real is waited for, so that a run is
 * decided by its seed alone. Time passes by a few microseconds with each step, and to the next
 * time-out when nobody can go on.
 *
 * Thread rules: one at a time per isolate.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import type { SharedWords, SimulatedMachine, Thread } from "../../../runtime/platform/mod.ts";
import { Dice } from "./dice.ts";
import { History } from "./history.ts";

/** The node's own thread. */
export const HOST = 0;
/** Owners from here on are clients. */
export const FIRST_CLIENT = 10_000;

const What = { pass: 1, sleeper: 2, turn: 3, message: 4, timer: 5, timeout: 6 } as const;
type What = typeof What[keyof typeof What];

interface Ready {
  readonly owner: number;
  readonly what: What;
  readonly go: () => void;
}

interface Sleeper {
  readonly owner: number;
  readonly words: Int32Array;
  readonly index: number;
  readonly dueMs: number;
  /** Blocks its thread: a `notify` does not reach it. */
  readonly inFutex: boolean;
  readonly go: () => void;
}

interface Timer {
  readonly owner: number;
  dueMs: number;
  readonly periodMs: number;
  readonly call: () => void;
}

/** Starts the thread of a worker whose messages the node sends to `receive`. */
export type ThreadStarter = (
  owner: number,
  onMessage: (value: unknown) => void,
) => (message: unknown) => void;

const MICROTASKS = 64;
const MICROTASKS_QUIET = 512;
const STICKINESS = [0, 0, 1, 3, 7] as const;
const WEIGHTS = [1, 4, 16, 16, 16] as const;

export class World implements SimulatedMachine {
  readonly dice: Dice;
  readonly history = new History();
  readonly cpus = [0, 1];
  steps = 0;
  /** Steps at which more than one owner could have gone on. */
  points = 0;
  failure: string | null = null;
  startWorker: ThreadStarter | null = null;
  /** Rings wake nobody; for canaries. */
  isDeaf = false;
  readonly #current = new AsyncLocalStorage<number>();
  #ready: Ready[] = [];
  #sleepers: Sleeper[] = [];
  #timers: Timer[] = [];
  /** Workers that are not in their event loop. */
  readonly #closed = new Set<number>();
  /** Owners that do nothing before a step. */
  readonly #paused = new Map<number, number>();
  readonly #vanished = new Set<number>();
  readonly #weights: number[] = [];
  readonly #stickiness: number;
  #lastOwner = HOST;
  #threads = 0;
  #inFutex = false;
  #nowMicros = 0;

  constructor(seed: number) {
    this.dice = new Dice(seed, 1);
    this.#stickiness = this.dice.pick(STICKINESS);
  }

  /** Ends the run. The first failure is the one that counts. */
  fail(why: string): void {
    this.failure ??= why;
  }

  /** Runs code as an owner's. */
  as<T>(owner: number, run: () => T): T {
    return this.#current.run(owner, run);
  }

  // ---- the machine -----------------------------------------------------------------------------

  nowMs(): number {
    return ++this.#nowMicros / 1000;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.nowMs();
  }

  eventLoopTurn(): Promise<void> {
    this.#closed.delete(this.#owner);
    return new Promise((go) => this.#push(What.turn, go));
  }

  after(ms: number, call: () => void): () => void {
    return this.#addTimer(ms, 0, call);
  }

  every(ms: number, call: () => void): () => void {
    return this.#addTimer(ms, Math.max(1, ms), call);
  }

  #addTimer(ms: number, periodMs: number, call: () => void): () => void {
    const dueMs = this.#nowMicros / 1000 + Math.max(1, ms);
    const timer = { owner: this.#owner, dueMs, periodMs, call };
    if (!this.#vanished.has(timer.owner)) this.#timers.push(timer);
    return () => this.#timers = this.#timers.filter((other) => other !== timer);
  }

  waitAsync(
    { i32 }: SharedWords,
    index: number,
    expected: number,
    timeoutMs: number,
  ): Promise<void> {
    const inFutex = this.#inFutex;
    this.#inFutex = false;
    const owner = this.#owner;
    if (!inFutex) this.#closed.delete(owner);
    if (i32[index] !== expected) return Promise.resolve();
    const dueMs = this.#nowMicros / 1000 + timeoutMs;
    return new Promise((go) => {
      if (this.#vanished.has(owner)) return;
      this.#sleepers.push({ owner, words: i32, index, dueMs, inFutex, go });
    });
  }

  /** Waits as a blocked thread does; see {@linkcode waitAsync}. */
  asBlocked(sleep: () => Promise<void>): Promise<void> {
    this.#closed.add(this.#owner);
    this.#inFutex = true;
    return sleep();
  }

  wake(words: SharedWords, index: number): void {
    this.#rouse((sleeper) => sleeper.inFutex && isAt(sleeper, words, index));
  }

  notify(words: SharedWords, index: number): void {
    this.#rouse((sleeper) => !sleeper.inFutex && isAt(sleeper, words, index));
  }

  #rouse(who: (sleeper: Sleeper) => boolean): void {
    if (this.isDeaf) return;
    const left: Sleeper[] = [];
    for (const sleeper of this.#sleepers) {
      if (who(sleeper)) this.#ready.push({ ...sleeper, what: What.sleeper });
      else left.push(sleeper);
    }
    this.#sleepers = left;
  }

  startThread(
    _url: string,
    _name: string,
    onMessage: (value: unknown) => void,
  ): Thread {
    const owner = HOST + 1 + this.#threads++;
    const receive = this.startWorker!(owner, onMessage);
    return {
      post: (message) => {
        const go = () => this.as(owner, () => receive(message));
        this.#ready.push({ owner, what: What.message, go });
      },
      terminate: () => this.vanish(owner),
    };
  }

  /** A worker's next pass. */
  nextPass(): Promise<void> {
    this.#closed.add(this.#owner);
    return new Promise((go) => this.#push(What.pass, go));
  }

  // ---- faults ----------------------------------------------------------------------------------

  /** The owner's process is gone, with all that waited in it. */
  vanish(owner: number): void {
    this.#vanished.add(owner);
    this.#ready = this.#ready.filter((entry) => entry.owner !== owner);
    this.#sleepers = this.#sleepers.filter((entry) => entry.owner !== owner);
    this.#timers = this.#timers.filter((entry) => entry.owner !== owner);
  }

  /** The system gives the owner no processor for so many steps. */
  pause(owner: number, steps: number): void {
    this.#paused.set(owner, this.steps + steps);
  }

  resumeAll(): void {
    this.#paused.clear();
  }

  /** Somebody is woken for nothing. */
  wakeOne(): void {
    if (this.#sleepers.length === 0) return;
    const lucky = this.dice.pick(this.#sleepers);
    this.#rouse((sleeper) => sleeper === lucky);
  }

  // ---- the run ---------------------------------------------------------------------------------

  /** Whether the owner sleeps, and nobody has woken it. */
  sleeps(owner: number): boolean {
    return this.#sleepers.some((sleeper) => sleeper.owner === owner) &&
      !this.#ready.some((entry) => entry.owner === owner);
  }

  /** Lets promises go on until none can. */
  async settle(rounds: number = MICROTASKS): Promise<void> {
    for (let round = 0; round < rounds; round++) await null;
  }

  /**
   * One owner goes on, or time does.
   *
   * @param onQuiet Called when nobody can go on before time does.
   */
  async step(onQuiet: () => void): Promise<void> {
    this.steps++;
    let choices = this.#choices();
    if (choices.length === 0) {
      await this.settle(MICROTASKS_QUIET);
      choices = this.#choices();
    }
    if (choices.length === 0) {
      if (this.#paused.size > 0) {
        this.#paused.clear();
        return;
      }
      onQuiet();
      this.#skipTime();
      return;
    }
    const chosen = this.#choose(choices);
    this.#lastOwner = chosen.owner;
    this.history.add(chosen.owner, chosen.what, this.#nowMicros);
    this.as(chosen.owner, () => chosen.go());
    this.#nowMicros += this.dice.below(40);
    await this.settle();
  }

  #choices(): Ready[] {
    const nowMs = this.#nowMicros / 1000;
    const choices: Ready[] = [];
    const withMail = new Set<number>();
    for (const entry of this.#ready) {
      const isMail = entry.what === What.message;
      if (!this.#mayGo(entry.owner, isMail)) continue;
      // Messages come in order.
      if (isMail && withMail.has(entry.owner)) continue;
      if (isMail) withMail.add(entry.owner);
      choices.push({ ...entry, go: () => this.#take(entry) });
    }
    for (const sleeper of this.#sleepers) {
      if (sleeper.dueMs > nowMs || !this.#mayGo(sleeper.owner, false)) continue;
      const go = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        sleeper.go();
      };
      choices.push({ owner: sleeper.owner, what: What.timeout, go });
    }
    for (const timer of this.#timers) {
      if (timer.dueMs > nowMs || !this.#mayGo(timer.owner, true)) continue;
      choices.push({ owner: timer.owner, what: What.timer, go: () => this.#fire(timer) });
    }
    return choices;
  }

  #mayGo(owner: number, inEventLoop: boolean): boolean {
    if (inEventLoop && this.#closed.has(owner)) return false;
    const until = this.#paused.get(owner);
    if (until === undefined) return true;
    if (this.steps < until) return false;
    this.#paused.delete(owner);
    return true;
  }

  #take(entry: Ready): void {
    this.#ready.splice(this.#ready.indexOf(entry), 1);
    entry.go();
  }

  #fire(timer: Timer): void {
    if (timer.periodMs > 0) timer.dueMs += timer.periodMs;
    else this.#timers = this.#timers.filter((other) => other !== timer);
    timer.call();
  }

  #choose(choices: readonly Ready[]): Ready {
    if (choices.length === 1) return choices[0]!;
    if (choices.some(({ owner }) => owner !== choices[0]!.owner)) this.points++;
    const same = choices.filter(({ owner }) => owner === this.#lastOwner);
    if (same.length > 0 && this.dice.below(1 + this.#stickiness) > 0) return this.dice.pick(same);
    let total = 0;
    for (const { owner } of choices) total += this.#weightOf(owner);
    let left = this.dice.below(total);
    for (const choice of choices) {
      left -= this.#weightOf(choice.owner);
      if (left < 0) return choice;
    }
    return choices[0]!;
  }

  /** Some threads are slow in all of a run. */
  #weightOf(owner: number): number {
    return this.#weights[owner] ??= this.dice.pick(WEIGHTS);
  }

  #skipTime(): void {
    let dueMs = Infinity;
    for (const sleeper of this.#sleepers) dueMs = Math.min(dueMs, sleeper.dueMs);
    for (const timer of this.#timers) {
      if (!this.#closed.has(timer.owner)) dueMs = Math.min(dueMs, timer.dueMs);
    }
    if (dueMs === Infinity) this.fail("nobody can go on, and there is nothing to wait for");
    else this.#nowMicros = Math.max(this.#nowMicros + 1, Math.ceil(dueMs * 1000));
  }

  #push(what: What, go: () => void): void {
    const owner = this.#owner;
    if (!this.#vanished.has(owner)) this.#ready.push({ owner, what, go });
  }

  get #owner(): number {
    return this.#current.getStore() ?? HOST;
  }
}

function isAt(sleeper: Sleeper, { i32 }: SharedWords, index: number): boolean {
  // Each isolate has views of its own.
  return sleeper.words.buffer === i32.buffer && sleeper.index === index;
}
