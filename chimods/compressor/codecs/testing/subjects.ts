/** Every provider of every codec, as the suites of this folder run over them. */

import { CodecId, type CodecName, CodecSet, openCodecs, PROVIDER_ORDER } from "../mod.ts";
import type { Codec, ProviderName } from "../mod.ts";
import { isKind } from "../failure.ts";

/** One provider of one codec. */
export interface Subject {
  readonly name: CodecName;
  readonly id: CodecId;
  readonly provider: ProviderName;
  readonly label: string;
  /** Why it cannot be tested on this machine, if it cannot. */
  readonly missing: string | undefined;
  open(): Promise<CodecSet>;
}

const CODEC_NAMES = ["lz4", "zstd", "gzip", "deflate"] as const;

async function subjectOf(name: CodecName, provider: ProviderName): Promise<Subject> {
  const open = () => openCodecs({ providers: { [name]: provider } });
  let missing: string | undefined;
  try {
    (await open())[Symbol.dispose]();
  } catch (error) {
    if (!isKind(error, "codecUnavailable")) throw error;
    missing = error.message;
  }
  return { name, id: CodecId[name], provider, label: `${name} by ${provider}`, missing, open };
}

/** All of them, in the order in which they are tried. */
export const SUBJECTS: readonly Subject[] = await Promise.all(
  CODEC_NAMES.flatMap((name) => PROVIDER_ORDER[name].map((provider) => subjectOf(name, provider))),
);

/** Compresses into a buffer of its own. */
export function pack(codec: Codec, bytes: Uint8Array, level = 0): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(codec.bound(bytes.length));
  return packed.subarray(0, codec.compress(bytes, packed, level));
}

/** Decompresses into a buffer of its own, of exactly `sizeBytes`. */
export function unpack(codec: Codec, packed: Uint8Array, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  return bytes.subarray(0, codec.decompress(packed, bytes));
}
