/**
 * Sends numbered steps to the lanes of a pool of tests_nomad, and checks their order, until a line
 * comes. Says `strides` when it has begun, and `total` at the end. Config: sender, lanes.
 */

import { CreateContext, DomainQuery, type Session } from "chimaera";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { Strider } from "../kit/strider.ts";
import { Client } from "../modules/nomad/nomad_client.ts";

const HERE = DomainQuery.getLocalId();

export async function run(session: Session, config: ClientConfig, io: ScenarioIo): Promise<void> {
  const lanes = Number(config.lanes);
  const client = new Client(session);
  await client.create(HERE, HERE, "nomads", new CreateContext(), lanes);
  io.say({ kind: "strides" });
  const strider = new Strider(client, Number(config.sender));
  const sent = await strider.run(lanes, () => !io.hasNews);
  io.say({ kind: "total", sent });
}
