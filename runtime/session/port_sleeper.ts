/**
 * How a port sleeps in its program's event loop.
 *
 * In the node's own process the bell's word itself wakes it. In another process a worker writes a
 * byte to a socket that the program reads.
 *
 * Thread rules: the port's isolate.
 */

import { LIMITS } from "../limits.ts";
import type { Bell } from "../memory/mod.ts";
import { type Doorbell, Heartbeat } from "../platform/mod.ts";

export class PortSleeper {
  readonly #doorbell: Doorbell | null;
  readonly #heartbeat: Heartbeat;
  #poke: (() => void) | null = null;

  /** @param doorbell The socket that workers ring; null in the node's own process. */
  constructor(doorbell: Doorbell | null) {
    this.#doorbell = doorbell;
    // A ring that was lost to damaged memory costs this long; it also keeps the program alive.
    this.#heartbeat = new Heartbeat(LIMITS.sleepMs, () => this.poke());
    doorbell?.onRing(() => this.poke());
  }

  /** Somebody awaits: the program must not end. */
  hold(): void {
    this.#heartbeat.hold();
  }

  letGo(): void {
    this.#heartbeat.letGo();
  }

  /** Resolves when the bell rings, or after 100 ms. Call `bell.prepare` first. */
  sleep(bell: Bell): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        if (this.#poke !== done) return;
        this.#poke = null;
        resolve();
      };
      this.#poke = done;
      if (this.#doorbell === null) bell.sleepAsync(LIMITS.sleepMs).then(done);
    });
  }

  /** Ends a sleep. */
  poke(): void {
    this.#poke?.();
  }

  close(): void {
    this.#heartbeat.close();
    this.#doorbell?.close();
    this.poke();
  }
}
