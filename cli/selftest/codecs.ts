/** Every codec in both forms, through a pool of the compressor. */

import { DomainQuery, type Session } from "../../sdk/mod.ts";
import {
  Client,
  CodecId,
  compressBound,
  type CompressOptions,
  Form,
} from "../../chimods/compressor/compressor_client.ts";
import { expectEqual, failed } from "./failed.ts";
import type { Workbench } from "./workbench.ts";

const LOCAL = DomainQuery.getLocalId();
const SIZE_BYTES = 256 << 10;
const CODECS = ["lz4", "zstd", "gzip", "deflate"] as const;

/** Compresses and decompresses a text by each codec; returns the implementations. */
export async function checkCodecs({ session }: Workbench): Promise<string> {
  const client = new Client(session);
  await client.create(LOCAL, LOCAL, "selftest codecs");
  for (const name of CODECS) {
    for (const form of [Form.block, Form.frame]) {
      const label = `${name}, ${form === Form.block ? "block" : "frame"}`;
      await roundTrip(session, client, label, { form, codec: CodecId[name] });
    }
  }
  const report = await client.listCodecs(LOCAL);
  return report.map(({ codec, provider }) => `${codec} by ${provider}`).join(", ");
}

async function roundTrip(
  session: Session,
  client: Client,
  label: string,
  options: CompressOptions,
): Promise<void> {
  using raw = session.alloc(SIZE_BYTES);
  using packed = session.alloc(compressBound(SIZE_BYTES));
  using back = session.alloc(SIZE_BYTES);
  const text = new TextEncoder().encode("a bell, a ring, a lane, a task, ");
  for (let at = 0; at < SIZE_BYTES; at += text.length) raw.bytes.set(text, at);
  const packedBytes = await client.compress(LOCAL, raw, packed, options);
  if (packedBytes >= SIZE_BYTES) throw failed(label, "it makes a text no smaller");
  const backBytes = await client.decompress(LOCAL, packed.slice(0, packedBytes), back, options);
  expectEqual(`${label}: size`, backBytes, SIZE_BYTES);
  const at = back.bytes.findIndex((byte, index) => byte !== raw.bytes[index]);
  expectEqual(`${label}: first wrong byte`, at, -1);
}
