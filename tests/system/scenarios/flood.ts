/**
 * Sends `count` tasks that take `ms` each over two ports, and touches `touchBytes` of its memory.
 * Says `outstanding`, then waits for all of them and says `answered`.
 */

import { DomainQuery, type Session } from "chimaera";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { Client } from "../modules/faulty/faulty_client.ts";
import type { SleepTask } from "../modules/faulty/faulty_tasks.ts";

const HERE = DomainQuery.getLocalId();

export async function run(session: Session, config: ClientConfig, io: ScenarioIo): Promise<void> {
  const [count, ms] = [Number(config.count), Number(config.ms)];
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  session.alloc(Number(config.touchBytes)).bytes.fill(1);
  const clients = [client.in(session.port), client.in(await session.openPort())];
  const tasks: SleepTask[] = [];
  for (let value = 0; value < count; value++) {
    tasks.push(clients[value % 2]!.asyncSleep(HERE, { ms, value, lane: value % 4 }));
  }
  await tasks[0]!.wait();
  io.say({ kind: "outstanding" });
  for (let value = 0; value < count; value++) {
    if (value > 0) await tasks[value]!.wait();
    if (tasks[value]!.result !== value + 1) throw new Error(`${value} has another's answer`);
    tasks[value]!.free();
  }
  io.say({ kind: "answered" });
}
