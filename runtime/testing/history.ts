/** The hash of everything that happened in a run, in order: two runs are the same when theirs are. */

const PRIME_A = 0x01000193;
const PRIME_B = 0x85ebca6b;

export class History {
  #a = 0x811c9dc5;
  #b = 0x2545f491;

  /** Adds numbers; their low 32 bits count. */
  add(...values: readonly number[]): void {
    for (const value of values) {
      this.#a = Math.imul(this.#a ^ value, PRIME_A);
      this.#b = Math.imul(this.#b ^ (value + (this.#b >>> 13)), PRIME_B);
    }
  }

  /** Sixteen hexadecimal digits. */
  hash(): string {
    const hex = (word: number) => (word >>> 0).toString(16).padStart(8, "0");
    return hex(this.#a) + hex(this.#b);
  }
}
