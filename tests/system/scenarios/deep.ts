/** Asks for a chain of tasks, each below the one before, and says `descending` when it is long. */

import { CreateContext, DomainQuery, type Session } from "chimaera";
import { Client as Admin } from "chimaera/admin_client";
import { Client } from "chimaera/small_message_client";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";

const HERE = DomainQuery.getLocalId();

export async function run(session: Session, config: ClientConfig, io: ScenarioIo): Promise<void> {
  const client = new Client(session);
  await client.create(HERE, HERE, "deep", new CreateContext(), 4);
  const chain = client.md(HERE, Number(config.depth));
  const admin = new Admin(session);
  for (;;) {
    const { workers } = await admin.pollStats(HERE);
    const inFlight = workers.reduce((sum, worker) => sum + worker.inFlight, 0);
    if (inFlight > Number(config.depth) / 4) break;
  }
  io.say({ kind: "descending" });
  await chain;
}
