/**
 * Gives back what modules leave behind. A thread keeps the code of every version that it has
 * imported for as long as it lives: of those before, of those that were refused, and of modules that
 * were unloaded. So after some of them the workers are recycled, one by one, while they are used.
 *
 * Thread rules: the assembling thread.
 */

import { type ChimaeraError, toChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Recycling } from "./recycling.ts";

export interface ThreadRenewalOptions {
  readonly workers: number;
  readonly recycling: Recycling;
  /** A worker could not be recycled; its thread runs on. */
  readonly onFailed: (error: ChimaeraError) => void;
}

export class ThreadRenewal {
  readonly #options: ThreadRenewalOptions;
  #left = 0;
  #hasEnded = false;
  /** Settles when no worker is being recycled. */
  over: Promise<void> = Promise.resolve();

  constructor(options: ThreadRenewalOptions) {
    this.#options = options;
  }

  /** A version that a worker has imported is not needed any more. */
  readonly note = (): void => {
    // The lanes of a node's only worker have nowhere to go meanwhile.
    if (this.#options.workers === 1 || ++this.#left < LIMITS.upgradesPerThread) return;
    this.#left = 0;
    this.over = this.over.then(() => this.#renewAll());
  };

  async #renewAll(): Promise<void> {
    const { workers, recycling, onFailed } = this.#options;
    for (let worker = 0; worker < workers && !this.#hasEnded; worker++) {
      try {
        await recycling.recycle(worker);
      } catch (thrown) {
        if (this.#hasEnded) return;
        onFailed(toChimaeraError(thrown, "recycleFailed", `recycle worker ${worker}`));
      }
    }
  }

  /** The node ends: no further worker is recycled. */
  end(): void {
    this.#hasEnded = true;
  }
}
