/**
 * Lets a simulated world go on for as long as a test needs it, in the test's own isolate.
 *
 *   somebody can go on            one does, by the seed
 *   nobody can                    a turn of the real event loop: what is real comes in here
 *   the test waits for the node   then time goes on
 *   it waits for anything else    time stands still until the test does something
 *
 * What the test itself waits for in the real machine has therefore no influence on a run. What a
 * handler waits for there would have: such a handler ends the run with CHI-4027, and so does a node
 * in which nothing happens any more while the test waits for it.
 *
 * Thread rules: one per isolate at a time.
 */

import { ChimaeraError, toChimaeraError } from "../errors.ts";
import { type RunContext, WORKER_COUNTER } from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import { realTurn } from "../platform/mod.ts";
import type { SimulatedWorkers } from "./simulated_workers.ts";
import { FIRST_CLIENT, HOST, type World } from "./world.ts";

/** Turns of the event loop until a test that waits for something real is looked at less often. */
const QUICK_TURNS = 50;
const SLOW_TURN_MS = 1;
/** A handler that only computes may take so many turns of its promises. */
const MICROTASKS_MAX = 4096;

/** A handler that waits for what its worker does not bring. */
interface ForeignHandler {
  readonly rctx: RunContext;
  /** Of the context, which is used again. */
  readonly life: number;
  readonly worker: number;
  readonly name: string;
}

export class Driver {
  /** Steps that somebody took. */
  steps = 0;
  /** Whether time goes on although the test waits for nothing in the world: the node starts or ends. */
  isHurried = false;
  readonly #world: World;
  readonly #workers: SimulatedWorkers;
  readonly #onStep: () => void;
  readonly #onStuck: (error: ChimaeraError) => void;
  #ended = false;
  #tasksBefore = -1;
  #idleSinceMs = 0;
  /** Handlers that waited at the last look. */
  #foreignBefore: ReadonlyMap<RunContext, number> = new Map();
  /** Since when which handler waits. */
  readonly #waiting = new Map<RunContext, { readonly life: number; readonly sinceMs: number }>();

  constructor(
    world: World,
    workers: SimulatedWorkers,
    onStep: () => void,
    onStuck: (error: ChimaeraError) => void,
  ) {
    this.#world = world;
    this.#workers = workers;
    this.#onStep = onStep;
    this.#onStuck = onStuck;
  }

  /** Runs until {@linkcode end}. */
  async run(): Promise<void> {
    while (!this.#ended) {
      try {
        await this.#goOn();
      } catch (thrown) { // A callback of the runtime's own, which nothing may leave standing.
        this.#onStuck(toChimaeraError(thrown, "internal", "simulated node"));
      }
    }
  }

  async #goOn(): Promise<void> {
    if (await this.#world.advance()) {
      this.steps++;
      this.#onStep();
    } else if (!this.#world.held.resumePaused()) await this.#rest();
  }

  end(): void {
    this.#ended = true;
  }

  /** Nobody can go on: until somebody can. */
  async #rest(): Promise<void> {
    const world = this.#world;
    if (await world.letIn()) return;
    for (let turns = 0; !this.#ended; turns++) {
      const isWanted = this.#isTimeWanted;
      await this.#lookOutside(turns < QUICK_TURNS ? 0 : SLOW_TURN_MS, isWanted);
      if (!world.quiet) return;
      if (!isWanted) continue;
      this.#judge();
      if (world.skipTime()) return;
    }
  }

  get #isTimeWanted(): boolean {
    const world = this.#world;
    return this.isHurried || world.waits(FIRST_CLIENT) || world.waitsForTime(HOST) ||
      this.#workers.workers.some(({ lanes }) => lanes.control.busy > 0);
  }

  /** Lets in what the real machine has for the test, and nothing that it has for a handler. */
  async #lookOutside(ms: number, isWanted: boolean): Promise<void> {
    const world = this.#world;
    const before = this.#foreign();
    const isNew = before.some(({ rctx, life }) => this.#foreignBefore.get(rctx) !== life);
    this.#foreignBefore = new Map(before.map(({ rctx, life }) => [rctx, life]));
    if (isNew) await world.settle(MICROTASKS_MAX);
    const seen = world.watch();
    await realTurn(ms, isWanted);
    await world.settle();
    const active = [...seen()].filter((owner) => owner !== HOST && owner < FIRST_CLIENT);
    if (active.length === 0) return;
    const after = this.#foreign();
    const gone = before.filter(({ rctx, life }) =>
      !after.some((other) => other.rctx === rctx && other.life === life)
    );
    const names = (gone.length > 0 ? gone : before).map(({ name }) => name);
    this.#onStuck(notSimulated(names.join(", ") || "what a handler left behind"));
  }

  /** Handlers that wait for what their workers' loops do not bring. */
  #foreign(): ForeignHandler[] {
    return this.#workers.workers.flatMap(({ lanes }) =>
      [...lanes.executor.running.values()]
        .filter((rctx) => !rctx.isParked && !rctx.pinned)
        .map((rctx) => ({
          rctx,
          life: rctx.life,
          worker: lanes.workerId,
          name: nameOf(rctx),
        }))
    );
  }

  /** Ends the run when time goes on and nothing else does. */
  #judge(): void {
    const nowMs = this.#world.nowMs();
    const foreign = this.#foreign();
    for (const rctx of this.#waiting.keys()) {
      if (!foreign.some((other) => other.rctx === rctx)) this.#waiting.delete(rctx);
    }
    for (const { rctx, life, worker, name } of foreign) {
      const known = this.#waiting.get(rctx);
      const isTimed = this.#world.waitsForTime(this.#workers.ownerOf(worker) ?? HOST);
      if (known === undefined || known.life !== life || isTimed) {
        this.#waiting.set(rctx, { life, sinceMs: nowMs });
      } else if (nowMs - known.sinceMs > LIMITS.simulatedWaitMs) {
        this.#onStuck(notSimulated(name));
      }
    }
    if (this.#hasProgress()) this.#idleSinceMs = nowMs;
    else if (nowMs - this.#idleSinceMs > LIMITS.simulatedIdleMs) {
      this.#idleSinceMs = nowMs;
      this.#onStuck(foreign[0] === undefined ? this.#stuck() : notSimulated(foreign[0].name));
    }
  }

  #hasProgress(): boolean {
    const { workers } = this.#workers;
    let tasks = 0;
    for (const { parts: { counters, id } } of workers) {
      tasks += counters.words[counters.worker(id) + WORKER_COUNTER.tasks]!;
    }
    const isNew = tasks !== this.#tasksBefore;
    this.#tasksBefore = tasks;
    const owners = [HOST, FIRST_CLIENT];
    for (let id = 0; id < workers.length; id++) owners.push(this.#workers.ownerOf(id) ?? HOST);
    return isNew || owners.some((owner) => this.#world.waitsForTime(owner));
  }

  #stuck(): ChimaeraError {
    const running = this.#workers.workers.flatMap(({ lanes }) =>
      [...lanes.executor.running.values()].map(nameOf)
    );
    return new ChimaeraError("simulationStuck", {
      what: "simulated node",
      why: running.length === 0
        ? "the test waits for it, and it does nothing"
        : `nothing happens any more; these wait: ${running.join(", ")}`,
      hint: "locks that wait for each other, and calls that nobody answers, do this",
    });
  }
}

function nameOf({ lane, task }: RunContext): string {
  return lane === null ? "the start of a pool" : lane.container.nameOf(task);
}

function notSimulated(name: string): ChimaeraError {
  return new ChimaeraError("simulationStuck", {
    what: name,
    why:
      "it waits for something real: a timer, file, socket or thread that the simulated node does " +
      "not know",
  });
}
