/**
 * Waits for tasks that never end, by `mode`, and says how that ended: `ended` with the error and
 * how long it took.
 */

import { DomainQuery, type Session } from "chimaera";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { errorLine } from "../kit/lines.ts";
import { Client } from "../modules/faulty/faulty_client.ts";

const HERE = DomainQuery.getLocalId();
const FOR_EVER_MS = 3_600_000;

export async function run(session: Session, config: ClientConfig, io: ScenarioIo): Promise<void> {
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  const sent = client.asyncSleep(HERE, { ms: FOR_EVER_MS });
  const allocated = client.asyncSleep.alloc(null, HERE, { ms: FOR_EVER_MS });
  io.say({ kind: "waiting" });
  const say = (which: string, thrown: unknown) =>
    io.say({ kind: "ended", which, error: errorLine(thrown) });
  if (config.mode === "waitSync") {
    try {
      sent.waitSync();
    } catch (thrown) {
      say("sent", thrown);
    }
  } else await sent.wait().catch((thrown) => say("sent", thrown));
  // What was made before the loss and is sent after it must fail too.
  try {
    allocated.submit();
    await allocated.wait();
  } catch (thrown) {
    say("allocated", thrown);
  }
  try {
    await client.ok(HERE, 1);
  } catch (thrown) {
    say("new", thrown);
  }
  sent.free();
}
