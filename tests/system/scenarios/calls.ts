/** Makes calls of every kind and says `results`; then whether the program may block for a task. */

import { DomainQuery, type Session } from "chimaera";
import { makeCalls } from "../kit/calls.ts";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { errorLine } from "../kit/lines.ts";
import { Client } from "../modules/faulty/faulty_client.ts";

const HERE = DomainQuery.getLocalId();

export async function run(session: Session, _config: ClientConfig, io: ScenarioIo): Promise<void> {
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  io.say({ kind: "results", results: await makeCalls(client, session) });
  const task = client.asyncOk(HERE, { value: 1 });
  try {
    task.waitSync();
    io.say({ kind: "blocked", result: task.result });
  } catch (thrown) {
    io.say({ kind: "blocked", error: errorLine(thrown) });
    await task.wait();
  }
  task.free();
  // Several sessions of one program, and several ports of one session.
  const clients = await Promise.all(
    Array.from({ length: 3 }, async () => client.in(await session.openPort())),
  );
  const sums = await Promise.all(clients.map((bound, k) => bound.ok(HERE, k)));
  io.say({ kind: "ports", sums });
}
