/**
 * Taking a compressed source apart into frames, without decompressing.
 *
 *     source ─▶ [ held: frame │ frame │ part of a fr… ] ─▶ whole frames, one at a time
 *                                                    └───▶ or the rest, for a stream
 *
 * A frame that is too large to hold, or that does not say where it ends or how much it holds, is
 * not taken apart: from there on the source is a stream. Frames of user data, which decoders pass
 * over, are passed over here.
 *
 * Thread rules: the main isolate; one call at a time.
 */

import { ChimaeraError } from "../../runtime/errors.ts";
import {
  codecById,
  type CodecInfo,
  compressBound,
  FRAME_LENGTH_UNKNOWN,
  FRAME_NEEDS_MORE,
  frameLength,
  frameRawBytes,
  identifyFrame,
  RAW_SIZE_UNKNOWN,
  skippableLength,
} from "../../chimods/compressor/compressor_client.ts";
import { BLOCK_BYTES_MAX } from "./limits.ts";
import type { Source } from "./source.ts";

const HELD_BYTES_MIN = 1 << 20;
const HELD_BYTES_MAX = compressBound(BLOCK_BYTES_MAX);
/** A skippable frame is known by so many; every magic number by fewer. */
const HEAD_BYTES = 8;

/** What comes next in a source. */
export type Piece =
  | {
    readonly kind: "frame";
    readonly codec: CodecInfo;
    readonly frame: Uint8Array;
    readonly rawBytes: number;
    /** Of its first byte in the source. */
    readonly position: number;
  }
  | { readonly kind: "stream"; readonly codec: CodecInfo }
  | { readonly kind: "end" };

/** What a reader needs of its source. */
export type FrameSource = Pick<Source, "name" | "bytesRead" | "fill">;

export class FrameReader {
  readonly #source: FrameSource;
  #held: Uint8Array = new Uint8Array(HELD_BYTES_MIN);
  #from = 0;
  #to = 0;
  #atEnd = false;
  #codec: CodecInfo | null = null;

  constructor(source: FrameSource) {
    this.#source = source;
  }

  /** The codec of all frames; known from the first {@linkcode next} on. */
  get codec(): CodecInfo | null {
    return this.#codec;
  }

  /** The next frame, valid until the next call. Throws CHI-6002 for what is none. */
  async next(): Promise<Piece> {
    await this.#skip();
    if (this.#length === 0) {
      if (this.#source.bytesRead === 0) throw this.#corrupt("it is empty");
      if (this.#codec === null) throw this.#corrupt("it holds nothing to decompress");
      return { kind: "end" };
    }
    const codec = this.#identify();
    while (true) {
      const held = this.#bytes;
      const length = this.#measure(codec, held);
      if (length === FRAME_LENGTH_UNKNOWN) return { kind: "stream", codec };
      if (length !== FRAME_NEEDS_MORE) return this.#take(codec, held.subarray(0, length));
      if (this.#atEnd) throw this.#corrupt(`the frame at byte ${this.position} is cut short`);
      if (this.#length >= HELD_BYTES_MAX) return { kind: "stream", codec };
      await this.#more();
    }
  }

  #take(codec: CodecInfo, frame: Uint8Array): Piece {
    const rawBytes = frameRawBytes(codec.id, frame);
    if (rawBytes === RAW_SIZE_UNKNOWN || rawBytes > BLOCK_BYTES_MAX) {
      return { kind: "stream", codec };
    }
    const position = this.position;
    this.#from += frame.length;
    return { kind: "frame", codec, frame, rawBytes, position };
  }

  /** Reads on as a stream: what is held first, then the source. Returns the bytes read. */
  async fill(view: Uint8Array): Promise<number> {
    const count = Math.min(this.#length, view.length);
    view.set(this.#held.subarray(this.#from, this.#from + count));
    this.#from += count;
    return count + await this.#source.fill(view.subarray(count));
  }

  get #length(): number {
    return this.#to - this.#from;
  }

  get #bytes(): Uint8Array {
    return this.#held.subarray(this.#from, this.#to);
  }

  /** Where in the source the next byte is. */
  get position(): number {
    return this.#source.bytesRead - this.#length;
  }

  /** Passes over frames of user data, however long, and over padding behind gzip members. */
  async #skip(): Promise<void> {
    while (true) {
      while (this.#length < HEAD_BYTES && !this.#atEnd) await this.#more();
      const padding = this.#codec?.name === "gzip" ? zerosOf(this.#bytes) : 0;
      let left = padding > 0 ? padding : skippableLength(this.#bytes);
      if (left === 0) return;
      while (left > 0) {
        const count = Math.min(left, this.#length);
        this.#from += count;
        left -= count;
        if (left === 0) break;
        if (this.#atEnd) throw this.#corrupt("it is cut short");
        await this.#more();
      }
    }
  }

  /** The codec of the frame at hand. Throws CHI-6002 for anything else. */
  #identify(): CodecInfo {
    const found = identifyFrame(this.#bytes);
    let codec = this.#codec;
    if (codec === null) {
      if (found === undefined) throw this.#foreign();
      codec = codecById(found);
      this.#codec = codec;
    }
    if (found === codec.id) return codec;
    throw this.#corrupt(`no ${codec.name} frame begins at byte ${this.position}`);
  }

  #measure(codec: CodecInfo, held: Uint8Array): number {
    try {
      return frameLength(codec.id, held);
    } catch (thrown) {
      throw this.damaged(thrown, `the frame at byte ${this.position}`);
    }
  }

  /** Makes room behind what is held, and reads there. */
  async #more(): Promise<void> {
    if (this.#from > 0) {
      this.#held.copyWithin(0, this.#from, this.#to);
      this.#to -= this.#from;
      this.#from = 0;
    }
    if (this.#to === this.#held.length) {
      const grown = new Uint8Array(Math.min(2 * this.#held.length, HELD_BYTES_MAX));
      grown.set(this.#held);
      this.#held = grown;
    }
    const count = await this.#source.fill(this.#held.subarray(this.#to));
    this.#to += count;
    this.#atEnd = count === 0;
  }

  /** Names the source in an error about its content; other errors pass through. */
  damaged(thrown: unknown, place: string): unknown {
    if (!(thrown instanceof ChimaeraError)) return thrown;
    if (thrown.kind !== "codecCorrupt" && thrown.kind !== "codecLimit") return thrown;
    return new ChimaeraError(thrown.kind, {
      what: `decompress ${this.#source.name}`,
      why: `${place}: ${thrown.why}`,
      hint: thrown.hint,
      cause: thrown,
    });
  }

  /** What begins like none of the formats. */
  #foreign(): ChimaeraError {
    const { name } = this.#source;
    if (!isLegacyLz4(this.#bytes)) {
      return this.#corrupt("it is not a file of lz4, zstd or gzip");
    }
    return new ChimaeraError("codecUnknown", {
      what: `decompress ${name}`,
      why: "it is in lz4's legacy format (`lz4 -l`), which is not supported",
      hint: "convert it: `lz4 -dc OLD.lz4 | lz4 > NEW.lz4`",
    });
  }

  #corrupt(why: string): ChimaeraError {
    return new ChimaeraError("codecCorrupt", { what: `decompress ${this.#source.name}`, why });
  }
}

/** By its magic number, 0x184c2102. */
function isLegacyLz4(bytes: Uint8Array): boolean {
  return bytes[0] === 0x02 && bytes[1] === 0x21 && bytes[2] === 0x4c && bytes[3] === 0x18;
}

function zerosOf(bytes: Uint8Array): number {
  let count = 0;
  while (count < bytes.length && bytes[count] === 0) count++;
  return count;
}
