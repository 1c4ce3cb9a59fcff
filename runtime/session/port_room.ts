/**
 * Those who wait for a free slot of a port.
 *
 * While anybody does, the port takes its completions, as it does for tasks that are awaited: ends
 * of tasks that nobody wants make room too.
 *
 * Thread rules: the port's isolate.
 */

import { LIMITS } from "../limits.ts";
import { type Room, RoomQueue } from "../task/mod.ts";
import type { PortPump, PumpedPort } from "./port_pump.ts";
import type { PortSlots } from "./port_slots.ts";

export class PortRoom implements Room {
  readonly #port: PumpedPort;
  readonly #pump: PortPump;
  readonly #slots: PortSlots;
  readonly #queue = new RoomQueue();

  constructor(port: PumpedPort, pump: PortPump, slots: PortSlots) {
    this.#port = port;
    this.#pump = pump;
    this.#slots = slots;
  }

  /** A lost port is open: whoever comes in is told that it is lost. */
  readonly #isOpen = (): boolean => this.#slots.freeCount > 0 || this.#port.isLost;

  get isOpen(): boolean {
    if (this.#isOpen()) return true;
    // A task that was abandoned or sent without waiting may have ended.
    this.#port.flush();
    this.#port.poll(LIMITS.slotsPerPort);
    return this.#isOpen();
  }

  wait(call: () => void): void {
    this.#pump.begin();
    this.#queue.add(() => {
      this.#pump.end(1);
      call();
    });
  }

  /** A slot was given back, or the port was lost. */
  serve(): void {
    if (!this.#queue.isEmpty) this.#queue.serve(this.#isOpen);
  }
}
