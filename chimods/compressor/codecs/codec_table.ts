/**
 * The codecs by permanent number: what a block header stores, a create parameter names and a
 * command line accepts.
 *
 * Thread rules: none; plain values.
 */

import { badArgument, unknownCodec } from "./failure.ts";

/** Permanent codec numbers. A number is never given to another codec. */
export const CodecId = { lz4: 0, zstd: 1, gzip: 2, deflate: 3, none: 255 } as const;
export type CodecId = typeof CodecId[keyof typeof CodecId];

/** `lz4`, `zstd`, `gzip`, `deflate` or `none`. */
export type CodecName = keyof typeof CodecId;

/** What is known of a codec without opening a provider. */
export interface CodecInfo {
  readonly id: CodecId;
  readonly name: CodecName;
  readonly levelDefault: number;
  readonly levelMin: number;
  /** Providers that know fewer levels use their nearest; lz4-wasm has one. */
  readonly levelMax: number;
  /** File name ending of the frame form, with its dot; empty where there is no frame form. */
  readonly extension: string;
}

/** Every codec, by name. */
export const CODECS: Readonly<Record<CodecName, CodecInfo>> = {
  lz4: {
    id: CodecId.lz4,
    name: "lz4",
    levelDefault: 1,
    levelMin: 1,
    levelMax: 12,
    extension: ".lz4",
  },
  zstd: {
    id: CodecId.zstd,
    name: "zstd",
    levelDefault: 3,
    levelMin: 1,
    levelMax: 19,
    extension: ".zst",
  },
  gzip: {
    id: CodecId.gzip,
    name: "gzip",
    levelDefault: 6,
    levelMin: 1,
    levelMax: 9,
    extension: ".gz",
  },
  deflate: {
    id: CodecId.deflate,
    name: "deflate",
    levelDefault: 6,
    levelMin: 1,
    levelMax: 9,
    extension: ".zz",
  },
  none: {
    id: CodecId.none,
    name: "none",
    levelDefault: 0,
    levelMin: 0,
    levelMax: 0,
    extension: "",
  },
};

const BY_ID = new Map<number, CodecInfo>(Object.values(CODECS).map((info) => [info.id, info]));

/**
 * The codec of a number. Throws CHI-6001 when there is none.
 *
 * @example
 * ```ts
 * console.assert(codecById(1).name === "zstd");
 * ```
 */
export function codecById(id: number): CodecInfo {
  const info = BY_ID.get(id);
  if (info === undefined) throw unknownCodec(`number ${id}`);
  return info;
}

/** The codec of a name. Throws CHI-6001 when there is none. */
export function codecByName(name: string): CodecInfo {
  if (!Object.hasOwn(CODECS, name)) throw unknownCodec(`"${name}"`);
  return CODECS[name as CodecName];
}

/** The level to use: the default for 0, else `level` itself. Throws CHI-3001 out of range. */
export function resolveLevel(info: CodecInfo, level: number): number {
  if (level === 0) return info.levelDefault;
  if (Number.isInteger(level) && level >= info.levelMin && level <= info.levelMax) return level;
  throw badArgument(
    `compress with ${info.name}`,
    `there is no level ${level}`,
    `use ${info.levelMin} to ${info.levelMax}, or 0 for the default`,
  );
}
