/**
 * Takes a port's completions in the event loop, for as long as anybody awaits one.
 *
 * A round takes a portion of the completions, lets the programs that awaited them go on, and shows
 * the workers what those submitted. Portions keep both sides busy: were all completions taken
 * at once, the worker would run dry while the program handles them, and the program while the
 * worker handles what came of them, and each would fall asleep in every round.
 *
 * Thread rules: the port's isolate.
 */

import { type Bell, BellState } from "../memory/mod.ts";
import { eventLoopTurn } from "../platform/mod.ts";
import type { PortSleeper } from "./port_sleeper.ts";

/** Completions of each worker that a round takes. */
const PORTION = 64;
/** Completions between two turns of the event loop. */
const TAKEN_PER_TURN = 4096;
/** Rounds that find nothing before the pump rests: what was awaited may be awaited in turn. */
const ROUNDS_IN_VAIN = 3;

/** What the pump needs of its port. */
export interface PumpedPort {
  flush(): void;
  /** Takes completions that are there, at most `max` of each worker. Returns how many. */
  poll(max: number): number;
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
  #asleep = false;

  constructor(port: PumpedPort, bell: Bell, sleeper: PortSleeper) {
    this.#port = port;
    this.#bell = bell;
    this.#sleeper = sleeper;
  }

  /** Somebody awaits a task. */
  begin(): void {
    this.#awaiting++;
    if (!this.#running) void this.#run();
    else if (this.#asleep) this.#sleeper.hold();
  }

  /** So many have what they awaited, or gave up. */
  end(count: number): void {
    this.#awaiting -= count;
    if (this.#awaiting === 0 && this.#asleep) this.#sleeper.letGo();
  }

  /** A blocked wait has used up the bell that the pump sleeps on. */
  bellUsed(): void {
    if (this.#asleep) this.#sleeper.poke();
  }

  async #run(): Promise<void> {
    const port = this.#port;
    this.#running = true;
    let taken = 0;
    let inVain = ROUNDS_IN_VAIN;
    while (!port.isLost) {
      port.flush();
      const count = port.poll(PORTION);
      if (count > 0) {
        taken += count;
        inVain = 0;
      } else if (inVain < ROUNDS_IN_VAIN) {
        inVain++;
      } else {
        if (this.#awaiting === 0) break;
        await this.#sleep();
        continue;
      }
      // What was awaited goes on now, and often submits the next task.
      await null;
      if (taken >= TAKEN_PER_TURN) {
        taken = 0;
        await eventLoopTurn();
      }
    }
    this.#running = false;
  }

  async #sleep(): Promise<void> {
    this.#bell.prepare(BellState.eventLoop);
    if (this.#port.quiet) {
      // Who awaits keeps the program alive.
      this.#asleep = true;
      this.#sleeper.hold();
      await this.#sleeper.sleep(this.#bell);
      this.#asleep = false;
      this.#sleeper.letGo();
    }
    this.#bell.finish();
    this.#port.checkAlive();
  }
}
