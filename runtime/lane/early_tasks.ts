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

export class EarlyTasks {
  readonly #byPort = new Map<number, number[]>();

  get isEmpty(): boolean {
    return this.#byPort.size === 0;
  }

  /** Keeps a task. Returns whether it is the first of its port. */
  keep(port: number, kind: number, block: number, laneId: number): boolean {
    const kept = this.#byPort.get(port);
    if (kept !== undefined) {
      kept.push(kind, block, laneId);
      return false;
    }
    this.#byPort.set(port, [kind, block, laneId]);
    return true;
  }

  /** Hands over what waited for a port. */
  release(port: number, handle: EarlyTaskHandler): void {
    const kept = this.#byPort.get(port);
    if (kept === undefined) return;
    this.#byPort.delete(port);
    for (let k = 0; k < kept.length; k += 3) handle(kept[k]!, kept[k + 1]!, kept[k + 2]!);
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
