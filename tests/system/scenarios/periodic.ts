/**
 * Sends periodic tasks and never ends: says `ended itself` when one has, and `running` once all the
 * others have run. Their keys are 0 … tasks − 1.
 */

import { DomainQuery, type Session } from "chimaera";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { Client } from "../modules/steady/steady_client.ts";

const HERE = DomainQuery.getLocalId();

export async function run(session: Session, config: ClientConfig, io: ScenarioIo): Promise<void> {
  const client = new Client(session);
  await client.create(HERE, HERE, "steady");
  const tasks = config.tasks as number;
  const first = client.asyncBeat.alloc(null, HERE, { key: tasks, until: 4 });
  first.setPeriodUs(300);
  first.submit();
  await first.wait();
  if (first.runs !== 4) throw new Error(`it ran ${first.runs} times`);
  io.say({ kind: "ended itself" });
  for (let key = 0; key < tasks; key++) {
    const task = client.asyncBeat.alloc(null, HERE, { key, ms: key % 2 });
    if (key % 4 === 0) task.setPeriodMin(60);
    else task.setPeriodMs(1);
    task.submit();
  }
  for (let key = 0; key < tasks; key++) {
    while (await client.tally(HERE, key, 0) === 0);
  }
  io.say({ kind: "running" });
  await io.told();
}
