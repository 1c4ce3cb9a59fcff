/**
 * A client to be killed: `client.ts POOL PATH PIPE` connects, keeps reads of the file and of the pipe under
 * way, and never ends by itself.
 */

import { connect, DomainQuery } from "chimaera";
import { Client } from "./modules/store/store_client.ts";

const HERE = DomainQuery.getLocalId();
const READS = 16;
const BLOCK_BYTES = 65536;

const session = await connect({ sizeBytes: 32 << 20 });
const client = new Client(session);
await client.create(HERE, HERE, Deno.args[0]!, { path: Deno.args[1]!, pipe: Deno.args[2]! });
const piped = session.alloc(BLOCK_BYTES);
void client.readPipe(HERE, piped);
void client.readPipe(HERE, piped, false);
await client.echo(HERE, 1);
console.log("under way");
await Promise.all(Array.from({ length: READS }, async (_, reader) => {
  const data = session.alloc(BLOCK_BYTES);
  for (let round = 0; true; round++) {
    await client.read(HERE, data, (reader * 7919 + round * 4096) % (1 << 19));
  }
}));
