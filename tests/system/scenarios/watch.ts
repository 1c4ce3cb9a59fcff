/** Leaves a chain of tasks waiting for their caller to give up, and says `watching`. */

import { DomainQuery, type Session } from "chimaera";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { Client } from "../modules/locking/locking_client.ts";

const HERE = DomainQuery.getLocalId();
const LANES = 4;

export async function run(session: Session, config: ClientConfig, io: ScenarioIo): Promise<void> {
  const client = new Client(session);
  await client.create(HERE, HERE, "locking", undefined, LANES);
  const task = client.asyncWatch(HERE, { depth: Number(config.depth) });
  while ((await client.state(HERE, LANES)).watching === 0);
  io.say({ kind: "watching" });
  await task.wait();
}
