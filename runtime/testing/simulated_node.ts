/**
 * A simulated node for a test that runs in the same isolate: the test's code is one more thread of
 * the world, whose calls, awaits and delays take part in what the seed decides.
 *
 * Thread rules: one per isolate at a time.
 */

import { ChimaeraError } from "../errors.ts";
import { handlerOwners, serializer, strayFailure } from "../lane/mod.ts";
import { loadModule } from "../module/mod.ts";
import { Node } from "../node.ts";
import type { NodeOptions } from "../node_options.ts";
import { realTurn, setSimulatedMachine } from "../platform/mod.ts";
import { setDefaultSubmitterRule } from "../task/mod.ts";
import { Driver } from "./driver.ts";
import { type FaultName, type Faults, Mishaps } from "./faults.ts";
import { SimulatedWorkers } from "./simulated_workers.ts";
import { FIRST_CLIENT, HOST, World } from "./world.ts";

/** The engine tells of rejections in one of the next turns of its event loop. */
async function reportRejections(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await realTurn(0, true);
}

const MEMORY_BYTES = 64 << 20;

export class SimulatedNode {
  readonly seed: number;
  /** Failures that were no task's, in words. */
  readonly strays: string[] = [];
  readonly #world: World;
  readonly #workers: SimulatedWorkers;
  readonly #driver: Driver;
  #node: Node | null = null;
  #mishaps: Mishaps | null = null;
  /** What ended the run, unless the test has been told by a call that failed. */
  #failure: ChimaeraError | null = null;
  readonly #failed = Promise.withResolvers<never>();

  private constructor(seed: number) {
    this.seed = seed;
    const world = this.#world = new World(seed, FIRST_CLIENT);
    this.#workers = new SimulatedWorkers(world, (spec) => world.outside(loadModule(spec)));
    this.#driver = new Driver(world, this.#workers, () => this.#mishaps?.step(), this.#fail);
    this.#failed.promise.catch(() => {}); // Only a start waits for it.
  }

  /** Starts a node whose machine is simulated from now on, until {@linkcode close}. */
  static async start(options: NodeOptions, seed: number, faults: Faults): Promise<SimulatedNode> {
    await serializer(); // Loaded while the machine is real.
    const simulated = new SimulatedNode(seed);
    simulated.#install();
    try {
      await simulated.#begin(options, faults);
    } catch (thrown) {
      simulated.#uninstall();
      throw thrown;
    }
    return simulated;
  }

  async #begin(options: NodeOptions, faults: Faults): Promise<void> {
    const driver = this.#driver;
    driver.isHurried = true;
    void driver.run();
    const started = this.#world.as(HOST, () =>
      Node.start({
        memoryBytes: MEMORY_BYTES,
        laneSeed: this.seed >>> 0,
        ...options,
        backing: "private",
      }));
    const node = this.#node = await Promise.race([started, this.#failed.promise]);
    driver.isHurried = false;
    this.#mishaps = new Mishaps({
      seed: this.seed,
      faults,
      world: this.#world,
      workers: this.#workers,
      node,
      onFailure: this.#fail,
    });
  }

  get node(): Node {
    return this.#node!;
  }

  /** A hash of all that has happened so far, in order. */
  get history(): string {
    return this.#world.history.hash();
  }

  /** Steps so far. */
  get steps(): number {
    return this.#driver.steps;
  }

  /** How often each thing has gone wrong. */
  get faults(): Readonly<Record<FaultName, number>> {
    return this.#mishaps!.counts;
  }

  /** What a worker that was lost on purpose took with it; null when none was. */
  get usedAtLoss() {
    const mishaps = this.#mishaps!;
    return mishaps.counts.loseWorker === 0 ? null : mishaps.usedAtLoss;
  }

  /** The test begins: from now on things may go wrong. */
  disturb(): void {
    this.#mishaps!.begin();
  }

  /** Nothing goes wrong from now on: the test is over. */
  async calm(): Promise<void> {
    this.#driver.isHurried = true;
    await this.#mishaps!.end();
    await reportRejections();
  }

  /** What ended the run before its end. */
  get failure(): ChimaeraError | null {
    return this.#failure;
  }

  /** Ends the node, and the simulation with it. */
  async close(): Promise<void> {
    this.#driver.isHurried = true;
    try {
      await this.#world.as(HOST, () => this.node.close());
      await reportRejections();
    } finally {
      this.#uninstall();
    }
  }

  #install(): void {
    const world = this.#world;
    setSimulatedMachine(world);
    setDefaultSubmitterRule(() => !this.#isWorker(world.owner));
    addEventListener("unhandledrejection", this.#onRejection);
  }

  #uninstall(): void {
    this.#driver.end();
    setSimulatedMachine(null);
    setDefaultSubmitterRule(() => true);
    removeEventListener("unhandledrejection", this.#onRejection);
  }

  #isWorker(owner: number): boolean {
    return owner !== HOST && owner < FIRST_CLIENT;
  }

  /** As in a worker: what a handler left behind fails its task. The test's own are the runner's. */
  readonly #onRejection = (event: PromiseRejectionEvent): void => {
    const { owner } = this.#world;
    if (owner === FIRST_CLIENT) return;
    event.preventDefault();
    const handler = handlerOwners.current;
    const how = "a promise that nobody waits for was rejected";
    const error = strayFailure(handler?.name ?? "a module", how, event.reason);
    this.#world.soon(owner, () => {
      if (handler?.fail(error) !== true) this.strays.push(error.message);
    });
  };

  /** The run cannot go on: whoever waits for the node is told. */
  readonly #fail = (error: ChimaeraError): void => {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#failed.reject(error);
    this.#node?.fail(error);
  };
}
