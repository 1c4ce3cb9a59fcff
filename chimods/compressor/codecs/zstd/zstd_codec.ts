/**
 * zstd by the npm package zstd-codec, within the limits where it is right.
 *
 * Met here: above 4 MiB it ends in an abort that no later call survives; it returns null instead
 * of throwing; it needs the content size in the frame and believes it; it takes an empty frame for
 * an error; it cannot write a checksum. It works in memory of its own, so input and output are
 * copied.
 */

import { xxh64Low } from "../checksum/mod.ts";
import { corrupt, failed, overLimit, reasonOf, unavailable } from "../failure.ts";
import { FRAME_NEEDS_MORE, RAW_SIZE_UNKNOWN } from "../frame_length.ts";
import { writeU32 } from "../little_endian.ts";
import { Scratch } from "../scratch.ts";
import {
  parseZstdHeader,
  ZSTD_CHECKSUM_BYTES,
  ZSTD_CHECKSUM_FLAG,
  zstdFrameLength,
} from "./frame_layout.ts";
import { zstdBound, type ZstdProvider } from "./zstd_provider.ts";

/** The package's object for one-shot calls. */
interface SimpleCodec {
  compress(content: Uint8Array, level: number): Uint8Array | null;
  decompress(compressed: Uint8Array): Uint8Array | null;
}

interface LoadedPackage {
  Simple: new () => SimpleCodec;
}

interface ZstdCodecPackage {
  ZstdCodec: { run(ready: (loaded: LoadedPackage) => void): void };
}

const RAW_BYTES_MAX = 4 << 20;
const FHD_AT = 4;
const COMPRESS = "compress with zstd-codec";
const DECOMPRESS = "decompress a zstd frame";

/** The provider `zstd-codec`. */
export class ZstdCodecPackageProvider implements ZstdProvider {
  readonly name = "zstd-codec";
  readonly rawBytesMax = RAW_BYTES_MAX;
  readonly #simple: SimpleCodec;
  readonly #copy = new Scratch();

  private constructor(simple: SimpleCodec) {
    this.#simple = simple;
  }

  static async open(): Promise<ZstdCodecPackageProvider> {
    // The package is CommonJS written by a compiler and looks at a name that modules do not have.
    (globalThis as { __dirname?: string }).__dirname ??= import.meta.dirname ?? "/";
    const module: { default?: unknown } = await import("zstd-codec");
    const entry = (module.default ?? module) as ZstdCodecPackage;
    const loaded = await new Promise<LoadedPackage>((resolve) => entry.ZstdCodec.run(resolve));
    return new ZstdCodecPackageProvider(new loaded.Simple());
  }

  compress(src: Uint8Array, dst: Uint8Array, level: number): number {
    const output = this.#compressed(src, level);
    if (output.length > dst.length) return 0;
    dst.set(output);
    return output.length;
  }

  compressFrame(src: Uint8Array, dst: Uint8Array, level: number): number {
    const output = this.#compressed(src, level);
    const written = output.length + ZSTD_CHECKSUM_BYTES;
    if (written > dst.length) return 0;
    dst.set(output);
    dst[FHD_AT] = output[FHD_AT]! | ZSTD_CHECKSUM_FLAG;
    writeU32(dst, output.length, xxh64Low(src));
    return written;
  }

  #compressed(src: Uint8Array, level: number): Uint8Array {
    const output = this.#call(COMPRESS, () => this.#simple.compress(src, level));
    if (output === null) throw failed(COMPRESS, "it gave no result and no reason");
    if (zstdFrameLength(output) !== output.length) {
      throw failed(COMPRESS, "it wrote something besides one whole frame");
    }
    return output;
  }

  decompress(src: Uint8Array, dst: Uint8Array): number {
    if (src.length > zstdBound(RAW_BYTES_MAX)) throw this.#tooLarge(src.length);
    // A private copy: the sizes that are checked must be the ones that the package believes.
    const frame = this.#copy.copyOf(src);
    if (zstdFrameLength(frame) === FRAME_NEEDS_MORE) throw corrupt(DECOMPRESS, "it is cut short");
    const { contentBytes } = parseZstdHeader(frame);
    if (contentBytes === RAW_SIZE_UNKNOWN) {
      throw unavailable(DECOMPRESS, "zstd-codec needs the content size in the frame");
    }
    if (contentBytes > dst.length) {
      throw overLimit(DECOMPRESS, `it declares ${contentBytes} bytes, above ${dst.length}`);
    }
    if (contentBytes > RAW_BYTES_MAX) throw this.#tooLarge(contentBytes);
    if (contentBytes === 0) return 0;
    const output = this.#call(DECOMPRESS, () => this.#simple.decompress(frame));
    if (output === null) throw corrupt(DECOMPRESS, "zstd-codec refused it without a reason");
    if (output.length !== contentBytes) {
      throw corrupt(DECOMPRESS, `it holds ${output.length} bytes and declares ${contentBytes}`);
    }
    dst.set(output);
    return contentBytes;
  }

  #tooLarge(sizeBytes: number): Error {
    return overLimit(
      DECOMPRESS,
      `zstd-codec takes at most ${RAW_BYTES_MAX} bytes at a time, and this is ${sizeBytes}`,
    );
  }

  #call(what: string, call: () => Uint8Array | null): Uint8Array | null {
    try {
      return call();
    } catch (error) {
      throw failed(what, reasonOf(error), error);
    }
  }

  [Symbol.dispose](): void {
    this.#copy.clear();
  }
}
