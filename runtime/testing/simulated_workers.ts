/**
 * The workers of a simulated node: made of the same parts as a thread's, in the world's one.
 *
 * Thread rules: one per isolate at a time.
 */

import type { LoadedModule, ModuleSpec } from "../lane/mod.ts";
import { NodeWorker, type SegmentMessage, type WorkerStart } from "../module/mod.ts";
import { HOST, type World } from "./world.ts";

export class SimulatedWorkers {
  readonly workers: NodeWorker[] = [];
  /** By worker: the owner that its present thread is, and what tells the node of its death. */
  readonly #threads: { readonly owner: number; readonly onDeath: (why: string) => void }[] = [];
  /** Workers whose loop has ended as it should. */
  stopped = 0;
  readonly #world: World;
  readonly #load: (spec: ModuleSpec) => Promise<LoadedModule>;

  /** @param load Brings a module's code, by no other way than the world's. */
  constructor(world: World, load: (spec: ModuleSpec) => Promise<LoadedModule>) {
    this.#world = world;
    this.#load = load;
    world.startWorker = (owner, onMessage) => this.#thread(owner, onMessage);
  }

  /** The worker's thread: what it does with each message. */
  #thread(owner: number, onMessage: (value: unknown) => void): (message: unknown) => void {
    let worker: NodeWorker | null = null;
    return (message) => {
      if (worker !== null) {
        worker.receive(message as SegmentMessage);
        return;
      }
      const start = message as WorkerStart;
      const assembled = worker = this.#assemble(start);
      this.#threads[start.id] = { owner, onDeath: onMessage };
      const ended = () => {
        if (!assembled.lanes.takeover.isRetiring) this.stopped++;
      };
      worker.run().then(ended, (thrown) => {
        const why = thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
        this.#world.fail(`worker ${start.id} died: ${why}`);
        onMessage(why);
      });
    };
  }

  #assemble(start: WorkerStart): NodeWorker {
    const world = this.#world;
    const worker = new NodeWorker(start, {
      load: this.#load,
      pin: () => true,
      pace: {
        next: () => world.nextPass(),
        sleep: (bell, timeoutMs) => world.asBlocked(() => bell.sleepAsync(timeoutMs)),
      },
    });
    this.workers[start.id] = worker;
    return worker;
  }

  /** The owner that a worker's present thread is. */
  ownerOf(id: number): number | undefined {
    return this.#threads[id]?.owner;
  }

  /** A worker's thread dies between two passes; false when it has none. */
  kill(id: number): boolean {
    const thread = this.#threads[id];
    if (thread === undefined) return false;
    this.#world.vanish(thread.owner);
    this.#world.as(HOST, () => thread.onDeath("killed by the simulation"));
    return true;
  }

  /**
   * Fails the run for a worker that sleeps while something waits for it.
   *
   * @param withClients Whether what clients show counts: one that writes anything rings no bell.
   */
  checkWakes(withClients: boolean): void {
    this.workers.forEach(({ lanes, parts }, id) => {
      const idle = withClients ? lanes.idle : !parts.links.pending;
      if (this.#world.sleeps(this.#threads[id]!.owner) && !idle) {
        this.#world.fail(`lost wake: worker ${id} sleeps, and something waits for it`);
      }
    });
  }
}
