/** Blocks a lane for `ms`, at once or `after` a wait of the handler. Says `unblocked`. */

import { DomainQuery, type Session } from "chimaera";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { Client } from "../modules/faulty/faulty_client.ts";

const HERE = DomainQuery.getLocalId();

export async function run(session: Session, config: ClientConfig, io: ScenarioIo): Promise<void> {
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  await client.block(HERE, Number(config.ms), 1, config.after === true);
  io.say({ kind: "unblocked" });
}
