/**
 * Takes a port's completions in the event loop, for as long as anybody awaits one.
 *
 * Thread rules: the port's isolate.
 */

import { type Bell, BellState } from "../memory/mod.ts";
import { eventLoopTurn } from "../platform/mod.ts";
import type { PortSleeper } from "./port_sleeper.ts";

/** Rounds of completions and continuations between two turns of the event loop. */
const ROUNDS_PER_TURN = 64;

/** What the pump needs of its port. */
export interface PumpedPort {
  flush(): void;
  /** Takes completions that are there. Returns how many. */
  poll(): number;
  /** Nothing to take and nothing to show. */
  readonly quiet: boolean;
  readonly isLost: boolean;
  checkAlive(): void;
}

export class PortPump {
  readonly #port: PumpedPort;
  readonly #bell: Bell;
  readonly #sleeper: PortSleeper;
  #awaiting = 0;
  #running = false;

  constructor(port: PumpedPort, bell: Bell, sleeper: PortSleeper) {
    this.#port = port;
    this.#bell = bell;
    this.#sleeper = sleeper;
  }

  /** Somebody awaits a task. */
  begin(): void {
    if (this.#awaiting++ === 0) this.#sleeper.hold();
    if (!this.#running) void this.#run();
  }

  /** Somebody has what it awaited, or gave up. */
  end(): void {
    if (--this.#awaiting === 0) this.#sleeper.letGo();
  }

  /** A blocked wait has used up the bell that the pump sleeps on. */
  bellUsed(): void {
    if (this.#running) this.#sleeper.poke();
  }

  async #run(): Promise<void> {
    const port = this.#port;
    this.#running = true;
    let rounds = 0;
    while (this.#awaiting > 0 && !port.isLost) {
      port.flush();
      if (port.poll() > 0) {
        // What was awaited goes on now, and often submits the next task.
        await null;
        if (++rounds === ROUNDS_PER_TURN) {
          rounds = 0;
          await eventLoopTurn();
        }
        continue;
      }
      this.#bell.prepare(BellState.eventLoop);
      if (port.quiet) await this.#sleeper.sleep(this.#bell);
      this.#bell.finish();
      port.checkAlive();
    }
    this.#running = false;
  }
}
