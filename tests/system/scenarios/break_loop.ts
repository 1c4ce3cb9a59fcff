/** Calls a handler that breaks the worker's own loop. Says `ended` with the error. */

import { DomainQuery, type Session } from "chimaera";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { errorLine } from "../kit/lines.ts";
import { Client } from "../modules/faulty/faulty_client.ts";
import { Fault } from "../modules/faulty/faulty_tasks.ts";

const HERE = DomainQuery.getLocalId();

export async function run(session: Session, _config: ClientConfig, io: ScenarioIo): Promise<void> {
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  try {
    // The first call may still be answered; no later one is.
    for (;;) await client.fail(HERE, Fault.endsTheLoop);
  } catch (thrown) {
    io.say({ kind: "ended", error: errorLine(thrown) });
  }
}
