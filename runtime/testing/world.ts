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
 * Between two steps all promises that can go on do so, so that a run is decided by its seed alone.
 * Time passes by a few microseconds with each step, and to the next time-out when nobody can go on.
 * What must come from the real machine, such as a module's code, comes when nobody can go on and
 * before time does, in the order of the asking (`outside`).
 *
 * Thread rules: one at a time per isolate.
 */

import {
  AsyncStore,
  type SharedWords,
  type SimulatedMachine,
  type Thread,
} from "../platform/mod.ts";
import { Dice } from "./dice.ts";
import { HeldOwners } from "./held_owners.ts";
import { History } from "./history.ts";
import { Turns } from "./turns.ts";
import { type Outside, type Ready, type Sleeper, type Timer, What } from "./waiting.ts";

/** The node's own thread. */
export const HOST = 0;
/** Owners from here on are clients. */
export const FIRST_CLIENT = 10_000;

/** Starts the thread of a worker whose messages the node sends to `receive`. */
export type ThreadStarter = (
  owner: number,
  onMessage: (value: unknown) => void,
) => (message: unknown) => void;

const MICROTASKS = 64;
const MICROTASKS_QUIET = 512;

export class World implements SimulatedMachine {
  readonly dice: Dice;
  readonly history = new History();
  readonly cpus = [0, 1];
  steps = 0;
  failure: string | null = null;
  startWorker: ThreadStarter | null = null;
  /** Rings wake nobody; for canaries. */
  isDeaf = false;
  readonly #current = new AsyncStore<number>();
  /** Whose code runs when nobody said. */
  readonly #usualOwner: number;
  #ready: Ready[] = [];
  #sleepers: Sleeper[] = [];
  #timers: Timer[] = [];
  #outside: Outside[] = [];
  /** Workers that are not in their event loop. */
  readonly #closed = new Set<number>();
  readonly held = new HeldOwners();
  readonly #vanished = new Set<number>();
  readonly #turns: Turns;
  #threads = 0;
  #inFutex = false;
  #nowMicros = 0;
  /** Who did something since {@linkcode watch}; null while nobody looks. */
  #active: Set<number> | null = null;

  /** @param usualOwner Whose the code is that runs as nobody's. */
  constructor(seed: number, usualOwner: number = HOST) {
    this.#usualOwner = usualOwner;
    this.dice = new Dice(seed, 1);
    this.#turns = new Turns(this.dice, HOST);
  }

  /** Ends the run. The first failure is the one that counts. */
  fail(why: string): void {
    this.failure ??= why;
  }

  /** Steps at which more than one owner could have gone on. */
  get points(): number {
    return this.#turns.points;
  }

  /** Whose code runs. */
  get owner(): number {
    return this.#current.current ?? this.#usualOwner;
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
    return () => {
      this.#active?.add(this.#owner);
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
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

  // ---- the real machine ------------------------------------------------------------------------

  /** Something real that a run may wait for: it comes when nobody can go on. */
  outside<T>(real: Promise<T>): Promise<T> {
    const owner = this.#owner;
    return new Promise<T>((resolve, reject) => {
      const take = resolve as (value: unknown) => void;
      this.#outside.push({ real, owner, resolve: take, reject });
    });
  }

  /** Waits for all that is to come from outside. False when there is nothing. */
  async letIn(): Promise<boolean> {
    const awaited = this.#outside.splice(0);
    if (awaited.length === 0) return false;
    const ends = await Promise.allSettled(awaited.map(({ real }) => real));
    ends.forEach((end, k) => {
      const { owner, resolve, reject } = awaited[k]!;
      const go = () => end.status === "fulfilled" ? resolve(end.value) : reject(end.reason);
      if (!this.#vanished.has(owner)) this.#ready.push({ owner, what: What.outside, go });
    });
    return true;
  }

  /** Calls as an owner in one of the next steps. */
  soon(owner: number, call: () => void): void {
    this.#ready.push({ owner, what: What.turn, go: call });
  }

  /** Notes who does something from now on; returns who did. */
  watch(): () => ReadonlySet<number> {
    const active = this.#active = new Set<number>();
    return () => {
      this.#active = null;
      return active;
    };
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
    this.held.pause(owner, this.steps + steps);
  }

  /** The system gives the owner no processor for so long, whatever else there is to do. */
  stall(owner: number, ms: number): void {
    this.held.stall(owner, this.#nowMicros / 1000 + ms);
  }

  /** Somebody is woken for nothing. False when nobody sleeps. */
  wakeOne(): boolean {
    if (this.#sleepers.length === 0) return false;
    const lucky = this.dice.pick(this.#sleepers);
    this.#rouse((sleeper) => sleeper === lucky);
    return true;
  }

  // ---- the run ---------------------------------------------------------------------------------

  /** Whether the owner sleeps, and nobody has woken it. */
  sleeps(owner: number): boolean {
    return this.#sleepers.some((sleeper) => sleeper.owner === owner) &&
      !this.#ready.some((entry) => entry.owner === owner);
  }

  /** Whether nobody can go on before time does. */
  get quiet(): boolean {
    return this.#choices().length === 0 && !this.held.anyPaused;
  }

  /** Whether the owner waits for anything here. */
  waits(owner: number): boolean {
    const isOwn = (entry: { owner: number }) => entry.owner === owner;
    return this.waitsForTime(owner) || this.#sleepers.some(isOwn) || this.#ready.some(isOwn);
  }

  /** Whether the owner waits for a time of its own choice. */
  waitsForTime(owner: number): boolean {
    const isOwn = (entry: { owner: number; dueMs: number }) =>
      entry.owner === owner && entry.dueMs !== Infinity;
    return this.#timers.some((timer) => timer.periodMs === 0 && isOwn(timer)) ||
      this.#sleepers.some((sleeper) => sleeper.inFutex && isOwn(sleeper));
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
    if (await this.advance() || this.held.resumePaused()) return;
    onQuiet();
    if (!this.skipTime()) this.fail("nobody can go on, and there is nothing to wait for");
  }

  /** One owner goes on. False when nobody can before time does. */
  async advance(): Promise<boolean> {
    this.steps++;
    let choices = this.#choices();
    if (choices.length === 0) {
      await this.settle(MICROTASKS_QUIET);
      choices = this.#choices();
    }
    if (choices.length === 0) return false;
    const chosen = this.#turns.choose(choices);
    this.history.add(chosen.owner, chosen.what, this.#nowMicros);
    this.as(chosen.owner, () => chosen.go());
    this.#nowMicros += this.dice.below(40);
    await this.settle(MICROTASKS - 1); // Whoever awaits this call takes one more.
    return true;
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
    return this.held.mayGo(owner, this.steps, this.#nowMicros / 1000);
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

  /** Time goes on to the next time-out. False when there is none. */
  skipTime(): boolean {
    let dueMs = Infinity;
    const look = (owner: number, ms: number) => {
      dueMs = Math.min(dueMs, Math.max(ms, this.held.endMs(owner)));
    };
    const nowMs = this.#nowMicros / 1000;
    for (const { owner } of this.#ready) if (this.held.endMs(owner) > nowMs) look(owner, 0);
    for (const sleeper of this.#sleepers) look(sleeper.owner, sleeper.dueMs);
    for (const { owner, dueMs } of this.#timers) if (!this.#closed.has(owner)) look(owner, dueMs);
    if (dueMs === Infinity) return false;
    this.#nowMicros = Math.max(this.#nowMicros + 1, Math.ceil(dueMs * 1000));
    return true;
  }

  #push(what: What, go: () => void): void {
    const owner = this.#owner;
    if (!this.#vanished.has(owner)) this.#ready.push({ owner, what, go });
  }

  get #owner(): number {
    const { owner } = this;
    this.#active?.add(owner);
    return owner;
  }
}

function isAt(sleeper: Sleeper, { i32 }: SharedWords, index: number): boolean {
  // Each isolate has views of its own.
  return sleeper.words.buffer === i32.buffer && sleeper.index === index;
}
