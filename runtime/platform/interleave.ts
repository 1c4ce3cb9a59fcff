/**
 * The interleaving simulator: rings, bells and the heap run unmodified on real threads, of which
 * exactly one holds a token. Every operation on a control word may pass the token, by seed, so
 * that a run is decided by its seed alone and a failing one can be played again to the byte.
 *
 *   coordinator ──seed──▶ thread 0 ◀─token─▶ thread 1 ◀─token─▶ …  ──ended──▶ coordinator
 *
 * Each seed also draws its own bounds: how many preemptions there may be and how likely each is,
 * whether sleepers are woken for nothing, whether mortal threads are killed. Few preemptions at
 * unlikely places find other mistakes than many do.
 *
 * What is simulated is the order of operations on control words, under sequential consistency.
 * Plain loads and stores run with the operation before them.
 *
 * Thread rules: a `Simulation` belongs to its isolate; its threads live until `close`.
 */

import {
  Control,
  LINE,
  NEVER_MS,
  RUN,
  type RunBounds,
  THREADS_MAX,
  Turn,
} from "./interleave_control.ts";
import { giveTurn, waitAsync } from "./shared.ts";
import { every } from "./timers.ts";
import {
  randomOf,
  READY,
  type Scenario,
  type Stage,
  type ThreadStart,
} from "./interleave_scenario.ts";

export * from "./interleave_scenario.ts";

/** What a run did; one JSON line. */
export interface RunReport {
  readonly scenario: string;
  readonly seed: number;
  /** Operations on control words. */
  readonly steps: number;
  /** Steps at which another thread could have gone on. */
  readonly points: number;
  readonly preemptions: number;
  readonly switches: number;
  /** Sleepers woken for nothing, and threads killed. */
  readonly faults: number;
  readonly timeouts: number;
  readonly history: string;
  readonly result: "ok" | "failed";
  readonly failure?: string;
}

const STEPS_MAX = 20_000;
const NOTES_WORDS = 1024;
const PREEMPTIONS_MAX = [1, 2, 3, 4, 6, 10, 20, NEVER_MS] as const;

export interface SimulationOptions {
  /** The module with the scenarios; each thread imports it. */
  readonly moduleUrl: string;
  readonly scenario: Scenario;
  /** Binds all threads to one processor, where that is allowed: handing over is 10× cheaper. */
  readonly cpu?: number;
}

export class Simulation {
  readonly scenario: Scenario;
  readonly #control: Control;
  readonly #memory: WebAssembly.Memory;
  readonly #notes: Int32Array<SharedArrayBuffer>;
  readonly #workers: Worker[] = [];
  /** Rejects when a thread dies of something that is not the code under test. */
  #death: Promise<never> = new Promise(() => {});

  private constructor(scenario: Scenario) {
    if (scenario.threads < 1 || scenario.threads > THREADS_MAX) {
      throw new RangeError(`1 to ${THREADS_MAX} threads, not ${scenario.threads}`);
    }
    const pages = Math.ceil(scenario.memoryBytes / 65536);
    this.scenario = scenario;
    this.#control = new Control(Control.newBuffer(), scenario.threads);
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const notesWords = scenario.notesWords ?? NOTES_WORDS;
    this.#notes = new Int32Array(new SharedArrayBuffer(notesWords * 4));
  }

  /** Starts the scenario's threads; throws when one cannot find the scenario. */
  static async start(options: SimulationOptions): Promise<Simulation> {
    const simulation = new Simulation(options.scenario);
    try {
      await simulation.#startThreads(options);
    } catch (error) {
      for (const worker of simulation.#workers) worker.terminate();
      throw error;
    }
    return simulation;
  }

  /** Plays one run. */
  async run(seed: number): Promise<RunReport> {
    const control = this.#control;
    const stage: Stage = { memory: this.#memory, notes: this.#notes, seed };
    this.#notes.fill(0);
    this.scenario.reset(stage);
    control.begin(seed, this.#boundsOf(seed));
    const ended = control.words[RUN.ended]!;
    this.#give(control.draw() % this.scenario.threads, Turn.go);
    // The interval keeps the event loop turning: a notice that comes as it falls asleep may
    // otherwise be seen by nobody.
    const stop = every(20, () => {});
    try {
      while (control.words[RUN.ended] === ended) {
        const end = waitAsync({ i32: control.words, address: 0 }, RUN.ended, ended, 50);
        await Promise.race([end, this.#death]);
      }
    } finally {
      stop();
    }
    if (control.failure() === "") this.#check(stage);
    return this.#report(seed);
  }

  /** Ends the threads. Call it between runs only. */
  async close(): Promise<void> {
    const closed = this.#workers.map((worker) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      worker.onmessage = () => resolve();
      return promise;
    });
    for (let thread = 0; thread < this.scenario.threads; thread++) this.#give(thread, Turn.close);
    await Promise.all(closed);
    for (const worker of this.#workers) worker.terminate();
  }

  async #startThreads(options: SimulationOptions): Promise<void> {
    const deaths: Promise<never>[] = [];
    const ready: Promise<void>[] = [];
    for (let index = 0; index < this.scenario.threads; index++) {
      const worker = new Worker(new URL("./interleave_worker.ts", import.meta.url), {
        type: "module",
        name: `simulated-${index}`,
      });
      const death = Promise.withResolvers<never>();
      worker.onerror = (event) => {
        event.preventDefault();
        death.reject(new Error(`simulated thread ${index} died: ${event.message}`));
      };
      const start = Promise.withResolvers<void>();
      worker.onmessage = ({ data }) => {
        if (data === READY) start.resolve();
        else start.reject(new Error(`simulated thread ${index} cannot start: ${data}`));
      };
      worker.postMessage(this.#threadStart(options, index));
      this.#workers.push(worker);
      deaths.push(death.promise);
      ready.push(start.promise);
    }
    this.#death = Promise.race(deaths);
    await Promise.race([Promise.all(ready), this.#death]);
  }

  #threadStart(options: SimulationOptions, index: number): ThreadStart {
    return {
      moduleUrl: options.moduleUrl,
      scenarioName: this.scenario.name,
      index,
      memory: this.#memory,
      notes: this.#notes.buffer,
      control: this.#control.words.buffer as SharedArrayBuffer,
      cpu: options.cpu ?? -1,
    };
  }

  #boundsOf(seed: number): RunBounds {
    const random = randomOf(seed, 0);
    const pick = (choices: number) => random.nextU32() % choices;
    const preemptionsMax = PREEMPTIONS_MAX[pick(PREEMPTIONS_MAX.length)]!;
    const preemptionChance = 65536 >>> (1 + pick(6));
    const spuriousWakeChance = pick(4) === 0 ? 65536 >>> (2 + pick(4)) : 0;
    const mortal = this.scenario.mortalThreads !== undefined && pick(2) === 0;
    const killChance = mortal ? 65536 >>> (3 + pick(4)) : 0;
    return {
      preemptionsMax,
      preemptionChance,
      spuriousWakeChance,
      killChance,
      stepsMax: this.scenario.stepsMax ?? STEPS_MAX,
      timeoutsFail: this.scenario.timeoutsFail,
    };
  }

  #check(stage: Stage): void {
    try {
      this.scenario.check(stage);
    } catch (thrown) {
      this.#control.fail(`check: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    }
  }

  #report(seed: number): RunReport {
    const words = this.#control.words;
    const failure = this.#control.failure();
    return {
      scenario: this.scenario.name,
      seed,
      steps: words[RUN.steps]!,
      points: words[RUN.points]!,
      preemptions: words[RUN.preemptions]!,
      switches: words[RUN.switches]!,
      faults: words[RUN.faults]!,
      timeouts: words[RUN.timeouts]!,
      history: this.#control.historyHash(),
      result: failure === "" ? "ok" : "failed",
      ...(failure === "" ? {} : { failure }),
    };
  }

  #give(thread: number, turn: number): void {
    giveTurn(this.#control.words, this.#control.lineWord(thread, LINE.turn), turn);
  }
}
