/**
 * Owners of a simulated world that get no processor for a while: for so many steps of others, or
 * for a time.
 *
 * Thread rules: none; plain values.
 */

export class HeldOwners {
  /** The step from which each goes on, and the time. */
  readonly #paused = new Map<number, number>();
  readonly #stalled = new Map<number, number>();

  /** Until a step; or until nobody else can go on. */
  pause(owner: number, step: number): void {
    this.#paused.set(owner, step);
  }

  /** Until a time. */
  stall(owner: number, ms: number): void {
    this.#stalled.set(owner, ms);
  }

  mayGo(owner: number, step: number, nowMs: number): boolean {
    if (this.endMs(owner) > nowMs) return false;
    const until = this.#paused.get(owner);
    if (until === undefined) return true;
    if (step < until) return false;
    this.#paused.delete(owner);
    return true;
  }

  /** When the owner goes on that is held for a time; 0 for one that was not. */
  endMs(owner: number): number {
    return this.#stalled.get(owner) ?? 0;
  }

  get anyPaused(): boolean {
    return this.#paused.size > 0;
  }

  /** Lets those go on that wait for a step. False when there are none. */
  resumePaused(): boolean {
    const any = this.anyPaused;
    this.#paused.clear();
    return any;
  }
}
