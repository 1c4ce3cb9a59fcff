/**
 * Connections that have not said hello: few at a time, and each for a limited time. So whoever only
 * opens connections takes few descriptors from a node, and holds its door for a moment.
 *
 *   connect ─▶ system's queue ─▶ stranger ─hello─▶ client
 *                   │                │
 *                   │                └ silent for LIMITS.helloMs, or LIMITS.strangerMs while
 *                   │                  LIMITS.strangersMax are there: closed
 *                   └ waits for room
 *
 * Thread rules: the assembling thread.
 */

import { LIMITS } from "../limits.ts";
import { after, atMost, type Clock } from "../platform/mod.ts";

/** A connection, as far as it can be sent away. */
export interface Stranger {
  /** When it was taken. */
  readonly sinceMs: number;
  close(): void;
}

export class Strangers {
  readonly #clock: Clock;
  /** What takes the deadline of each back. */
  readonly #waiting = new Map<Stranger, () => void>();
  #left: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** It is new, or its hello was refused: it may try until the time is up. */
  enter(stranger: Stranger): void {
    const restMs = stranger.sinceMs + LIMITS.helloMs - this.#clock.nowMs();
    this.#waiting.set(stranger, after(Math.max(0, restMs), () => stranger.close()));
  }

  /** It says hello, or has gone. */
  leave(stranger: Stranger): void {
    this.#waiting.get(stranger)?.();
    if (this.#waiting.delete(stranger)) this.#left();
  }

  /** Resolves when there is room for one more. */
  async room(): Promise<void> {
    while (this.#waiting.size >= LIMITS.strangersMax) {
      const oldest = [...this.#waiting.keys()].reduce((a, b) => a.sinceMs <= b.sinceMs ? a : b);
      const restMs = oldest.sinceMs + LIMITS.strangerMs - this.#clock.nowMs();
      if (restMs > 0) {
        await atMost(restMs, new Promise<void>((resolve) => this.#left = resolve));
      } else {
        this.leave(oldest);
        oldest.close();
      }
    }
  }
}
