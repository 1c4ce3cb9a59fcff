/**
 * Knowing that everything which was on its way between workers has arrived.
 *
 * Links are first in, first out. A worker that sends each other one a fence, and has one of each,
 * knows that whatever they sent it before is here.
 *
 * Thread rules: one worker's isolate.
 */

import { ChimaeraError } from "../errors.ts";
import { LinkKind, type Links } from "./links.ts";

export class Fences {
  readonly #links: Links;
  readonly #self: number;
  readonly #workers: number;
  /** Whose have come, by key. */
  readonly #come = new Map<number, Set<number>>();
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  /** Keys up to this one are over. */
  #over = 0;

  constructor(links: Links, self: number, workers: number) {
    this.#links = links;
    this.#self = self;
    this.#workers = workers;
  }

  /** Sends the fences of a key. Resolves when all others' have come. */
  pass(key: number): Promise<void> {
    for (let worker = 0; worker < this.#workers; worker++) {
      if (worker !== this.#self) this.#links.push(worker, LinkKind.fence, key, 0, 0);
    }
    const waiting = Promise.withResolvers<void>();
    this.#waiting.set(key, waiting);
    this.#look(key);
    return waiting.promise;
  }

  /** Another worker's fence has come. */
  receive(from: number, key: number): void {
    if (key <= this.#over) return;
    const come = this.#come.get(key);
    if (come === undefined) this.#come.set(key, new Set([from]));
    else come.add(from);
    this.#look(key);
  }

  /** All that a lost worker had sent is here, and no fence of it will come for what is under way. */
  lose(worker: number): void {
    for (const key of this.#waiting.keys()) this.receive(worker, key);
  }

  #look(key: number): void {
    if ((this.#come.get(key)?.size ?? 0) < this.#workers - 1) return;
    this.#waiting.get(key)?.resolve();
  }

  /** Forgets keys up to this one; whoever waits for them is told. */
  end(key: number): void {
    if (key > this.#over) this.#over = key;
    for (const [old, { reject }] of this.#waiting) {
      if (old > key) continue;
      this.#waiting.delete(old);
      const why = "the move was given up";
      reject(new ChimaeraError("laneMoveFailed", { what: "wait for other workers", why }));
    }
    for (const old of this.#come.keys()) if (old <= key) this.#come.delete(old);
  }
}
