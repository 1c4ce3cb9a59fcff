/**
 * Decoding a stream of frames that is larger than memory, piece by piece.
 *
 *     source pieces ──push──▶ decoder ──▶ destination pieces
 *
 * Frames may follow one another, and skippable frames between them are passed over. A decoder
 * holds at most a window (zstd), a block (lz4) or 64 KiB (gzip) of the data.
 *
 * Thread rules: a decoder belongs to the thread that opened it; one push at a time.
 */

import { corrupt, failed } from "./failure.ts";
import type { ProviderName } from "./provider.ts";

/** What one {@linkcode FrameDecoder.push} did. */
export interface DecodeProgress {
  /** Bytes taken from the source. */
  readonly read: number;
  /** Bytes put into the destination. */
  readonly written: number;
  /**
   * Whether the source ends here with a whole frame, all of it delivered. A decoder that cannot
   * tell before {@linkcode FrameDecoder.finish} reports false.
   */
  readonly done: boolean;
}

/**
 * A streaming decoder.
 *
 * @example
 * ```ts ignore
 * using decoder = codecs.openDecoder(CodecId.zstd);
 * for await (const piece of file.readable) {
 *   for (let rest = piece, full = false; rest.length > 0 || full;) {
 *     const { read, written } = await decoder.push(rest, output);
 *     await sink.write(output.subarray(0, written));
 *     rest = rest.subarray(read);
 *     full = written === output.length;
 *   }
 * }
 * await decoder.finish();
 * ```
 */
export interface FrameDecoder extends Disposable {
  readonly provider: ProviderName;
  /** Whether `push` and `finish` return their results directly and never a promise. */
  readonly synchronous: boolean;

  /**
   * Takes bytes from the start of `src` and puts decoded ones at the start of `dst`, which must
   * have room. Call it with what was not read, and again while it fills `dst`. An empty `src` only
   * asks for what is left.
   *
   * @throws CHI-6002 for damaged or foreign input, CHI-6004 for a window above 128 MiB. After an
   * error the decoder stays in it.
   */
  push(src: Uint8Array, dst: Uint8Array): DecodeProgress | Promise<DecodeProgress>;

  /** Declares that the source is over. Throws CHI-6002 unless it ended with a whole frame. */
  finish(): void | Promise<void>;
}

/** The part of a decoder that differs between formats. */
export interface DecoderEngine extends Disposable {
  readonly provider: ProviderName;
  readonly synchronous: boolean;
  push(src: Uint8Array, dst: Uint8Array): DecodeProgress | Promise<DecodeProgress>;
  /** Whether the source ended with a whole frame, or the promise of an answer. */
  finish(): boolean | Promise<boolean>;
}

/** Gives an engine the rules that all decoders share: sticky errors, closing, truncation. */
export class GuardedDecoder implements FrameDecoder {
  readonly #engine: DecoderEngine;
  readonly #onClose: (decoder: FrameDecoder) => void;
  #error: unknown = null;
  #closed = false;

  constructor(engine: DecoderEngine, onClose: (decoder: FrameDecoder) => void) {
    this.#engine = engine;
    this.#onClose = onClose;
  }

  get provider(): ProviderName {
    return this.#engine.provider;
  }

  get synchronous(): boolean {
    return this.#engine.synchronous;
  }

  push(src: Uint8Array, dst: Uint8Array): DecodeProgress | Promise<DecodeProgress> {
    return this.#guard(() => this.#engine.push(src, dst));
  }

  finish(): void | Promise<void> {
    const whole = this.#guard(() => this.#engine.finish());
    if (typeof whole === "boolean") return this.#requireWhole(whole);
    return whole.then((answer) => this.#requireWhole(answer));
  }

  #requireWhole(whole: boolean): void {
    if (whole) return;
    this.#error = corrupt("decompress a stream", "it ends in the middle of a frame");
    throw this.#error;
  }

  #guard<T>(call: () => T | Promise<T>): T | Promise<T> {
    if (this.#closed) throw failed("decompress a stream", "the decoder is closed");
    if (this.#error !== null) throw this.#error;
    try {
      const result = call();
      if (!(result instanceof Promise)) return result;
      return result.catch((error) => {
        this.#error ??= error;
        throw error;
      });
    } catch (error) {
      this.#error = error;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#engine[Symbol.dispose]();
    this.#onClose(this);
  }
}
