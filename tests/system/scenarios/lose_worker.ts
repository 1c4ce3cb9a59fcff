/**
 * Blocks a worker for `ms`, which the node gives up. Says `lost` with the error, and `after` with
 * how many lanes answer.
 */

import { DomainQuery, type Session } from "chimaera";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { errorLine } from "../kit/lines.ts";
import { Client } from "../modules/faulty/faulty_client.ts";

const HERE = DomainQuery.getLocalId();

export async function run(session: Session, config: ClientConfig, io: ScenarioIo): Promise<void> {
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  try {
    await client.block(HERE, Number(config.ms), 0, false);
  } catch (thrown) {
    io.say({ kind: "lost", error: errorLine(thrown) });
  }
  let count = 0;
  for (let lane = 0; lane < 4; lane++) if (await client.ok(HERE, lane, lane) === lane + 1) count++;
  io.say({ kind: "after", count });
}
