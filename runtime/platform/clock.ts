/** The clock seam. Monotonic milliseconds; wall time for messages only. */

import { machine } from "./simulated_machine.ts";

/** A source of time. */
export interface Clock {
  /** Monotonic milliseconds, with fractions. */
  nowMs(): number;
  /** Milliseconds since 1970, for people. */
  wallMs(): number;
}

/** The machine's clock; the simulation's in a simulated node. */
export const realClock: Clock = {
  nowMs: () => machine === null ? performance.now() : machine.nowMs(),
  wallMs: () => machine === null ? Date.now() : machine.wallMs(),
};
