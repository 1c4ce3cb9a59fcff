/**
 * Finding the provider of a codec: the first of its order that can be had on this machine.
 *
 * A provider counts as had when it opens and brings a small text back unharmed, so that a library
 * of another version is passed over here and does no damage later.
 */

import { CodecId, type CodecName } from "./codec_table.ts";
import { Fflate, LibDeflate, LibZ, NodeDeflate } from "./deflate/mod.ts";
import { failed, reasonOf, unavailable } from "./failure.ts";
import { LibLz4, type Lz4Provider, Lz4Wasm } from "./lz4/mod.ts";
import { FFI_PROVIDERS, type Provider, PROVIDER_ORDER, type ProviderName } from "./provider.ts";
import { LibZstd, NodeZstd, ZstdCodecPackageProvider, type ZstdProvider } from "./zstd/mod.ts";

/** The type of each codec's providers. */
export interface Providers {
  lz4: Lz4Provider;
  zstd: ZstdProvider;
  gzip: Provider;
  deflate: Provider;
}

/** A codec that transforms data: any but `none`. */
export type WorkingCodec = keyof Providers;

type Opener<T> = () => T | Promise<T>;
type Openers<T> = Partial<Record<ProviderName, Opener<T>>>;

const DEFLATE_OPENERS: Openers<Provider> = {
  "libdeflate": () => new LibDeflate(),
  "libz": () => new LibZ(),
  "node:zlib": () => NodeDeflate.open(),
  "fflate": () => Fflate.open(),
};

const OPENERS: { readonly [C in WorkingCodec]: Openers<Providers[C]> } = {
  lz4: {
    "liblz4": () => new LibLz4(),
    "lz4-wasm": () => Lz4Wasm.open(),
  },
  zstd: {
    "libzstd": () => new LibZstd(),
    "node:zlib": () => NodeZstd.open(),
    "zstd-codec": () => ZstdCodecPackageProvider.open(),
  },
  gzip: DEFLATE_OPENERS,
  deflate: DEFLATE_OPENERS,
};

/** A provider that was passed over, and why. */
export interface SkippedProvider {
  readonly provider: ProviderName;
  readonly why: string;
}

/** What was found for a codec. */
export interface OpenedProvider<T extends Provider = Provider> {
  readonly provider: T;
  readonly skipped: readonly SkippedProvider[];
}

/** How a provider is chosen. */
export interface ProviderChoice {
  readonly ffi: boolean;
  /** The one to take; the first that works when absent. */
  readonly forced: ProviderName | undefined;
}

/**
 * Opens the first provider of `codec` that works.
 *
 * @throws CHI-6003 when none does, with the reason of each.
 */
export async function openProvider<C extends WorkingCodec>(
  codec: C,
  choice: ProviderChoice,
): Promise<OpenedProvider<Providers[C]>> {
  const order = choice.forced === undefined ? PROVIDER_ORDER[codec] : [choice.forced];
  const skipped: SkippedProvider[] = [];
  for (const name of order) {
    try {
      const provider = await tryProvider(codec, name, choice.ffi);
      return { provider, skipped };
    } catch (error) {
      skipped.push({ provider: name, why: reasonOf(error) });
    }
  }
  const reasons = skipped.map(({ provider, why }) => `${provider} (${why})`).join(", ");
  throw unavailable(`open the codec ${codec}`, `no provider works: ${reasons}`);
}

async function tryProvider<C extends WorkingCodec>(
  codec: C,
  name: ProviderName,
  ffi: boolean,
): Promise<Providers[C]> {
  const open = OPENERS[codec][name];
  if (open === undefined) throw unavailable(`open ${name}`, `it is no provider of ${codec}`);
  if (!ffi && FFI_PROVIDERS.has(name)) throw unavailable(`open ${name}`, "FFI is denied");
  const provider = await open();
  try {
    proveProvider(provider, codec);
  } catch (error) {
    provider[Symbol.dispose]();
    throw error;
  }
  return provider;
}

const PROOF = new TextEncoder().encode("a bell, a ring, a bell, a ring, a lane ".repeat(8));

function proveProvider(provider: Provider, codec: CodecName): void {
  const packed = new Uint8Array(PROOF.length);
  const packedBytes = provider.compress(PROOF, packed, 1);
  const unpacked = new Uint8Array(PROOF.length);
  const unpackedBytes = packedBytes === 0
    ? 0
    : provider.decompress(packed.subarray(0, packedBytes), unpacked);
  if (unpackedBytes === PROOF.length && unpacked.every((byte, at) => byte === PROOF[at])) return;
  throw failed(`try ${provider.name}`, `it does not bring ${codec} data back`);
}

/** The codec numbers with a provider, and their names. */
export const WORKING_CODECS: ReadonlyMap<CodecId, WorkingCodec> = new Map([
  [CodecId.lz4, "lz4"],
  [CodecId.zstd, "zstd"],
  [CodecId.gzip, "gzip"],
  [CodecId.deflate, "deflate"],
]);
