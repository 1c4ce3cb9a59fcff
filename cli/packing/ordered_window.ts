/**
 * Work that is done by several at once and handed on in the order in which it was begun.
 *
 *     add ─▶ [ 7 ][ 6 ][ 5 ][ 4 ] ─▶ results, 4 first
 *              └── at most `limit` under way ──┘
 *
 * Thread rules: one isolate. One caller adds, another takes; each waits for the other.
 */

export class OrderedWindow<T> {
  readonly #limit: number;
  readonly #underWay: Promise<T>[] = [];
  #ended = false;
  #failure: { readonly error: unknown } | null = null;
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Pieces of work that were added and not handed on. */
  get length(): number {
    return this.#underWay.length;
  }

  /** Resolves when something can be added. Rejects when handing on has failed. */
  async room(): Promise<void> {
    while (this.#failure === null && this.#underWay.length >= this.#limit) {
      await this.#changed.promise;
    }
    this.#throwFailure();
  }

  /** Resolves when one more has been handed on. Rejects when that failed. */
  async oneLess(): Promise<void> {
    const before = this.#underWay.length;
    while (this.#failure === null && this.#underWay.length >= before) await this.#changed.promise;
    this.#throwFailure();
  }

  /** Resolves when all that was added has been handed on. Rejects when that failed. */
  async empty(): Promise<void> {
    while (this.#failure === null && this.#underWay.length > 0) await this.#changed.promise;
    this.#throwFailure();
  }

  add(work: Promise<T>): void {
    work.catch(() => {}); // It is awaited in its turn.
    this.#underWay.push(work);
    this.#notify();
  }

  /** Nothing more will be added. */
  end(): void {
    this.#ended = true;
    this.#notify();
  }

  /** Hands results on, one at a time, until the end. Rejects as soon as one fails. */
  async handOn(take: (result: T) => Promise<void>): Promise<void> {
    try {
      while (true) {
        const oldest = this.#underWay[0];
        if (oldest === undefined) {
          if (this.#ended) return;
          await this.#changed.promise;
          continue;
        }
        await take(await oldest);
        this.#underWay.shift();
        this.#notify();
      }
    } catch (error) {
      this.#failure = { error };
      this.#notify();
      throw error;
    }
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
