/**
 * What a caller sees of a codec: the same three calls for the block form and the frame form.
 *
 * Thread rules: a codec belongs to the thread that opened its set. Calls are synchronous and keep
 * no view after they return.
 */

import type { CodecId } from "./codec_table.ts";
import { badArgument } from "./failure.ts";
import type { ProviderName } from "./provider.ts";

/** Element size, in bytes, of the byte-shuffle filter; 0 is no filter. */
export type TypeSize = 0 | 2 | 4 | 8;

/** A codec in one output form. */
export interface Codec {
  readonly codec: CodecId;
  /** The implementation at work. */
  readonly provider: ProviderName;

  /** Size in bytes of a destination in which any `rawBytes` bytes fit, compressed. */
  bound(rawBytes: number): number;

  /**
   * Compresses all of `src` into the start of `dst`. The two must not overlap.
   *
   * @param level Within the codec's range in `CODECS`; 0 or absent is its default.
   * @returns Bytes written.
   * @throws CHI-3003 when `dst` is too small; a destination of {@linkcode bound} bytes never is.
   * CHI-3001 for a level out of range. CHI-6004 for more than the provider takes in one call.
   */
  compress(src: Uint8Array, dst: Uint8Array, level?: number): number;

  /**
   * Decompresses `src` into the start of `dst`. The two must not overlap.
   *
   * @returns Bytes written.
   * @throws CHI-6002 for damaged, truncated or foreign input. CHI-6004 when the output, or what
   * the input declares of it, is larger than `dst`; nothing was allocated for it.
   */
  decompress(src: Uint8Array, dst: Uint8Array): number;
}

/** A codec in our block form, which can shuffle bytes before it compresses. */
export interface BlockCodec extends Codec {
  /**
   * As {@linkcode Codec.compress}.
   *
   * @param typeSize Size in bytes of the array elements in `src`, for the byte-shuffle filter;
   * 0 or absent for none.
   */
  compress(src: Uint8Array, dst: Uint8Array, level?: number, typeSize?: TypeSize): number;
  /** Decompresses the block at the start of `src`, of any codec; bytes after it are ignored. */
  decompress(src: Uint8Array, dst: Uint8Array): number;
}

/** Throws CHI-3001 when the two views share a byte: a codec would read what it has just written. */
export function requireApart(what: string, src: Uint8Array, dst: Uint8Array): void {
  if (src.buffer !== dst.buffer) return;
  const srcEnd = src.byteOffset + src.byteLength;
  const dstEnd = dst.byteOffset + dst.byteLength;
  if (src.byteOffset >= dstEnd || dst.byteOffset >= srcEnd) return;
  throw badArgument(what, "source and destination overlap", "use two blocks, and copy afterwards");
}
