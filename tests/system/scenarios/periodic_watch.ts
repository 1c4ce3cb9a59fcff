/** Answers `counts` with how often the tasks of the `periodic` scenario have run. */

import { DomainQuery, type Session } from "chimaera";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { Client } from "../modules/steady/steady_client.ts";

const HERE = DomainQuery.getLocalId();
const TASKS = 40;

export async function run(session: Session, _config: ClientConfig, io: ScenarioIo): Promise<void> {
  const client = new Client(session);
  await client.create(HERE, HERE, "steady");
  while ((await io.told()).kind === "counts") {
    const counts: number[] = [];
    for (let key = 0; key < TASKS; key++) counts.push(await client.tally(HERE, key, 0));
    io.say({ kind: "counts", counts });
  }
}
