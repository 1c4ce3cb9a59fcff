/** The timer seam: turns of the event loop, and waiting for a time. */

import { machine } from "./simulated_machine.ts";

/** Resolves after everything that the event loop has ready now had its turn. */
export function eventLoopTurn(): Promise<void> {
  if (machine !== null) return machine.eventLoopTurn();
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * A turn of the real event loop, whatever machine is in force, after `ms` at the earliest.
 *
 * @param holds Whether it keeps the program alive.
 */
export function realTurn(ms: number, holds: boolean): Promise<void> {
  return new Promise((resolve) => {
    const timer = ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms);
    if (!holds) timer.unref();
  });
}

/** A repeating call; the returned function ends it. Keeps the program alive meanwhile. */
export function every(ms: number, call: () => void): () => void {
  if (machine !== null) return machine.every(ms, call);
  const id = setInterval(call, ms);
  return () => clearInterval(id);
}

/** One call after `ms`; the returned function takes it back. */
export function after(ms: number, call: () => void): () => void {
  if (machine !== null) return machine.after(ms, call);
  const id = setTimeout(call, ms);
  return () => clearTimeout(id);
}

/** Waits for the promise, but no longer than `ms`; whether it was settled in time. */
export async function atMost(ms: number, promise: Promise<unknown>): Promise<boolean> {
  let cancel = () => {};
  const late = new Promise<boolean>((resolve) => cancel = after(ms, () => resolve(false)));
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    cancel();
  }
}

/** Resolves after `ms`. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => after(ms, resolve));
}

/** As {@linkcode delay}, and does not keep the program alive. */
export function pause(ms: number): Promise<void> {
  if (machine !== null) return delay(ms);
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}

/**
 * A repeating call that keeps the program alive only while somebody holds it. Cheaper than making
 * and clearing an interval around each wait.
 */
export class Heartbeat {
  readonly #periodMs: number;
  readonly #beat: () => void;
  #id: ReturnType<typeof setInterval> | null = null;
  /** Ends the simulated one. */
  #stop: (() => void) | null = null;

  constructor(periodMs: number, beat: () => void) {
    this.#periodMs = periodMs;
    this.#beat = beat;
  }

  hold(): void {
    if (machine !== null) this.#stop ??= machine.every(this.#periodMs, this.#beat);
    else if (this.#id === null) this.#id = setInterval(this.#beat, this.#periodMs);
    else this.#id.ref();
  }

  letGo(): void {
    this.#id?.unref();
  }

  close(): void {
    if (this.#id !== null) clearInterval(this.#id);
    this.#id = null;
    this.#stop?.();
    this.#stop = null;
  }
}
