/**
 * Pulls decoded bytes out of a `node:zlib` stream, at the pace of whoever wants them.
 *
 * The stream takes one piece of input at a time and holds at most one chunk of output beyond what
 * was asked for. It works off the thread, so each call is a promise.
 *
 * Thread rules: one call at a time.
 */

import type { Transform } from "node:stream";

/** A `node:zlib` stream: it counts the input that its decoder consumed. */
type Decompressor = Transform & { readonly bytesWritten: number };

/** Largest input that the stream takes in one piece. */
export const PIECE_BYTES_MAX = 64 << 10;

/** One `node:zlib` decompression stream. */
export class NodeStream implements Disposable {
  readonly #stream: Decompressor;
  #leftover: Uint8Array = new Uint8Array(0);
  #busy = false;
  #ended = false;
  #error: Error | null = null;
  #piece: Uint8Array = new Uint8Array(0);
  #takenBytes = 0;
  #wake: () => void = () => {};

  constructor(stream: Decompressor) {
    this.#stream = stream;
    const signal = () => this.#wake();
    stream.on("readable", signal);
    stream.on("end", () => {
      this.#ended = true;
      signal();
    });
    stream.on("error", (error) => {
      this.#error = error;
      signal();
    });
  }

  /** Whether the stream declared its end: the data is whole. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the stream still works on the last piece. */
  get busy(): boolean {
    return this.#busy;
  }

  /** The end of the last piece that the stream left alone because its data had ended before. */
  get unread(): Uint8Array {
    const unreadBytes = this.#takenBytes - this.#stream.bytesWritten;
    return this.#piece.subarray(this.#piece.length - unreadBytes);
  }

  /** Hands input to the stream, unless it still works on the last piece; returns bytes taken. */
  offer(src: Uint8Array): number {
    if (this.#busy || this.#ended || this.#error !== null || src.length === 0) return 0;
    // A copy, because the stream reads it after the caller has its memory back.
    const piece = new Uint8Array(src.subarray(0, PIECE_BYTES_MAX));
    this.#busy = true;
    this.#piece = piece;
    this.#takenBytes += piece.length;
    this.#stream.write(piece, (error) => {
      if (error) this.#error ??= error;
      this.#busy = false;
      this.#wake();
    });
    return piece.length;
  }

  /**
   * Fills `dst` as far as the input given so far allows; rejects with the stream's own error.
   *
   * @returns Bytes written; fewer than `dst` holds once the stream wants more input.
   */
  async pull(dst: Uint8Array): Promise<number> {
    let written = 0;
    while (true) {
      const changed = new Promise<void>((resolve) => this.#wake = resolve);
      written += this.#read(dst.subarray(written));
      if (written === dst.length) return written;
      if (this.#error !== null) throw this.#error;
      if (this.#leftover.length > 0 || this.#ended || !this.#busy) return written;
      await changed;
    }
  }

  /**
   * Declares that no more input comes. Rejects with the stream's own error, which is how it
   * reports data that is cut short.
   *
   * @returns Whether the data was whole and all of it was pulled; if not, pull and ask again.
   */
  async finish(): Promise<boolean> {
    if (!this.#stream.writableEnded) this.#stream.end();
    while (true) {
      const changed = new Promise<void>((resolve) => this.#wake = resolve);
      if (this.#error !== null) throw this.#error;
      // Reading is what lets the stream come to its end.
      if (this.#leftover.length === 0) this.#leftover = this.#stream.read() ?? this.#leftover;
      if (this.#leftover.length > 0) return false;
      if (this.#ended) return true;
      await changed;
    }
  }

  #read(dst: Uint8Array): number {
    let written = 0;
    while (written < dst.length) {
      if (this.#leftover.length === 0) {
        const chunk: Uint8Array | null = this.#stream.read();
        if (chunk === null) break;
        this.#leftover = chunk;
      }
      const count = Math.min(this.#leftover.length, dst.length - written);
      dst.set(this.#leftover.subarray(0, count), written);
      this.#leftover = this.#leftover.subarray(count);
      written += count;
    }
    return written;
  }

  [Symbol.dispose](): void {
    // A stream that is destroyed in mid-work may still report; nobody is left to hear it.
    this.#stream.on("error", () => {});
    this.#stream.destroy();
  }
}
