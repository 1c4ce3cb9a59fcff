/**
 * The loop of the thread that assembled a node: takes what workers send, and sleeps in the event
 * loop.
 *
 * Thread rules: the assembling thread.
 */

import { LIMITS } from "../limits.ts";
import { Bell, BellState, nudgeBell } from "../memory/mod.ts";
import { every, type SharedWords } from "../platform/mod.ts";
import { bellLineOf, type LinkHandler, type Links } from "./links.ts";

export class HostLoop {
  readonly #bells: SharedWords;
  readonly #bell: Bell;
  readonly #links: Links;
  readonly #workers: number;
  #poke: (() => void) | null = null;
  #ended = false;

  constructor(bells: SharedWords, links: Links, workers: number) {
    this.#bells = bells;
    this.#bell = new Bell(bells, bellLineOf(workers));
    this.#links = links;
    this.#workers = workers;
  }

  /**
   * Runs until {@linkcode end}.
   *
   * @param beat Called about every 100 ms.
   */
  async run(handle: LinkHandler, beat: () => void): Promise<void> {
    const stop = every(LIMITS.heartbeatMs, () => {
      beat();
      this.#nudge();
      this.wake();
    });
    while (!this.#ended) {
      const worked = this.#links.poll(handle);
      this.#links.flush();
      if (worked > 0) {
        await null;
        continue;
      }
      this.#bell.prepare(BellState.eventLoop);
      if (!this.#links.pending) await this.#sleep();
      this.#bell.finish();
    }
    stop();
  }

  /** Something was queued for a worker outside the loop. */
  wake(): void {
    const poke = this.#poke;
    if (poke === null) return;
    this.#bell.cancel();
    poke();
  }

  end(): void {
    this.#ended = true;
    this.wake();
  }

  /**
   * Other processes can write to the bells: a ring that they suppressed comes late, not never. An
   * idle worker wakes ten times a second for it, which is less than 0.1 % of a processor.
   */
  #nudge(): void {
    for (let worker = 0; worker < this.#workers; worker++) {
      nudgeBell(this.#bells, bellLineOf(worker));
    }
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        if (this.#poke !== done) return;
        this.#poke = null;
        resolve();
      };
      this.#poke = done;
      this.#bell.sleepAsync(LIMITS.sleepMs).then(done);
    });
  }
}
