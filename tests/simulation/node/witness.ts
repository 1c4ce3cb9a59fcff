/**
 * What every task of a run went through, told by the clients that send and the handlers that run.
 *
 * It knows the promises: a task begins once, in its port's order on its lane and priority, and is
 * answered after its handler has ended. What breaks one is a failure of the run.
 *
 * Thread rules: one per isolate at a time; all of a simulated node can reach it.
 */

import type { Lane, RunContext, Task } from "chimaera";
import { H, OriginKind } from "../../../runtime/task/mod.ts";
import { LIMITS } from "../../../runtime/limits.ts";
import { Visits } from "./visits.ts";
import type { World } from "../../../runtime/testing/mod.ts";

/** A task of the module under simulation, which carries its name. */
export type NamedTask = Task & { id: number };

interface Life {
  /** Number of the port that sent it; −1: a handler did. */
  readonly port: number;
  /** What only grows from one task of a port to the next. */
  readonly order: number;
  begun: boolean;
  /** Worker that it began on; −1: none. */
  worker: number;
  ended: boolean;
  answered: boolean;
  /** Its handler is over, whatever came of it. */
  isOver: boolean;
  /** Nobody waits for its end. */
  isEndless: boolean;
  /** A flush that came after it has returned. */
  isLate: boolean;
  /** Of a periodic task: runs that began, whether one is not over, and when the last began. */
  runs: number;
  running: boolean;
  beatMs: number;
  /** Runs that came before their time. */
  earlyRuns: number;
  /** A flush has returned in whose time it did not run. */
  isPassedOver: boolean;
}

function newLife(port: number, order: number): Life {
  return {
    port,
    order,
    begun: false,
    worker: -1,
    ended: false,
    answered: false,
    isOver: false,
    isEndless: false,
    isLate: false,
    runs: 0,
    running: false,
    beatMs: 0,
    earlyRuns: 0,
    isPassedOver: false,
  };
}

/** By so much later than the runtime the witness looks at the clock. */
const CLOCK_MS = 0.1;
/** The admin's lane moves four times at most, and a flush has two rounds wherever it begins anew. */
const ROUNDS_PER_RECYCLING = 8;

export class Witness {
  readonly #world: World;
  readonly #lives = new Map<number, Life>();
  /** By port, lane and priority: the last task that began. */
  readonly #lastBegun = new Map<string, number>();
  /** Sessions whose memory holds anything. */
  readonly #hostile = new Set<number>();
  /** By lane: the tasks before the last that it served. */
  readonly #served = new Map<string, number>();
  /** Rounds that all flushes together may take. */
  #rounds = 0;
  #lastId = 0;
  /** Workers that were lost, with the state of their lanes. */
  #losses = 0;
  begunCount = 0;
  answeredCount = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** A name for a task that a client is about to send by a port. */
  sent(port: number): number {
    const id = ++this.#lastId;
    this.#lives.set(id, newLife(port, id));
    return id;
  }

  /** A name for a task that a handler is about to send. */
  child(): number {
    return this.sent(-1);
  }

  /** From now on nothing that comes from the session means anything. */
  distrust(sessionId: number): void {
    this.#hostile.add(sessionId);
  }

  /** A handler begins. */
  began(task: NamedTask, rctx: RunContext): Life {
    const port = portOf(task);
    if (this.#isHostile(port)) return newLife(port, 0);
    const life = this.#lives.get(task.id);
    this.begunCount++;
    this.#world.history.add(task.id, rctx.workerId, rctx.lane.id);
    if (life === undefined || life.port !== port) {
      this.#world.fail(`task ${task.id} of port ${port} began; it was not sent there`);
      return newLife(port, 0);
    }
    if (life.begun) this.#world.fail(`task ${task.id} of port ${port} began twice`);
    if (life.isLate) this.#world.fail(`task ${task.id} began; a later flush had returned`);
    life.begun = true;
    life.worker = rctx.workerId;
    if (port < 0) return life;
    const key = `${port} ${rctx.lane.id} ${task.prio}`;
    const last = this.#lastBegun.get(key) ?? 0;
    this.#lastBegun.set(key, life.order);
    if (last > life.order) {
      this.#world.fail(
        `task ${task.id} began after ${last}, which port ${port} sent later ` +
          `(lane ${rctx.lane.id}, priority ${task.prio})`,
      );
    }
    return life;
  }

  /**
   * A flush is sent by a port. What was sent there before, and what runs anywhere, must be over when
   * it returns; a periodic task must have run once more if it goes on.
   *
   * @returns What to call when it returns.
   */
  flushSent(port: number): () => void {
    this.#rounds++;
    const before = [...this.#lives].filter(([, life]) =>
      !life.isEndless && !life.isOver && (life.begun || life.port === port)
    );
    const beats = [...this.#lives.values()].filter((life) => life.runs > 0);
    const runsBefore = beats.map(({ runs }) => runs);
    return () => {
      beats.forEach((life, k) => {
        if (life.runs === runsBefore[k]) life.isPassedOver = true;
      });
      for (const [id, life] of before) {
        if (!life.begun) life.isLate = true;
        else if (!life.isOver && !life.isEndless) {
          this.#world.fail(`a flush returned while task ${id}, which came before it, runs`);
        }
      }
    };
  }

  /** A worker is to be recycled: the admin's lane may move, and flushes begin anew with it. */
  recycleSent(): void {
    this.#rounds += ROUNDS_PER_RECYCLING;
  }

  /** A periodic task runs again; it has run `runs` times. */
  beat(task: NamedTask, runs: number, rctx: RunContext): void {
    const life = this.#lives.get(task.id);
    if (this.#isHostile(portOf(task))) return;
    if (runs === 0 || life === undefined) this.began(task, rctx);
    else if (life.isPassedOver) {
      this.#world.fail(`periodic task ${task.id} runs; a flush had returned without a run of it`);
    } else if (life.running) this.#world.fail(`periodic task ${task.id} runs twice at a time`);
    else if (life.runs !== runs) {
      this.#world.fail(`periodic task ${task.id} ran ${life.runs} times, and finds ${runs}`);
    }
    const nowMs = this.#world.nowMs();
    const periodMs = task.$i32[task.header.block + H.periodUs]! / 1000;
    if (life === undefined) return;
    const isEarly = runs > 0 && nowMs - life.beatMs < periodMs - CLOCK_MS;
    // A round of a flush has every periodic task run once more, whatever its period; the first after
    // a loss does it twice.
    if (isEarly && ++life.earlyRuns > this.#rounds + this.#losses) {
      this.#world.fail(
        `periodic task ${task.id} runs ${nowMs - life.beatMs} ms after its last run`,
      );
    }
    life.isEndless = true;
    life.runs = runs + 1;
    life.running = true;
    life.beatMs = nowMs;
  }

  /** A run of a periodic task is over. */
  beatEnded(task: NamedTask, isLast: boolean): void {
    const life = this.#lives.get(task.id);
    if (life !== undefined && !this.#isHostile(portOf(task))) life.running = false;
    if (isLast) this.ended(task);
  }

  /** A lane is about to serve one more task; what it knows of those before came along with it. */
  tally(lane: Lane, served: number, byte: number): void {
    const key = `${lane.container.poolId} ${lane.group} ${lane.index}`;
    const known = this.#served.get(key) ?? 0;
    this.#served.set(key, served);
    if (this.#losses > 0) return;
    if (served !== known + 1 || byte !== (served & 255)) {
      this.#world.fail(
        `lane ${key} served ${known + 1} tasks; it knows ${served}, its block ${byte}`,
      );
    }
  }

  /** The thread of a worker has died, and with it whatever ran there. */
  lost(worker: number): void {
    this.#losses++;
    for (const life of this.#lives.values()) if (life.worker === worker) life.isOver = true;
  }

  /** A new lock's visitors. */
  visits(): Visits {
    return new Visits((why) => this.#world.fail(why));
  }

  /** A handler has nothing more to do. */
  ended(task: NamedTask): void {
    const port = portOf(task);
    const life = this.#lives.get(task.id);
    if (life?.begun && life.port === port) life.ended = true;
    else if (!this.#isHostile(port)) {
      this.#world.fail(`the block of a task of port ${port} changed while its handler ran`);
    }
  }

  #isHostile(port: number): boolean {
    return port >= 0 && this.#hostile.has(Math.floor(port / LIMITS.portsPerSession));
  }

  /** A client has the answer to a task, of the kind of error `error`. */
  answered(id: number, error: string | null): void {
    const life = this.#lives.get(id)!;
    this.answeredCount++;
    this.#world.history.add(id, error === null ? 0 : error.length);
    if (life.answered) this.#world.fail(`task ${id} was answered twice`);
    life.answered = true;
    if (error === null && !life.ended) {
      this.#world.fail(`task ${id} was answered before its handler had ended`);
    }
  }

  /** Names of tasks that began and were not ended, or not answered: for the report of a hang. */
  unfinished(): string {
    const names: string[] = [];
    for (const [id, { port, begun, ended, answered }] of this.#lives) {
      if (answered || (port < 0 && (ended || !begun))) continue;
      names.push(`${id} of port ${port}: ${ended ? "ended" : begun ? "begun" : "sent"}`);
    }
    return names.slice(0, 8).join(", ");
  }
}

/** Number of the port that a running task came from; −1: a handler sent it. */
function portOf(task: NamedTask): number {
  const words = task.$i32;
  const block = task.header.block;
  return words[block + H.origin] === OriginKind.port ? words[block + H.port]! : -1;
}

let current: Witness | null = null;

export function setWitness(witness: Witness | null): void {
  current = witness;
}

/** The witness of the run under way. */
export function witness(): Witness {
  if (current === null) throw new Error("no run is under way");
  return current;
}
