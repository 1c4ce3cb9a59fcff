/** Provokes every fault, with a right call after each. Says `fault` for each, with its error. */

import { DomainQuery, type Session } from "chimaera";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { FAULT_CASES, SILENT_FAULTS } from "../kit/faults.ts";
import { errorLine } from "../kit/lines.ts";
import { Client } from "../modules/faulty/faulty_client.ts";

const HERE = DomainQuery.getLocalId();

export async function run(session: Session, _config: ClientConfig, io: ScenarioIo): Promise<void> {
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  for (const { name, call } of FAULT_CASES) {
    try {
      await call(client, session);
      io.say({ kind: "fault", name, error: null });
    } catch (thrown) {
      io.say({ kind: "fault", name, error: errorLine(thrown) });
    }
    await checkLanes(client);
  }
  for (const fault of SILENT_FAULTS) {
    await client.fail(HERE, fault);
    await checkLanes(client);
  }
}

/** Every lane still answers, by subtask too. */
async function checkLanes(client: Client): Promise<void> {
  for (let lane = 0; lane < 4; lane++) {
    if (await client.ok(HERE, 41, lane) !== 42) throw new Error(`lane ${lane} answers wrong`);
    const sum = await client.call(HERE, { targetLane: lane, value: 1, count: 3 });
    if (sum !== 2 + 3 + 4) throw new Error(`subtasks of lane ${lane} answer ${sum}`);
  }
}
