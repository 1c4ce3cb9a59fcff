/**
 * The worker threads of a node: started, given orders, and replaced when one is lost.
 *
 * A worker is lost when its loop ends by an error, or when a handler does not give it back and the
 * node gives it up. JavaScript cannot be interrupted from outside, so a thread that is stuck goes
 * on; it is fenced off: whatever it does from then on reaches nobody, and the memory that it may
 * still write to is never used again. A fresh thread takes the worker's number, its rings and its
 * lanes:
 *
 *   1 fence or end the old thread; orders under way to it wait for the new one
 *   2 the other workers take what it had sent, and fail the subtasks that it had of theirs
 *   3 start the new thread; show it sessions and pools, whose instances begin anew
 *   4 it answers, with an error, the clients' tasks that the old one had; then it takes new ones
 *
 * Tasks that had not been taken from a ring are run by the new thread. One loss is dealt with at a
 * time.
 *
 * A worker whose thread is replaced on purpose has nothing left that could fail: its thread retires,
 * and the new one goes on where rings and links stand (see `recycling.ts`).
 *
 * Thread rules: the assembling thread.
 */

import { ChimaeraError, toChimaeraError } from "../errors.ts";
import {
  type ControlChannel,
  type ControlMessage,
  type Counters,
  errorData,
  type Links,
  passOf,
  WORKER_COUNTER,
} from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import { holderText, type Stall } from "../observe/mod.ts";
import { atMost, delay, entryUrl, load, startThread, type Thread } from "../platform/mod.ts";
import type { SpareThread } from "./spare_thread.ts";
import type { SegmentMessage, WorkerStart } from "./worker_start.ts";

/** A thread that is no longer its worker's. */
export interface LostWorker {
  /** The worker that the thread was; its replacement has the same number. */
  readonly worker: number;
  /** Whether it holds a processor for as long as its handler does not return. */
  readonly isStuck: boolean;
  /** What the loop failed with, or which handler did not come back; for people. */
  readonly why: string;
}

export interface WorkerCrewOptions {
  readonly workers: number;
  /** What a new thread is told. */
  readonly startMessage: (worker: number, incarnation: number) => Omit<WorkerStart, "hasRetired">;
  readonly control: ControlChannel;
  readonly links: Links;
  readonly counters: Counters;
  /** Shows a new thread what the node has: sessions, pools. */
  readonly restore: (worker: number, ask: Ask) => Promise<void>;
  /** Answers the clients' tasks that a lost worker had. */
  readonly failHeld: (worker: number, error: ChimaeraError, ask: Ask) => Promise<void>;
  /** How long a handler may hold its worker. */
  readonly stallAbandonMs: number;
  /** A worker was lost. */
  readonly onLost: (lost: LostWorker) => void;
  /** A worker cannot be replaced. */
  readonly onBroken: (error: ChimaeraError) => void;
}

/** Sends an order to a worker and waits for its answer. */
export type Ask = (worker: number, message: ControlMessage) => Promise<unknown>;

interface Member {
  thread: Thread;
  incarnation: number;
  /** Resolves when the thread's loop runs. */
  started: Promise<void>;
  onStarted: () => void;
  /** The thread fails before it has taken the place of the one before it. */
  onFailed: (error: ChimaeraError) => void;
  /** Ends when the worker has been replaced; null while it works. */
  replacing: Promise<void> | null;
  /** Whether it is the present thread that fails while the worker is replaced. */
  isRetiring: boolean;
}

/** Orders that say how things are to be: a new thread has not seen them. */
const REPEATED = new Set(["closeSession", "forgetSession", "destroy", "pin"]);
/** Orders whose effect a new thread gets with everything else that the node has. */
const RESTORED = new Set(["attach", "openPort"]);

export class WorkerCrew {
  readonly #options: WorkerCrewOptions;
  readonly #members: Member[] = [];
  /** The last loss that is dealt with. */
  #losses: Promise<void> = Promise.resolve();
  #ended = false;
  /** Ends {@linkcode start} when a thread does not get as far as its loop. */
  #onStartFailed: ((error: ChimaeraError) => void) | null = null;
  /** Threads lost so far. */
  readonly lost: LostWorker[] = [];

  constructor(options: WorkerCrewOptions) {
    this.#options = options;
  }

  /** Starts all threads. Resolves when their loops run; rejects with CHI-4008 when one fails. */
  async start(): Promise<void> {
    const failed = new Promise<never>((_, reject) => this.#onStartFailed = reject);
    for (let worker = 0; worker < this.#options.workers; worker++) {
      this.#setPass(worker, 0);
      this.#members.push(this.#startThread(worker, 0));
    }
    const started = Promise.all(this.#members.map((member) => member.started));
    await Promise.race([started, failed]);
    this.#onStartFailed = null;
  }

  /** A worker says that its loop runs. */
  onStarted(worker: number): void {
    this.#members[worker]!.onStarted();
  }

  /** Hands a segment to a worker. */
  post(worker: number, message: SegmentMessage): void {
    this.#members[worker]!.thread.post(message);
  }

  /**
   * Sends an order to a worker. While the worker is replaced, what changes nothing waits; what was
   * under way is done again where it must be, and fails with CHI-4008 where it cannot.
   */
  readonly ask: Ask = async (worker, message) => {
    const member = this.#members[worker]!;
    if (member.replacing !== null) await member.replacing;
    const { incarnation } = member;
    try {
      return await this.#options.control.request(worker, message);
    } catch (thrown) {
      if (incarnation === member.incarnation && member.replacing === null) throw thrown;
      if (REPEATED.has(message.kind)) return await this.ask(worker, message);
      if (!RESTORED.has(message.kind)) throw thrown;
      await member.replacing;
      return null;
    }
  };

  /**
   * Gives a worker up and puts a new thread in its place.
   *
   * @param isStuck Whether its thread runs on.
   */
  lose(worker: number, error: ChimaeraError, isStuck: boolean): void {
    const member = this.#members[worker];
    if (this.#ended || member === undefined) return;
    if (this.#onStartFailed !== null) {
      this.#ended = true;
      return this.#onStartFailed(error);
    }
    if (member.replacing !== null) {
      member.onFailed(error);
      return;
    }
    const lost = { worker, isStuck, why: error.message };
    this.lost.push(lost);
    this.#options.onLost(lost);
    this.#fence(worker, member);
    this.#options.control.abandonTo(worker, error);
    member.replacing = this.#losses = this.#losses
      .then(() => this.#replace(worker, error, isStuck))
      .then(() => void (member.replacing = null), (thrown) => this.#break(worker, thrown));
  }

  /** Gives up workers whose handlers have held them too long. */
  giveUp(stalls: Iterable<Stall>): void {
    for (const stall of stalls) {
      const { worker, forMs } = stall;
      if (forMs < this.#options.stallAbandonMs || this.#isReplacing(worker)) continue;
      const error = new ChimaeraError("workerStalled", {
        what: holderText(stall),
        why: `it held worker ${worker} for ${forMs} ms, which was given up`,
      });
      this.lose(worker, error, true);
    }
  }

  /**
   * Puts a new thread in the place of one that has nothing left to do: no lane, no handler, no order.
   *
   * @param isFree Asked in the moment before: orders of later wait for the new thread.
   * @param spare The new thread, if it is there already.
   * @returns Whether it has been replaced; else it goes on. Rejects with what it was lost by.
   */
  recycle(worker: number, isFree: () => boolean, spare: SpareThread | null): Promise<boolean> {
    const recycling = this.#losses.then(() => this.#recycle(worker, isFree, spare));
    this.#losses = recycling.then(() => {}, () => {}); // Whoever asked is told.
    return recycling;
  }

  async #recycle(
    worker: number,
    isFree: () => boolean,
    spare: SpareThread | null,
  ): Promise<boolean> {
    const member = this.#members[worker]!;
    spare?.mustLive(worker);
    if (this.#ended || member.replacing !== null || !isFree()) return false;
    const over = Promise.withResolvers<void>();
    member.replacing = over.promise;
    const goOn = () => {
      member.replacing = null;
      over.resolve();
    };
    try {
      if (!await this.#retire(worker, member)) {
        goOn();
        return false;
      }
    } catch (thrown) {
      goOn();
      const error = toChimaeraError(thrown, "workerDied", `worker ${worker}`);
      this.lose(worker, error, false);
      throw error;
    }
    try {
      this.#fence(worker, member);
      await this.#startNext(worker, null, spare);
    } catch (thrown) {
      this.#break(worker, thrown);
      throw thrown;
    }
    goOn();
    return true;
  }

  /** Has a thread end that has nothing left to do. False when it has. */
  async #retire(worker: number, member: Member): Promise<boolean> {
    const { control, counters } = this.#options;
    const failed = new Promise<never>((_, reject) => member.onFailed = reject);
    failed.catch(() => {}); // It may fail when nobody looks.
    member.isRetiring = true;
    try {
      const asked = control.request(worker, { kind: "retire" });
      if (await Promise.race([asked, failed]) !== true) return false;
      const at = counters.worker(worker) + WORKER_COUNTER.retired;
      while (load(counters.words, at) !== passOf(member.incarnation)) {
        await Promise.race([delay(1), failed]);
      }
      return true;
    } finally {
      member.isRetiring = false;
    }
  }

  /** Whether a worker is being replaced. */
  #isReplacing(worker: number): boolean {
    return this.#members[worker]?.replacing !== null;
  }

  /** No more losses are dealt with: the node ends. */
  async end(): Promise<void> {
    this.#ended = true;
    // A new thread that died does not get any further.
    await atMost(LIMITS.closeGraceMs, this.#losses);
  }

  /** The threads in place. */
  get threads(): readonly Thread[] {
    return this.#members.map(({ thread }) => thread);
  }

  #startThread(
    worker: number,
    incarnation: number,
    hasRetired = false,
    spare: SpareThread | null = null,
  ): Member {
    const isPresent = () => this.#members[worker]?.incarnation === incarnation;
    const onDeath = (why: string) => {
      if (!isPresent()) return;
      const error = new ChimaeraError("workerDied", { what: `worker ${worker}`, why });
      const isNew = this.#isReplacing(worker) && !this.#members[worker]!.isRetiring;
      if (incarnation > 0 && isNew) this.#break(worker, error);
      else this.lose(worker, error, false);
    };
    const thread = spare?.watch(onDeath) ?? startThread(
      entryUrl("runtime/module/worker_main"),
      `chimaera-${worker}`,
      (why) => onDeath(String(why)),
      onDeath,
    );
    let onStarted = () => {};
    const started = new Promise<void>((resolve) => onStarted = resolve);
    const start = this.#options.startMessage(worker, incarnation);
    thread.post({ ...start, hasRetired } satisfies WorkerStart);
    const onFailed = () => {};
    return {
      thread,
      incarnation,
      started,
      onStarted,
      onFailed,
      replacing: null,
      isRetiring: false,
    };
  }

  /** From now on only that thread of a worker may go on. */
  #setPass(worker: number, incarnation: number): void {
    const { counters } = this.#options;
    counters.words[counters.worker(worker) + WORKER_COUNTER.pass] = passOf(incarnation);
  }

  #fence(worker: number, member: Member): void {
    member.incarnation++;
    this.#setPass(worker, member.incarnation);
  }

  async #replace(worker: number, error: ChimaeraError, isStuck: boolean): Promise<void> {
    const { control, links, workers } = this.#options;
    if (this.lost.length > LIMITS.workersLostMax) throw error;
    // A thread that came back at this very moment sees the fence within the time of this wait.
    if (isStuck) await delay(LIMITS.fenceMs);
    links.discard(worker);
    const message = { kind: "workerLost", worker, error: errorData(error) };
    const others = Array.from({ length: workers }, (_, other) => other)
      .filter((other) => other !== worker && !this.#isReplacing(other));
    // Of a worker that is lost meanwhile nothing is left that could be failed.
    await Promise.allSettled(others.map((other) => control.request(other, message)));
    while (links.waitsFrom(worker)) await delay(1);
    if (!this.#ended) await this.#startNext(worker, error);
  }

  /** @param error What the thread before was lost by; null for one that has retired. */
  async #startNext(
    worker: number,
    error: ChimaeraError | null,
    spare: SpareThread | null = null,
  ): Promise<void> {
    const { counters } = this.#options;
    const member = this.#members[worker]!;
    counters.words[counters.worker(worker) + WORKER_COUNTER.pool] = 0;
    const fresh = this.#startThread(worker, member.incarnation, error === null, spare);
    Object.assign(member, { ...fresh, replacing: member.replacing });
    const failed = new Promise<never>((_, reject) => member.onFailed = reject);
    await Promise.race([this.#prepare(worker, error), failed]);
  }

  /** Brings a new thread to where the one before it was, and lets it take tasks. */
  async #prepare(worker: number, error: ChimaeraError | null): Promise<void> {
    const { control, restore, failHeld } = this.#options;
    const ask: Ask = (to, order) => control.request(to, order);
    await this.#members[worker]!.started;
    await restore(worker, ask);
    if (error !== null) await failHeld(worker, error, ask);
    await ask(worker, { kind: "takeTasks" });
  }

  /** What stands in the way of a new thread is the end of the node. */
  #break(worker: number, thrown: unknown): void {
    if (this.#ended) return;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    const error = new ChimaeraError("workerDied", {
      what: `replace worker ${worker}`,
      why,
      cause: thrown,
    });
    this.#options.onBroken(error);
  }
}
