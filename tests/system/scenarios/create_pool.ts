/**
 * Waits for the test's word, then creates the pool `pool` with `lanes` lanes, and says `created`
 * with its id and whether this client made it, or `refused` with the error.
 */

import { CreateContext, DomainQuery, type Session } from "chimaera";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { errorLine } from "../kit/lines.ts";
import { Client } from "../modules/faulty/faulty_client.ts";

const HERE = DomainQuery.getLocalId();

export async function run(session: Session, config: ClientConfig, io: ScenarioIo): Promise<void> {
  const client = new Client(session);
  io.say({ kind: "ready" });
  await io.told();
  try {
    const params = { lanes: Number(config.lanes) };
    using task = client.asyncCreate(
      HERE,
      HERE,
      String(config.pool),
      new CreateContext(),
      params,
    );
    await task.wait();
    io.say({ kind: "created", id: task.id, created: task.created });
  } catch (thrown) {
    io.say({ kind: "refused", error: errorLine(thrown) });
  }
}
