/**
 * Sends `count` small messages of a `depth`, all at once, and `bulkBytes` both ways. Says
 * `messages`: how many tasks ran, and the sums of the bytes.
 */

import { CreateContext, DomainQuery, type Session } from "chimaera";
import { Client } from "../../../chimods/small_message/small_message_client.ts";
import { MD_IO_READ, MD_IO_WRITE } from "../../../chimods/small_message/small_message_tasks.ts";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";

const HERE = DomainQuery.getLocalId();
const LANES = 4;

export async function run(session: Session, config: ClientConfig, io: ScenarioIo): Promise<void> {
  const [count, depth] = [Number(config.count), Number(config.depth)];
  const client = new Client(session);
  await client.create(HERE, HERE, "ipc_test", new CreateContext(), LANES);
  const calls = Array.from({ length: count }, (_, k) => client.md(HERE, depth, k));
  const ran = (await Promise.all(calls)).reduce((sum, one) => sum + one, 0);
  using block = session.alloc(Number(config.bulkBytes));
  block.bytes.fill(10);
  const sums = [
    await client.io(HERE, block, MD_IO_WRITE),
    await client.io(HERE, block, MD_IO_READ),
  ];
  io.say({ kind: "messages", ran, sums });
}
