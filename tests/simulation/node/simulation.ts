/**
 * One run of the node simulator: a node with its workers, clients and faults, all from a seed.
 *
 *   begin     the node starts, and a client makes the first pool
 *   work      clients do their jobs and faults happen, for so many steps
 *   finish    faults stop, and everything that was begun must end
 *   end       sessions, pools and the node go; all memory must have come back
 *
 * In one run of six the node is stopped in the middle of the work instead.
 *
 * Thread rules: one run at a time per isolate.
 */

import { DomainQuery } from "chimaera";
import { Client as AdminClient } from "../../../chimods/admin/admin_client.ts";
import { ChimaeraError } from "../../../runtime/errors.ts";
import { LIMITS } from "../../../runtime/limits.ts";
import { Heap, type LiveBlock, liveBlocks } from "../../../runtime/memory/mod.ts";
import { Node } from "../../../runtime/node.ts";
import { eventLoopTurn, setSimulatedMachine } from "../../../runtime/platform/mod.ts";
import { type Canary, canaryDice } from "./canaries.ts";
import { ClientProcess } from "./client_process.ts";
import {
  Dice,
  FIRST_CLIENT,
  HOST,
  MemoryHog,
  SimulatedWorkers,
  World,
} from "../../../runtime/testing/mod.ts";
import { type Fault, FAULTS } from "./faults.ts";
import { type Job, JOBS } from "./jobs.ts";
import { makeVersionsUp } from "./next_versions.ts";
import { Scene } from "./scene.ts";
import type { ModuleRegistry } from "../../../runtime/module/mod.ts";
import { BUSY_MODULE, type LoadModule } from "./modules.ts";
import { setWitness, Witness } from "./witness.ts";

export interface RunOptions {
  readonly seed: number;
  /** Steps of the work; beginning and ending are not counted. */
  readonly steps: number;
  readonly load: LoadModule;
  readonly jobs?: readonly Job[];
  readonly faults?: readonly Fault[];
  /** The node is broken in this way. */
  readonly canary?: Canary;
}

/** What a run did; one JSON line. */
export interface RunReport {
  readonly seed: number;
  readonly workers: number;
  readonly steps: number;
  /** Steps at which more than one thread or process could have gone on. */
  readonly points: number;
  /** Tasks that began, subtasks among them. */
  readonly tasks: number;
  readonly faults: number;
  readonly history: string;
  readonly result: "ok" | "failed";
  readonly failure?: string;
}

/** Room for the rings of four workers and for what a lost one takes with it, and not for much more. */
const NODE_BYTES = 6 << 20;
const CLIENTS_MAX = 4;
/** Steps within which what was begun must be over. */
const FINISH_STEPS = 60_000;
const FINISH_MS = 30_000;
/** How often, and after how many steps, it is looked whether memory has come back. */
const SETTLE_LOOKS = 100;
const SETTLE_STEPS = 20;
/** Several moves may find the same lane busy, one after another. */
const DRAIN_MS = 200;

export class Simulation {
  readonly #options: RunOptions;
  readonly #world: World;
  readonly #dice: Dice;
  readonly #witness: Witness;
  readonly #workers: SimulatedWorkers;
  readonly #workerCount: number;
  readonly #clients: ClientProcess[] = [];
  readonly #jobs: readonly Job[];
  readonly #faults: readonly Fault[];
  #node!: Node;
  #scene!: Scene;
  #hog!: MemoryHog;
  /** Blocks that were in use when a worker was lost. */
  readonly #usedAtLoss = new Set<string>();
  #faultCount = 0;
  #clientsMade = 0;

  private constructor(options: RunOptions) {
    this.#options = options;
    this.#world = new World(options.seed);
    this.#dice = new Dice(options.seed, 0);
    this.#witness = new Witness(this.#world);
    this.#workers = new SimulatedWorkers(this.#world, options.load);
    this.#workerCount = this.#dice.pick([1, 2, 4]);
    this.#jobs = spread(options.jobs ?? JOBS);
    // Some runs see every fault, some one kind, some none.
    const faults = options.faults ?? FAULTS;
    const kinds = this.#dice.pick([[], faults, [this.#dice.pick(faults)]]);
    this.#faults = spread(kinds);
  }

  /** Plays one run. */
  static async run(options: RunOptions): Promise<RunReport> {
    const simulation = new Simulation(options);
    const onRejection = (event: PromiseRejectionEvent) => {
      event.preventDefault();
      simulation.#world.fail(`a rejection that nobody handles: ${textOf(event.reason)}`);
    };
    addEventListener("unhandledrejection", onRejection);
    const mend = options.canary?.install(canaryDice(options.seed), simulation.#world);
    setSimulatedMachine(simulation.#world);
    setWitness(simulation.#witness);
    try {
      await simulation.#play();
    } catch (thrown) {
      simulation.#world.fail(textOf(thrown));
    } finally {
      mend?.();
      setSimulatedMachine(null);
      setWitness(null);
      // Rejections are reported, and the memory of earlier runs goes, in turns of the event loop.
      for (let turn = 0; turn < 2; turn++) await eventLoopTurn();
      removeEventListener("unhandledrejection", onRejection);
    }
    return simulation.#report();
  }

  async #play(): Promise<void> {
    await this.#begin();
    if (this.#failed) return;
    const blocksBefore = liveBlocks(this.#node.segment).length;
    await this.#work();
    if (this.#failed) return;
    this.#stopFaults();
    if (this.#dice.once(6)) {
      await this.#closeAtOnce();
      return;
    }
    await this.#finish();
    if (this.#failed) return;
    await this.#endSessionsAndPools();
    if (this.#failed) return;
    await this.#checkBlocks(blocksBefore);
    if (this.#failed) return;
    const beganMs = this.#world.nowMs();
    await this.#closeNode();
    if (this.#world.nowMs() - beganMs >= LIMITS.closeGraceMs) {
      this.#world.fail("the end of a node with nothing to do took all the time that it may");
    }
  }

  async #begin(): Promise<void> {
    const started = this.#world.as(HOST, () =>
      Node.start({
        workers: this.#workerCount,
        memoryBytes: NODE_BYTES,
        backing: "private",
        debugHeap: true,
        laneSeed: this.#options.seed >>> 0,
        modules: [BUSY_MODULE],
      }));
    const node = await this.#until("the node's start", started);
    if (node === undefined) return;
    this.#node = node;
    node.moves.drainMs = DRAIN_MS;
    node.upgrades.drainMs = DRAIN_MS;
    makeVersionsUp(node.modules as ModuleRegistry, BUSY_MODULE, new Dice(this.#options.seed, 3));
    this.#scene = new Scene(this.#world, node, this.#witness);
    this.#hog = new MemoryHog(new Heap(node.segment));
    await this.#until("the client's connection", this.#connectClient());
  }

  async #connectClient(): Promise<void> {
    const owner = FIRST_CLIENT + this.#clientsMade++;
    const client = new ClientProcess(this.#world, this.#node, owner, this.#options.seed);
    this.#clients.push(client);
    await this.#world.as(owner, () => client.connect());
  }

  // ---- the work --------------------------------------------------------------------------------

  async #work(): Promise<void> {
    const world = this.#world;
    const jobEvery = this.#dice.pick([2, 4, 8, 16]);
    const faultEvery = this.#dice.pick([16, 50, 150]);
    const end = world.steps + this.#options.steps;
    while (world.steps < end && !this.#failed) {
      if (this.#dice.once(jobEvery)) this.#startJob();
      if (this.#faults.length > 0 && this.#dice.once(faultEvery)) this.#startFault();
      await world.step(this.#onQuiet);
    }
  }

  #startJob(): void {
    const there = this.#clients.filter((client) =>
      !client.gone && !client.hostile && client.ended === null
    );
    const few = there.length === 0 || (there.length < CLIENTS_MAX && this.#dice.once(20));
    if (few) {
      this.#startClient();
      return;
    }
    const client = this.#dice.pick(there);
    if (client.session === null || client.busyWith.size > 20) return;
    if (this.#dice.once(100)) {
      client.start("close", () => client.close());
      return;
    }
    const job = this.#scene.pools.size === 0
      ? this.#jobs.find(({ name }) => name === "createPool")!
      : this.#dice.pick(this.#jobs);
    client.start(job.name, () => job.run(this.#scene, client));
  }

  #startClient(): void {
    const owner = FIRST_CLIENT + this.#clientsMade++;
    const client = new ClientProcess(this.#world, this.#node, owner, this.#options.seed);
    this.#clients.push(client);
    client.start("connect", () => this.#connect(client));
  }

  /** A program that the node has no room for ends. */
  async #connect(client: ClientProcess): Promise<void> {
    try {
      await client.connect();
    } catch (thrown) {
      this.#scene.expect(client, thrown, []);
      client.vanish(1);
    }
  }

  #startFault(): void {
    const { dice } = this.#world;
    const fault = dice.pick(this.#faults);
    const stage = { scene: this.#scene, dice, clients: this.#clients, hog: this.#hog };
    if (fault.happen({ ...stage, kill: this.#kill })) this.#faultCount++;
  }

  readonly #onQuiet = (): void => {
    this.#workers.checkWakes(this.#clients.every(({ hostile }) => !hostile));
  };

  // ---- the end ---------------------------------------------------------------------------------

  #stopFaults(): void {
    this.#world.held.resumePaused();
    this.#hog.release();
    for (const client of this.#clients) if (client.hostile && !client.gone) client.vanish(1);
  }

  /** The node is stopped in the middle of everything: whoever waits is told. */
  async #closeAtOnce(): Promise<void> {
    const why = new ChimaeraError("shutdown", { what: "simulation", why: "the node is stopping" });
    for (const client of this.#clients) client.nodeEnds(why);
    await this.#closeNode();
    await this.#finish();
  }

  async #closeNode(): Promise<void> {
    await this.#until("the node's end", this.#world.as(HOST, () => this.#node.close()));
    if (this.#workers.stopped !== this.#workerCount) this.#world.fail("a worker did not end");
  }

  async #finish(): Promise<void> {
    const busy = () => this.#clients.filter((client) => !client.gone && client.busyWith.size > 0);
    await this.#while("the clients' work", () => busy().length > 0, () => {
      const jobs = busy().map(({ owner, busyWith }) => `${owner}: ${[...busyWith.values()]}`);
      return `clients still do ${jobs.join("; ")}; tasks: ${this.#witness.unfinished()}`;
    });
  }

  async #endSessionsAndPools(): Promise<void> {
    for (const client of this.#clients) {
      if (client.gone || client.session === null) continue;
      churn(client);
      client.start("close", () => client.close());
    }
    const node = this.#node;
    const mine = () => node.sessions.list.filter(({ client }) => client.startsWith("client "));
    await this.#while("the sessions' end", () => mine().length > 0, () => {
      return `sessions are left: ${mine().map(({ client }) => client)}`;
    });
    const ended = this.#world.as(HOST, async () => {
      await using session = await node.connect(16 << 20);
      const admin = new AdminClient(session);
      for (const pool of node.pools.list()) {
        if (pool.libName !== BUSY_MODULE.libName) continue;
        await admin.destroyContainer(DomainQuery.getLocalId(), pool.id);
      }
    });
    await this.#until("the pools' end", ended);
  }

  /**
   * All memory is back, but for what was in use when a worker was lost, some of which was that one's,
   * and for records of errors that callers there did not live to read.
   */
  async #checkBlocks(before: number): Promise<void> {
    let lost = this.#blocksOut(before);
    // The node may still do what a client that has gone asked for, such as recycling a worker.
    for (let look = 0; look < SETTLE_LOOKS && lost.length > 0 && !this.#failed; look++) {
      for (let step = 0; step < SETTLE_STEPS; step++) await this.#world.step(this.#onQuiet);
      lost = this.#blocksOut(before);
    }
    if (lost.length === 0) return;
    const list = lost.slice(-5).map(({ sizeBytes, owner }) => `${sizeBytes} of owner ${owner}`);
    this.#world.fail(`${lost.length} blocks did not come back, such as ${list}`);
  }

  /** Blocks that may not be in use when all is over; empty when no more are than `before`. */
  #blocksOut(before: number): readonly LiveBlock[] {
    for (const worker of this.#workers.workers) worker.parts.heap.flush();
    const all = liveBlocks(this.#node.segment);
    if (all.length <= before || this.#scene.lostWorkers === 0) return all.slice(before);
    return all.filter((block) =>
      !this.#usedAtLoss.has(nameOf(block)) && block.sizeBytes !== LIMITS.errorRecordBytes
    );
  }

  /** A worker's thread dies; false when it has none. */
  readonly #kill = (worker: number): boolean => {
    if (!this.#workers.kill(worker)) return false;
    for (const block of liveBlocks(this.#node.segment)) this.#usedAtLoss.add(nameOf(block));
    return true;
  };

  /** Steps until the promise is settled. Undefined when it failed, or never was. */
  async #until<T>(what: string, promise: Promise<T>): Promise<T | undefined> {
    let open = true;
    let result: T | undefined;
    promise.then((value) => {
      open = false;
      result = value;
    }, (thrown) => {
      open = false;
      this.#world.fail(`${what}: ${textOf(thrown)}`);
    });
    await this.#while(what, () => open, () => "");
    return result;
  }

  async #while(what: string, open: () => boolean, detail: () => string): Promise<void> {
    const world = this.#world;
    const endSteps = world.steps + FINISH_STEPS;
    const endMs = world.nowMs() + FINISH_MS;
    await world.settle();
    while (open() && !this.#failed) {
      if (world.steps > endSteps || world.nowMs() > endMs) {
        world.fail(`no end: ${what} after ${FINISH_STEPS} steps or ${FINISH_MS} ms: ${detail()}`);
        return;
      }
      await world.step(this.#onQuiet);
    }
  }

  get #failed(): boolean {
    return this.#world.failure !== null;
  }

  #report(): RunReport {
    const { steps, points, history, failure } = this.#world;
    return {
      seed: this.#options.seed,
      workers: this.#workerCount,
      steps,
      points,
      tasks: this.#witness.begunCount,
      faults: this.#faultCount,
      history: history.hash(),
      result: failure === null ? "ok" : "failed",
      ...(failure === null ? {} : { failure }),
    };
  }
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
}

function nameOf({ offset, owner, generation }: LiveBlock): string {
  return `${offset} ${owner} ${generation}`;
}

/** Each item as often as it weighs. */
function spread<T extends { readonly weight: number }>(items: readonly T[]): T[] {
  return items.flatMap((item) => new Array<T>(item.weight).fill(item));
}

/** Passes blocks through a session's debug heap until everything freed before was looked at. */
function churn(client: ClientProcess): void {
  for (let k = 0; k < 70; k++) client.session!.alloc(64).free();
}
