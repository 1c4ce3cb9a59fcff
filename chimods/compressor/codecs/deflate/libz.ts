/**
 * Raw deflate, and streams of gzip and zlib, by the system's libz.
 *
 * The library copies its input into a window of its own before it looks at it, so a source that
 * changes meanwhile gives other bytes and nothing worse. Contexts are kept and reset.
 */

import type { NativeLibrary } from "chimaera/platform";
import { corrupt, failed, overLimit, unavailable } from "../failure.ts";
import type { DecodeProgress, DecoderEngine } from "../frame_decoder.ts";
import { requireLibrary } from "../library.ts";
import type { Provider } from "../provider.ts";
import { paddingBytes } from "./padding.ts";
import { ZStream } from "./z_stream.ts";

const SYMBOLS = {
  zlibVersion: { parameters: [], result: "pointer" },
  deflateInit2_: {
    parameters: ["buffer", "i32", "i32", "i32", "i32", "i32", "pointer", "i32"],
    result: "i32",
  },
  deflate: { parameters: ["buffer", "i32"], result: "i32" },
  deflateReset: { parameters: ["buffer"], result: "i32" },
  deflateParams: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  deflateEnd: { parameters: ["buffer"], result: "i32" },
  inflateInit2_: { parameters: ["buffer", "i32", "pointer", "i32"], result: "i32" },
  inflate: { parameters: ["buffer", "i32"], result: "i32" },
  inflateReset: { parameters: ["buffer"], result: "i32" },
  inflateEnd: { parameters: ["buffer"], result: "i32" },
} as const;

type Library = NativeLibrary<typeof SYMBOLS>;

/** Return codes and constants of zlib.h. */
const Z = {
  noFlush: 0,
  finish: 4,
  ok: 0,
  streamEnd: 1,
  needDictionary: 2,
  dataError: -3,
  memoryError: -4,
  bufferError: -5,
  deflated: 8,
  defaultStrategy: 0,
  memoryLevel: 8,
} as const;

/** Window of 32 KiB: raw deflate when negative, with 16 added a gzip member, else a zlib stream. */
const WindowBits = { raw: -15, zlib: 15, gzip: 31 } as const;

const COUNT_MAX = 0xffffffff;

function openInflate(library: Library, windowBits: number): ZStream {
  const stream = new ZStream();
  const z = library.symbols;
  const result = z.inflateInit2_(stream.bytes, windowBits, z.zlibVersion(), stream.bytes.length);
  if (result !== Z.ok) throw failed("open libz", `inflateInit2 returned ${result}`);
  return stream;
}

/** Turns a refusal of `inflate` into our error. */
function inflateError(result: number, stream: ZStream): Error {
  const what = "decompress with libz";
  switch (result) {
    case Z.dataError:
      return corrupt(what, stream.message);
    case Z.needDictionary:
      return unavailable(what, "the data needs a dictionary, and none can be given");
    default:
      return failed(what, `inflate returned ${result}`);
  }
}

/** The provider `libz`. */
export class LibZ implements Provider {
  readonly name = "libz";
  readonly rawBytesMax = COUNT_MAX;
  readonly #library: Library = requireLibrary("libz.so.1", SYMBOLS);
  readonly #spare = new Uint8Array(1);
  #deflater: ZStream | null = null;
  #inflater: ZStream | null = null;
  #level = 0;

  compress(src: Uint8Array, dst: Uint8Array, level: number): number {
    if (dst.length === 0) return 0;
    const z = this.#library.symbols;
    const stream = this.#readyDeflater(level);
    stream.setInput(src);
    stream.setOutput(dst);
    const result = z.deflate(stream.bytes, Z.finish);
    if (result === Z.streamEnd) return dst.length - stream.outputLeft;
    if (result === Z.ok || result === Z.bufferError) return 0;
    throw failed("compress with libz", `deflate returned ${result}`);
  }

  #readyDeflater(level: number): ZStream {
    const z = this.#library.symbols;
    if (this.#deflater === null) {
      const stream = new ZStream();
      const result = z.deflateInit2_(
        stream.bytes,
        level,
        Z.deflated,
        WindowBits.raw,
        Z.memoryLevel,
        Z.defaultStrategy,
        z.zlibVersion(),
        stream.bytes.length,
      );
      if (result !== Z.ok) throw failed("open libz", `deflateInit2 returned ${result}`);
      this.#deflater = stream;
      this.#level = level;
      return stream;
    }
    z.deflateReset(this.#deflater.bytes);
    if (level !== this.#level) {
      z.deflateParams(this.#deflater.bytes, level, Z.defaultStrategy);
      this.#level = level;
    }
    return this.#deflater;
  }

  decompress(src: Uint8Array, dst: Uint8Array): number {
    const z = this.#library.symbols;
    if (this.#inflater === null) this.#inflater = openInflate(this.#library, WindowBits.raw);
    else z.inflateReset(this.#inflater.bytes);
    const stream = this.#inflater;
    // The library refuses to run without any room, even for data that decodes to nothing.
    const output = dst.length > 0 ? dst : this.#spare;
    stream.setInput(src);
    stream.setOutput(output);
    const result = z.inflate(stream.bytes, Z.finish);
    const written = output.length - stream.outputLeft;
    if (result === Z.streamEnd && written <= dst.length) {
      if (stream.inputLeft === 0) return written;
      throw corrupt("decompress with libz", `the data ends ${stream.inputLeft} bytes early`);
    }
    if (result === Z.streamEnd || stream.outputLeft === 0) {
      throw overLimit("decompress with libz", "the data holds more bytes than the destination");
    }
    if (result === Z.ok || result === Z.bufferError) {
      throw corrupt("decompress with libz", "the data is cut short");
    }
    throw inflateError(result, stream);
  }

  /** A decoder of streams, with a context of its own. */
  openDecoder(format: "gzip" | "zlib"): DecoderEngine {
    return new LibZDecoder(this.#library, format);
  }

  [Symbol.dispose](): void {
    const z = this.#library.symbols;
    if (this.#deflater !== null) z.deflateEnd(this.#deflater.bytes);
    if (this.#inflater !== null) z.inflateEnd(this.#inflater.bytes);
    this.#deflater = null;
    this.#inflater = null;
    this.#library[Symbol.dispose]();
  }
}

class LibZDecoder implements DecoderEngine {
  readonly provider = "libz";
  readonly synchronous = true;
  readonly #library: Library;
  readonly #stream: ZStream;
  readonly #members: boolean;
  /** Whether the last member ended and none began since. */
  #atEnd = false;
  /** Whether the last call filled the destination, so that more may be waiting. */
  #full = false;

  constructor(library: Library, format: "gzip" | "zlib") {
    this.#library = library;
    this.#members = format === "gzip";
    this.#stream = openInflate(library, WindowBits[format]);
  }

  push(src: Uint8Array, dst: Uint8Array): DecodeProgress {
    const z = this.#library.symbols;
    let read = 0;
    let written = 0;
    while (true) {
      if (this.#atEnd) {
        read += paddingBytes(src.subarray(read), this.#members);
        if (read === src.length) break;
        z.inflateReset(this.#stream.bytes);
        this.#atEnd = false;
      }
      if (written === dst.length || (read === src.length && !this.#full)) break;
      this.#stream.setInput(src.subarray(read));
      this.#stream.setOutput(dst.subarray(written));
      const result = z.inflate(this.#stream.bytes, Z.noFlush);
      if (result !== Z.ok && result !== Z.streamEnd && result !== Z.bufferError) {
        throw inflateError(result, this.#stream);
      }
      read = src.length - this.#stream.inputLeft;
      written = dst.length - this.#stream.outputLeft;
      this.#atEnd = result === Z.streamEnd;
      this.#full = !this.#atEnd && this.#stream.outputLeft === 0;
      if (result === Z.bufferError) break;
    }
    return { read, written, done: this.#atEnd };
  }

  finish(): boolean {
    return this.#atEnd;
  }

  [Symbol.dispose](): void {
    this.#library.symbols.inflateEnd(this.#stream.bytes);
  }
}
