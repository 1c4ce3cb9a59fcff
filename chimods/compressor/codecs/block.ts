/**
 * The block form: a header of ours and what a provider made of the data.
 *
 * Data that does not shrink is stored as codec none, so a block is never larger than its data and
 * header. The layout is drawn in `block_header.ts`.
 */

import type { Crc32 } from "./checksum/mod.ts";
import { type BlockCodec, requireApart, type TypeSize } from "./codec.ts";
import { CodecId, type CodecInfo, resolveLevel } from "./codec_table.ts";
import {
  BLOCK_BYTES_MAX,
  BLOCK_CHECKED_BYTES,
  BLOCK_HEADER_BYTES,
  type BlockHeader,
  readBlockHeader,
  sealBlockHeader,
  writeBlockHeader,
} from "./block_header.ts";
import {
  badArgument,
  corrupt,
  holdsMore,
  holdsOther,
  isKind,
  overLimit,
  tooSmall,
} from "./failure.ts";
import { type Provider, type ProviderName, requireSize } from "./provider.ts";
import type { Scratch } from "./scratch.ts";
import { shuffle, unshuffle } from "./shuffle.ts";

const COMPRESS = "compress a block";
const DECOMPRESS = "decompress a block";

/** What the blocks of one codec set share. */
export interface BlockContext {
  readonly crc32: Crc32;
  /** Holds the shuffled bytes while a block is made or read. */
  readonly shuffled: Scratch;
  /** The provider of any codec but none: a block is read by whichever it names. */
  providerOf(codec: CodecId): Provider;
}

/** The block form of one codec. */
export class BlockForm implements BlockCodec {
  readonly #info: CodecInfo;
  readonly #context: BlockContext;

  constructor(info: CodecInfo, context: BlockContext) {
    this.#info = info;
    this.#context = context;
  }

  get codec(): CodecId {
    return this.#info.id;
  }

  get provider(): ProviderName {
    return this.codec === CodecId.none ? "builtin" : this.#context.providerOf(this.codec).name;
  }

  bound(rawBytes: number): number {
    return BLOCK_HEADER_BYTES + rawBytes;
  }

  compress(src: Uint8Array, dst: Uint8Array, level = 0, typeSize: TypeSize = 0): number {
    requireApart(COMPRESS, src, dst);
    const usedLevel = resolveLevel(this.#info, level);
    if (src.length > BLOCK_BYTES_MAX) {
      throw overLimit(COMPRESS, `a block holds at most ${BLOCK_BYTES_MAX} bytes`);
    }
    if (dst.length < BLOCK_HEADER_BYTES) this.#refuse(src, dst);
    const storedBytes = this.#compressBody(src, dst, usedLevel, typeSize);
    if (storedBytes === 0) return this.#store(src, dst);
    const header = {
      codec: this.codec,
      typeSize,
      rawBytes: src.length,
      storedBytes,
      rawChecksum: this.#context.crc32(src),
    };
    return this.#seal(dst, header);
  }

  /** Compresses behind the header; returns 0 when the data does not shrink. */
  #compressBody(src: Uint8Array, dst: Uint8Array, level: number, typeSize: TypeSize): number {
    if (this.codec === CodecId.none || src.length === 0) return 0;
    const provider = this.#context.providerOf(this.codec);
    requireSize(COMPRESS, provider, src.length);
    let input = src;
    if (typeSize !== 0) {
      requireTypeSize(typeSize);
      input = this.#context.shuffled.take(src.length);
      shuffle(src, input, typeSize);
    }
    const body = dst.subarray(BLOCK_HEADER_BYTES, BLOCK_HEADER_BYTES + src.length - 1);
    return provider.compress(input, body, level);
  }

  #store(src: Uint8Array, dst: Uint8Array): number {
    if (dst.length < this.bound(src.length)) this.#refuse(src, dst);
    dst.set(src, BLOCK_HEADER_BYTES);
    return this.#seal(dst, {
      codec: CodecId.none,
      typeSize: 0,
      rawBytes: src.length,
      storedBytes: src.length,
      rawChecksum: 0,
    });
  }

  #seal(dst: Uint8Array, header: Omit<BlockHeader, "checksum">): number {
    writeBlockHeader(dst, header);
    sealBlockHeader(dst, this.#checksumOf(dst, header.storedBytes));
    return BLOCK_HEADER_BYTES + header.storedBytes;
  }

  #checksumOf(block: Uint8Array, storedBytes: number): number {
    const { crc32 } = this.#context;
    const head = crc32(block.subarray(0, BLOCK_CHECKED_BYTES));
    return crc32(block.subarray(BLOCK_HEADER_BYTES, BLOCK_HEADER_BYTES + storedBytes), head);
  }

  #refuse(src: Uint8Array, dst: Uint8Array): never {
    throw tooSmall(COMPRESS, this.bound(src.length), dst.length);
  }

  decompress(src: Uint8Array, dst: Uint8Array): number {
    requireApart(DECOMPRESS, src, dst);
    const header = readBlockHeader(src);
    const { codec, rawBytes, storedBytes } = header;
    if (rawBytes > dst.length) {
      throw overLimit(DECOMPRESS, `it declares ${rawBytes} bytes, above ${dst.length}`);
    }
    if (this.#checksumOf(src, storedBytes) !== header.checksum) {
      throw corrupt(DECOMPRESS, "its checksum is wrong");
    }
    const body = src.subarray(BLOCK_HEADER_BYTES, BLOCK_HEADER_BYTES + storedBytes);
    const output = dst.subarray(0, rawBytes);
    if (codec === CodecId.none) {
      if (storedBytes !== rawBytes || header.typeSize !== 0) {
        throw corrupt(DECOMPRESS, "it is stored as it is, and its header says otherwise");
      }
      output.set(body);
      return rawBytes;
    }
    this.#decompressBody(header, body, output);
    if (this.#context.crc32(output) !== header.rawChecksum) {
      throw corrupt(DECOMPRESS, "the checksum of its data is wrong");
    }
    return rawBytes;
  }

  #decompressBody(header: BlockHeader, body: Uint8Array, output: Uint8Array): void {
    const provider = this.#context.providerOf(header.codec);
    const { typeSize } = header;
    const target = typeSize === 0 ? output : this.#context.shuffled.take(output.length);
    let written: number;
    try {
      written = provider.decompress(body, target);
    } catch (error) {
      if (target.length > provider.rawBytesMax || !isKind(error, "codecLimit")) throw error;
      throw holdsMore(DECOMPRESS, target.length, error);
    }
    if (written !== output.length) throw holdsOther(DECOMPRESS, written, output.length);
    if (typeSize !== 0) unshuffle(target, output, typeSize);
  }
}

function requireTypeSize(typeSize: number): void {
  if (typeSize === 2 || typeSize === 4 || typeSize === 8) return;
  throw badArgument(COMPRESS, `elements of ${typeSize} bytes cannot be shuffled`, "use 2, 4 or 8");
}
