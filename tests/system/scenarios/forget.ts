/** Forgets trees of tasks, waits until all of them have run, and says `all ran`. */

import { DomainQuery, type Session } from "chimaera";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { forgetTrees } from "../kit/trees.ts";
import { Client } from "../modules/steady/steady_client.ts";

const HERE = DomainQuery.getLocalId();
const LANES = 4;
const TREES = 6000;

export async function run(session: Session, config: ClientConfig, io: ScenarioIo): Promise<void> {
  const client = new Client(session);
  await client.create(HERE, HERE, "steady");
  const depth = config.depth as number;
  await forgetTrees(session, client, { key: 1, trees: TREES, depth });
  let total = 0;
  while (total < TREES * (depth + 1)) {
    total = 0;
    for (let lane = 0; lane < LANES; lane++) total += await client.tally(HERE, 1, lane);
  }
  io.say({ kind: "all ran", total });
}
