/**
 * Forgets trees of tasks and flushes, again and again: says `flushed` after the first time. Fails
 * when a task is left that was sent before.
 */

import { DomainQuery, type Session } from "chimaera";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { forgetTrees } from "../kit/trees.ts";
import { Client as Admin } from "../../../chimods/admin/admin_client.ts";
import { Client } from "../modules/steady/steady_client.ts";

const HERE = DomainQuery.getLocalId();
const LANES = 4;
const ROUNDS = 20;
const TREES = 100;

export async function run(session: Session, config: ClientConfig, io: ScenarioIo): Promise<void> {
  const client = new Client(session);
  await client.create(HERE, HERE, "steady");
  const admin = new Admin(session);
  const depth = config.depth as number;
  for (let round = 0; round < ROUNDS; round++) {
    const key = config.key as number + round;
    await forgetTrees(session, client, { key, trees: TREES, depth });
    await admin.flush(HERE);
    let total = 0;
    for (let lane = 0; lane < LANES; lane++) total += await client.tally(HERE, key, lane);
    if (total !== TREES * (depth + 1)) throw new Error(`${total} tasks had run, round ${round}`);
    if (round === 0) io.say({ kind: "flushed" });
  }
}
