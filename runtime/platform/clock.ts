/** The clock seam. Monotonic milliseconds; wall time for messages only. */

/** A source of time; the node simulator has its own. */
export interface Clock {
  /** Monotonic milliseconds, with fractions. */
  nowMs(): number;
  /** Milliseconds since 1970, for people. */
  wallMs(): number;
}

export const realClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
};
