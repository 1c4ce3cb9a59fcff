/**
 * Tasks that other workers handed over before this one knows the port of their root.
 *
 * The node does not wait for a worker that a handler holds: a session opens, and its tasks are on
 * their way, while that worker still has the orders before it that make the session known. Without
 * its segment their bulk would lead nowhere, and without the port nobody could be answered. They
 * wait here, in order.
 *
 *   by port: kind of link entry, block, lane id   of each task
 *
 * Thread rules: one worker's isolate.
 */

import { LIMITS } from "../limits.ts";

/** Receives a task that waited, as the link entry that brought it. */
export type EarlyTaskHandler = (kind: number, block: number, laneId: number) => void;

interface Waiting {
  readonly entries: number[];
  /** Resolves when they have been handed over. */
  readonly over: PromiseWithResolvers<void>;
}

export class EarlyTasks {
  readonly #byPort = new Map<number, Waiting>();

  get isEmpty(): boolean {
    return this.#byPort.size === 0;
  }

  /** Keeps a task. Returns whether it is the first of its port. */
  keep(port: number, kind: number, block: number, laneId: number): boolean {
    const isFirst = !this.#byPort.has(port);
    this.#of(port).entries.push(kind, block, laneId);
    return isFirst;
  }

  #of(port: number): Waiting {
    let waiting = this.#byPort.get(port);
    if (waiting === undefined) {
      waiting = { entries: [], over: Promise.withResolvers<void>() };
      this.#byPort.set(port, waiting);
    }
    return waiting;
  }

  /** Resolves when the port is known, or known to be gone. */
  opened(port: number): Promise<void> {
    return this.#of(port).over.promise;
  }

  /** Resolves when all that waits now has been handed over. */
  async gone(): Promise<void> {
    for (const { over } of [...this.#byPort.values()]) await over.promise;
  }

  /** Hands over what waited for a port. */
  release(port: number, handle: EarlyTaskHandler): void {
    const waiting = this.#byPort.get(port);
    if (waiting === undefined) return;
    this.#byPort.delete(port);
    const { entries } = waiting;
    for (let k = 0; k < entries.length; k += 3) {
      handle(entries[k]!, entries[k + 1]!, entries[k + 2]!);
    }
    waiting.over.resolve();
  }

  /** Hands over what waited for ports of a session. */
  releaseSession(sessionId: number, handle: EarlyTaskHandler): void {
    if (this.#byPort.size === 0) return;
    const first = sessionId * LIMITS.portsPerSession;
    for (let index = 0; index < LIMITS.portsPerSession; index++) {
      this.release(first + index, handle);
    }
  }
}
