/**
 * Private memory that is used again from call to call.
 *
 * Larger pieces than {@linkcode RETAINED_BYTES_MAX} are given back after use, so that one huge
 * block does not hold its size for the life of a worker.
 *
 * Thread rules: one owner, one use at a time.
 */

const RETAINED_BYTES_MAX = 16 << 20;

/** A buffer that grows to the largest size asked of it. */
export class Scratch {
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  /** A view of `sizeBytes` bytes of unspecified content, valid until the next call. */
  take(sizeBytes: number): Uint8Array<ArrayBuffer> {
    if (sizeBytes > RETAINED_BYTES_MAX) return new Uint8Array(sizeBytes);
    if (this.#buffer.length < sizeBytes) {
      const grown = Math.max(4096, 2 ** Math.ceil(Math.log2(sizeBytes)));
      this.#buffer = new Uint8Array(grown);
    }
    return this.#buffer.subarray(0, sizeBytes);
  }

  /** A private copy of `view`, valid until the next call. */
  copyOf(view: Uint8Array): Uint8Array<ArrayBuffer> {
    const copy = this.take(view.length);
    copy.set(view);
    return copy;
  }

  clear(): void {
    this.#buffer = new Uint8Array(0);
  }
}
