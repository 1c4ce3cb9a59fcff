/**
 * What a provider is: one implementation of one codec's bare transformation.
 *
 * Providers know nothing of headers and checksums of ours; `block.ts` and the frame files add
 * them. Every provider of a codec reads what every other one writes.
 *
 * Contract, for all of them:
 * - the length of `dst` caps the output before anything is allocated;
 * - `src` may change while it is read: results may then be wrong or an error, memory stays safe;
 * - `src` and `dst` may be backed by shared memory, and do not overlap;
 * - every length that a library or package returns is checked here.
 *
 * Thread rules: a provider belongs to the thread that opened it. Calls are synchronous.
 */

import type { CodecName } from "./codec_table.ts";
import { overLimit } from "./failure.ts";

/** Name of an implementation. Names of libraries and packages as their authors write them. */
export type ProviderName =
  | "liblz4"
  | "lz4-wasm"
  | "libzstd"
  | "zstd-codec"
  | "libdeflate"
  | "libz"
  | "fflate"
  | "node:zlib"
  | "builtin";

/**
 * Providers of each codec, in the order in which they are tried: the fastest first. The runtime's
 * deflate comes before the system's libz because it was measured at 2.7 times its speed at the
 * default level, and at 1.3 times or more when it inflates.
 */
export const PROVIDER_ORDER: Readonly<Record<CodecName, readonly ProviderName[]>> = {
  lz4: ["liblz4", "lz4-wasm"],
  zstd: ["libzstd", "node:zlib", "zstd-codec"],
  gzip: ["libdeflate", "node:zlib", "libz", "fflate"],
  deflate: ["libdeflate", "node:zlib", "libz", "fflate"],
  none: ["builtin"],
};

/** Providers that call a system library and so need FFI. */
export const FFI_PROVIDERS: ReadonlySet<ProviderName> = new Set(
  ["liblz4", "libzstd", "libdeflate", "libz"] as const,
);

/** The bare transformation of a codec. */
export interface Provider extends Disposable {
  readonly name: ProviderName;
  /** Most raw bytes of one call; more is CHI-6004. */
  readonly rawBytesMax: number;
  /**
   * Compresses `src` into `dst`.
   *
   * @param level A level within the codec's range.
   * @returns Bytes written, or 0 when the result does not fit in `dst`.
   */
  compress(src: Uint8Array, dst: Uint8Array, level: number): number;
  /**
   * Decompresses all of `src` into the start of `dst`.
   *
   * @returns Bytes written. Throws CHI-6002 for damaged input, CHI-6004 where it can tell that
   * `dst` was too small for it.
   */
  decompress(src: Uint8Array, dst: Uint8Array): number;
}

/** Throws CHI-6004 when `rawBytes` are more than the provider takes in one call. */
export function requireSize(what: string, provider: Provider, rawBytes: number): void {
  if (rawBytes <= provider.rawBytesMax) return;
  throw overLimit(
    what,
    `${provider.name} takes at most ${provider.rawBytesMax} bytes at a time, not ${rawBytes}`,
    "send smaller blocks, or allow FFI to the system's library",
  );
}
