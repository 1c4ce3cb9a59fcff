/**
 * Who is in a lock and who waits for it, as its visitors tell: writers are alone, and nobody comes
 * in before one that asked earlier.
 *
 * Thread rules: one lane.
 */

interface Asked {
  readonly order: number;
  readonly id: number;
  readonly isWriter: boolean;
}

/** One handler's way through a lock. */
export interface Visit {
  enter(): void;
  /** It left, or gave up waiting. A second call does nothing. */
  leave(): void;
}

export class Visits {
  #lastOrder = 0;
  /** Of those who came in, the one that asked last. */
  #latest: Asked | null = null;
  readonly #inside = new Set<Asked>();
  readonly #fail: (why: string) => void;

  constructor(fail: (why: string) => void) {
    this.#fail = fail;
  }

  /** A handler is about to ask for the lock. */
  ask(id: number, isWriter: boolean): Visit {
    const asked = { order: ++this.#lastOrder, id, isWriter };
    return {
      enter: () => this.#enter(asked),
      leave: () => void this.#inside.delete(asked),
    };
  }

  #enter(asked: Asked): void {
    const latest = this.#latest;
    if (latest === null || latest.order < asked.order) this.#latest = asked;
    else this.#fail(`task ${latest.id} overtook task ${asked.id} at a lock`);
    this.#inside.add(asked);
    const together = [...this.#inside];
    if (together.length > 1 && together.some(({ isWriter }) => isWriter)) {
      this.#fail(`tasks ${together.map(({ id }) => id)} are in a lock together`);
    }
  }
}
