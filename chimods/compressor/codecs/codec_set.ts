/**
 * An open set of codecs: one per worker thread.
 *
 *     openCodecs ──▶ CodecSet ──▶ block(id)        our form, for pools
 *                             ├─▶ frame(id)        the codec's standard form, in one piece
 *                             └─▶ openDecoder(id)  the standard form, piece by piece
 *
 * Contexts of the libraries are opened once and used for every call. The set frees them, and the
 * decoders it opened, when it is disposed; what it gave out throws from then on.
 *
 * Thread rules: a set belongs to the thread that opened it.
 */

import { type BlockContext, BlockForm } from "./block.ts";
import { crc32 } from "./checksum/mod.ts";
import type { BlockCodec, Codec } from "./codec.ts";
import { codecById, CodecId, type CodecName, CODECS } from "./codec_table.ts";
import { GzipFrame, LibZ, NodeInflateDecoder, ZlibFrame } from "./deflate/mod.ts";
import { failed, isKind, unavailable, unknownCodec } from "./failure.ts";
import { type DecoderEngine, type FrameDecoder, GuardedDecoder } from "./frame_decoder.ts";
import { Lz4Decoder, Lz4Frame } from "./lz4/mod.ts";
import { nodeZlib } from "./node_zlib_module.ts";
import {
  type OpenedProvider,
  openProvider,
  type Providers,
  type SkippedProvider,
  WORKING_CODECS,
  type WorkingCodec,
} from "./open_provider.ts";
import type { Provider, ProviderName } from "./provider.ts";
import { Scratch } from "./scratch.ts";
import { LibZstd, NodeZstdDecoder, ZstdFrame } from "./zstd/mod.ts";

/** Options of {@linkcode openCodecs}. */
export interface CodecOptions {
  /** Whether system libraries may be called through FFI; true when absent. */
  readonly ffi?: boolean;
  /** Providers to use whatever the order says. */
  readonly providers?: Partial<Record<CodecName, ProviderName>>;
}

/** Which provider a codec uses, and why not an earlier one. */
export interface CodecReport {
  readonly codec: CodecName;
  readonly provider: ProviderName;
  readonly skipped: readonly SkippedProvider[];
}

/**
 * Opens every codec.
 *
 * @example
 * ```ts ignore
 * using codecs = await openCodecs();
 * const lz4 = codecs.block(CodecId.lz4);
 * const packed = new Uint8Array(lz4.bound(data.length));
 * const packedBytes = lz4.compress(data, packed);
 * ```
 * @throws CHI-6003 when a codec has no provider on this machine, or not the one asked for.
 */
export async function openCodecs(options: CodecOptions = {}): Promise<CodecSet> {
  const ffi = options.ffi ?? true;
  using opened = new DisposableStack();
  const open = async <C extends WorkingCodec>(codec: C) => {
    const found = await openProvider(codec, { ffi, forced: options.providers?.[codec] });
    opened.use(found.provider);
    return found;
  };
  const found = {
    lz4: await open("lz4"),
    zstd: await open("zstd"),
    gzip: await open("gzip"),
    deflate: await open("deflate"),
  };
  return new CodecSet(found, opened.move());
}

type Found = { readonly [C in WorkingCodec]: OpenedProvider<Providers[C]> };

/** The codecs of one thread; see {@linkcode openCodecs}. */
export class CodecSet implements Disposable {
  readonly #found: Found;
  readonly #resources: DisposableStack;
  readonly #blocks: ReadonlyMap<CodecId, BlockCodec>;
  readonly #frames: ReadonlyMap<CodecId, Codec>;
  readonly #decoders = new Set<FrameDecoder>();
  /** Streams of the deflate family, when another library decodes the pieces that are whole. */
  #streamLibrary: LibZ | null = null;
  #closed = false;

  /** Use {@linkcode openCodecs}. The set owns `resources`. */
  constructor(found: Found, resources: DisposableStack) {
    this.#found = found;
    this.#resources = resources;
    const context: BlockContext = {
      crc32,
      shuffled: new Scratch(),
      providerOf: (codec) => this.#providerOf(codec),
    };
    this.#blocks = new Map(
      Object.values(CODECS).map((info) => [info.id, new BlockForm(info, context)]),
    );
    this.#frames = new Map<CodecId, Codec>([
      [CodecId.lz4, new Lz4Frame(() => this.#opened().lz4.provider)],
      [CodecId.zstd, new ZstdFrame(() => this.#opened().zstd.provider)],
      [CodecId.gzip, new GzipFrame(() => this.#opened().gzip.provider, crc32)],
      [CodecId.deflate, new ZlibFrame(() => this.#opened().deflate.provider)],
    ]);
  }

  /** The block form of a codec. Throws CHI-6001 for an unknown number. */
  block(codec: CodecId): BlockCodec {
    const block = this.#blocks.get(codec);
    if (block === undefined) throw unknownCodec(`number ${codec}`);
    return block;
  }

  /** The frame form of a codec. Throws CHI-6001 where there is none, as for `none`. */
  frame(codec: CodecId): Codec {
    const frame = this.#frames.get(codec);
    if (frame === undefined) throw unknownCodec(`frame form of ${codecById(codec).name}`);
    return frame;
  }

  /**
   * Opens a decoder for a stream of frames. Dispose it after use; the set does so at its own end.
   *
   * @throws CHI-6001 for a codec without a frame form.
   */
  openDecoder(codec: CodecId): FrameDecoder {
    const engine = this.#openEngine(codec);
    const decoder = new GuardedDecoder(engine, (closed) => this.#decoders.delete(closed));
    this.#decoders.add(decoder);
    return decoder;
  }

  #openEngine(codec: CodecId): DecoderEngine {
    const { lz4, zstd, gzip, deflate } = this.#opened();
    switch (codec) {
      case CodecId.lz4:
        return new Lz4Decoder(lz4.provider);
      case CodecId.zstd:
        return zstd.provider instanceof LibZstd
          ? zstd.provider.openDecoder()
          : new NodeZstdDecoder(nodeZlib());
      case CodecId.gzip:
        return this.#openInflate(gzip.provider, "gzip");
      case CodecId.deflate:
        return this.#openInflate(deflate.provider, "zlib");
      default:
        throw unknownCodec(`frame form of ${codecById(codec).name}`);
    }
  }

  #openInflate(provider: Provider, format: "gzip" | "zlib"): DecoderEngine {
    const library = this.#libraryFor(provider);
    if (library !== null) return library.openDecoder(format);
    return new NodeInflateDecoder(nodeZlib(), format);
  }

  /** libdeflate cannot decode in pieces; its streams go to libz where that is installed. */
  #libraryFor(provider: Provider): LibZ | null {
    if (provider instanceof LibZ) return provider;
    if (provider.name !== "libdeflate") return null;
    if (this.#streamLibrary !== null) return this.#streamLibrary;
    try {
      this.#streamLibrary = this.#resources.use(new LibZ());
    } catch (error) {
      if (!isKind(error, "codecUnavailable")) throw error;
    }
    return this.#streamLibrary;
  }

  /** The provider in use of each codec, and why earlier ones are not. */
  report(): readonly CodecReport[] {
    return Object.entries(this.#found).map(([codec, { provider, skipped }]) => ({
      codec: codec as CodecName,
      provider: provider.name,
      skipped,
    }));
  }

  #providerOf(codec: CodecId): Provider {
    const name = WORKING_CODECS.get(codec);
    if (name === undefined) throw unavailable("choose a provider", `codec ${codec} has none`);
    return this.#opened()[name].provider;
  }

  #opened(): Found {
    if (this.#closed) throw failed("use a codec", "the codec set is closed");
    return this.#found;
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const decoder of [...this.#decoders]) decoder[Symbol.dispose]();
    this.#resources[Symbol.dispose]();
  }
}
