/**
 * Holds locks of a pool for ever and says `holding`; or, as one of `others`, asks for them, says
 * `waiting`, and `entered` when it has had them all.
 */

import { DomainQuery, type Session } from "chimaera";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { Client } from "../modules/locking/locking_client.ts";
import { Lock, Stay } from "../modules/locking/locking_tasks.ts";

const HERE = DomainQuery.getLocalId();
const LOCKS = [Lock.mutex, Lock.strictMutex, Lock.write, Lock.strictWrite];

export async function run(session: Session, config: ClientConfig, io: ScenarioIo): Promise<void> {
  const client = new Client(session);
  await client.create(HERE, HERE, "locking");
  const stay = config.others ? Stay.sleep : Stay.untilAborted;
  const tasks = LOCKS.map((lock) => client.asyncHold(HERE, { lane: 1, lock, stay }));
  const isThere = async () => {
    const { present, waiting } = await client.state(HERE, 2);
    return (config.others ? waiting : present) === LOCKS.length;
  };
  while (!await isThere());
  io.say({ kind: config.others ? "waiting" : "holding" });
  for (const task of tasks) {
    await task.wait();
    task.free();
  }
  io.say({ kind: "entered" });
}
