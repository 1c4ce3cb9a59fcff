/** The compressor pool that the command line uses, on whatever node it reached. */

import { DomainQuery, type Session } from "../../sdk/mod.ts";
import { Client, CodecId, type CodecName } from "../../chimods/compressor/compressor_client.ts";

const LOCAL = DomainQuery.getLocalId();

/** One pool for all runs: its tasks name their codec and level. */
export const POOL_NAME = "command_line";

/** Implementations by codec. */
export type Providers = Readonly<Partial<Record<CodecName, string>>>;

/** Makes the pool, or finds it: a lane per worker and at least two. */
export async function openPool(session: Session): Promise<Client> {
  const client = new Client(session);
  await client.create(LOCAL, LOCAL, POOL_NAME, undefined, CodecId.lz4);
  return client;
}

/** The implementation that the pool uses of each codec. */
export async function providersOf(client: Client): Promise<Providers> {
  const report = await client.listCodecs(LOCAL);
  return Object.fromEntries(report.map(({ codec, provider }) => [codec, provider]));
}
