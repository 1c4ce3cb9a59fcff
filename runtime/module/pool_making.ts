/**
 * Pools that are being made, by module: an upgrade waits for them, and they for it.
 *
 * Thread rules: the assembling thread.
 */

import type { ChimaeraError } from "../errors.ts";
import { atMost } from "../platform/mod.ts";

/** How long to wait for pools that are being made, and what to throw then. */
export interface MakingLimit {
  readonly limitMs: number;
  readonly tooLate: () => ChimaeraError;
}

export class PoolMaking {
  readonly #underWay = new Map<string, Set<Promise<unknown>>>();
  /** Of modules that are being upgraded: when that is over. */
  readonly #closed = new Map<string, Promise<void>>();
  /** How many are being made, or wait for an upgrade. */
  count = 0;

  /** Makes a pool of a module, when nobody upgrades that. */
  async track<T>(libName: string, make: () => Promise<T>): Promise<T> {
    this.count++;
    try {
      while (this.#closed.has(libName)) await this.#closed.get(libName);
      const making = make();
      const all = this.#underWay.get(libName) ?? new Set();
      this.#underWay.set(libName, all.add(making));
      await making.finally(() => all.delete(making));
      return await making;
    } finally {
      this.count--;
    }
  }

  /**
   * Calls `call` when no pool of a module is being made; none is begun before it has ended. A module
   * whose `create` never ends is one whose author wants to mend it: there is a limit.
   */
  async without<T>(
    libName: string,
    { limitMs, tooLate }: MakingLimit,
    call: () => Promise<T>,
  ): Promise<T> {
    while (this.#closed.has(libName)) await this.#closed.get(libName);
    const over = Promise.withResolvers<void>();
    this.#closed.set(libName, over.promise);
    try {
      const made = Promise.allSettled(this.#underWay.get(libName) ?? []);
      if (!await atMost(limitMs, made)) throw tooLate();
      return await call();
    } finally {
      this.#closed.delete(libName);
      over.resolve();
    }
  }
}
