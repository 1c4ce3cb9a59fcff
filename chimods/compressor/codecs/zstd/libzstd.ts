/**
 * zstd by the system's libzstd, straight on the caller's memory.
 *
 * One compression and one decompression context live as long as the provider, so that a call
 * allocates nothing. The library's buffers are its own: a source that changes while it is read
 * gives an error or other bytes.
 */

import { addressOf, type NativeLibrary, type NativePointer, pinnedBytes } from "chimaera/platform";
import { corrupt, failed, overLimit, unavailable, windowOverLimit } from "../failure.ts";
import type { DecodeProgress, DecoderEngine } from "../frame_decoder.ts";
import { messageAt, requireLibrary } from "../library.ts";
import { requireDeclared, ZstdFrameWalker } from "./frame_layout.ts";
import { WINDOW_BYTES_MAX, type ZstdProvider } from "./zstd_provider.ts";

const SYMBOLS = {
  ZSTD_createCCtx: { parameters: [], result: "pointer" },
  ZSTD_freeCCtx: { parameters: ["pointer"], result: "usize" },
  ZSTD_CCtx_reset: { parameters: ["pointer", "i32"], result: "usize" },
  ZSTD_CCtx_setParameter: { parameters: ["pointer", "i32", "i32"], result: "usize" },
  ZSTD_compress2: {
    parameters: ["pointer", "buffer", "usize", "buffer", "usize"],
    result: "usize",
  },
  ZSTD_createDCtx: { parameters: [], result: "pointer" },
  ZSTD_freeDCtx: { parameters: ["pointer"], result: "usize" },
  ZSTD_decompressDCtx: {
    parameters: ["pointer", "buffer", "usize", "buffer", "usize"],
    result: "usize",
  },
  ZSTD_decompressStream: { parameters: ["pointer", "buffer", "buffer"], result: "usize" },
  ZSTD_getErrorCode: { parameters: ["usize"], result: "i32" },
  ZSTD_getErrorName: { parameters: ["usize"], result: "pointer" },
} as const;

type Library = NativeLibrary<typeof SYMBOLS>;

/** ZSTD_cParameter of zstd.h. */
const Parameter = { compressionLevel: 100, checksumFlag: 201 } as const;

/** ZSTD_ResetDirective of zstd.h: the parameters stay. */
const RESET_SESSION = 1;

/** ZSTD_ErrorCode of zstd_errors.h. */
const ErrorCode = {
  none: 0,
  windowTooLarge: 16,
  dictionaryWrong: 32,
  memoryAllocation: 64,
  destinationTooSmall: 70,
} as const;

/** Turns an error result of a decompression into ours. */
function decodeError(library: Library, result: bigint, code: number): Error {
  const what = "decompress a zstd frame";
  const why = messageAt(library.symbols.ZSTD_getErrorName(result));
  switch (code) {
    case ErrorCode.windowTooLarge:
      return windowOverLimit(what, WINDOW_BYTES_MAX);
    case ErrorCode.destinationTooSmall:
      return overLimit(what, "it holds more bytes than the destination");
    case ErrorCode.dictionaryWrong:
      return unavailable(what, "it needs a dictionary, and none can be given");
    case ErrorCode.memoryAllocation:
      return failed(what, why);
    default:
      return corrupt(what, why);
  }
}

/** The provider `libzstd`. */
export class LibZstd implements ZstdProvider {
  readonly name = "libzstd";
  readonly rawBytesMax = Number.MAX_SAFE_INTEGER;
  readonly #library: Library = requireLibrary("libzstd.so.1", SYMBOLS);
  #compression: NativePointer = null;
  #decompression: NativePointer = null;
  #level = 0;
  #checksum = 0;

  compress(src: Uint8Array, dst: Uint8Array, level: number): number {
    return this.#compress(src, dst, level, 0);
  }

  compressFrame(src: Uint8Array, dst: Uint8Array, level: number): number {
    return this.#compress(src, dst, level, 1);
  }

  #compress(src: Uint8Array, dst: Uint8Array, level: number, checksum: 0 | 1): number {
    const zstd = this.#library.symbols;
    this.#compression ??= this.#created(zstd.ZSTD_createCCtx());
    if (level !== this.#level) {
      this.#set(Parameter.compressionLevel, level);
      this.#level = level;
    }
    if (checksum !== this.#checksum) {
      this.#set(Parameter.checksumFlag, checksum);
      this.#checksum = checksum;
    }
    const written = zstd.ZSTD_compress2(
      this.#compression,
      dst,
      BigInt(dst.length),
      src,
      BigInt(src.length),
    );
    const code = zstd.ZSTD_getErrorCode(written);
    if (code === ErrorCode.none) return Number(written);
    // A context that failed is still in the middle of its frame, where no parameter can be set.
    zstd.ZSTD_CCtx_reset(this.#compression, RESET_SESSION);
    if (code === ErrorCode.destinationTooSmall) return 0;
    throw failed("compress with libzstd", messageAt(zstd.ZSTD_getErrorName(written)));
  }

  #set(parameter: number, value: number): void {
    const zstd = this.#library.symbols;
    const result = zstd.ZSTD_CCtx_setParameter(this.#compression, parameter, value);
    if (zstd.ZSTD_getErrorCode(result) === ErrorCode.none) return;
    throw failed("configure libzstd", messageAt(zstd.ZSTD_getErrorName(result)));
  }

  #created(context: NativePointer): NativePointer {
    if (context === null) throw failed("open libzstd", "it could not allocate a context");
    return context;
  }

  decompress(src: Uint8Array, dst: Uint8Array): number {
    const zstd = this.#library.symbols;
    this.#decompression ??= this.#created(zstd.ZSTD_createDCtx());
    const written = zstd.ZSTD_decompressDCtx(
      this.#decompression,
      dst,
      BigInt(dst.length),
      src,
      BigInt(src.length),
    );
    const code = zstd.ZSTD_getErrorCode(written);
    if (code !== ErrorCode.none) throw decodeError(this.#library, written, code);
    return Number(written);
  }

  /** A decoder of streams, with a context of its own. */
  openDecoder(): DecoderEngine {
    return new LibZstdDecoder(
      this.#library,
      this.#created(this.#library.symbols.ZSTD_createDCtx()),
    );
  }

  [Symbol.dispose](): void {
    const zstd = this.#library.symbols;
    if (this.#compression !== null) zstd.ZSTD_freeCCtx(this.#compression);
    if (this.#decompression !== null) zstd.ZSTD_freeDCtx(this.#decompression);
    this.#compression = null;
    this.#decompression = null;
    this.#library[Symbol.dispose]();
  }
}

/** ZSTD_inBuffer and ZSTD_outBuffer of zstd.h: address, size, position, 8 bytes each. */
class StreamBuffer {
  readonly bytes = pinnedBytes(24);
  readonly #words = new BigUint64Array(this.bytes.buffer);

  set(view: Uint8Array, position: number): void {
    this.#words[0] = BigInt(addressOf(view));
    this.#words[1] = BigInt(view.length);
    this.#words[2] = BigInt(position);
  }

  get position(): number {
    return Number(this.#words[2]);
  }
}

class LibZstdDecoder implements DecoderEngine {
  readonly provider = "libzstd";
  readonly synchronous = true;
  readonly #library: Library;
  readonly #input = new StreamBuffer();
  readonly #output = new StreamBuffer();
  #context: NativePointer;
  /** The library does not hold every frame to the size that it declares. */
  #walker = new ZstdFrameWalker();
  #frameRawBytes = 0;
  #atFrameEnd = false;
  #midFrame = false;

  constructor(library: Library, context: NativePointer) {
    this.#library = library;
    this.#context = context;
  }

  push(src: Uint8Array, dst: Uint8Array): DecodeProgress {
    const zstd = this.#library.symbols;
    let read = 0;
    let written = 0;
    // Without input the library is called only to hand over what it still holds.
    while (written < dst.length && (read < src.length || this.#midFrame)) {
      this.#input.set(src, read);
      this.#output.set(dst, written);
      const result = zstd.ZSTD_decompressStream(
        this.#context,
        this.#output.bytes,
        this.#input.bytes,
      );
      const code = zstd.ZSTD_getErrorCode(result);
      if (code !== ErrorCode.none) throw decodeError(this.#library, result, code);
      this.#atFrameEnd = result === 0n;
      this.#midFrame = !this.#atFrameEnd;
      const moved = this.#input.position > read || this.#output.position > written;
      this.#walker.walk(src.subarray(read, this.#input.position));
      this.#frameRawBytes += this.#output.position - written;
      if (this.#atFrameEnd) this.#endFrame();
      read = this.#input.position;
      written = this.#output.position;
      if (!moved) break;
    }
    return { read, written, done: this.#atFrameEnd };
  }

  #endFrame(): void {
    requireDeclared(this.#walker.header, this.#frameRawBytes);
    this.#walker = new ZstdFrameWalker();
    this.#frameRawBytes = 0;
  }

  finish(): boolean {
    return this.#atFrameEnd;
  }

  [Symbol.dispose](): void {
    this.#library.symbols.ZSTD_freeDCtx(this.#context);
    this.#context = null;
  }
}
