/**
 * A program that blocks for its tasks, from the first one on, and never awaits: says `blocking` with
 * what it got, which must be the same whatever carries the tasks.
 */

import { DomainQuery, type Session } from "chimaera";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { errorLine } from "../kit/lines.ts";
import { Fault } from "../modules/faulty/faulty_tasks.ts";
import { Client } from "../modules/faulty/faulty_client.ts";

const HERE = DomainQuery.getLocalId();
const LARGE_BYTES = 3 << 20;

/** Code of a call that fails. */
function codeOf(call: () => void): string {
  try {
    call();
    return "none";
  } catch (thrown) {
    return errorLine(thrown).code;
  }
}

function ok(client: Client, value: number): number {
  using task = client.asyncOk(HERE, { value });
  task.waitSync();
  return task.result;
}

/** Bytes in, out, and both ways; more than any buffer on the way holds at once. */
function transform(client: Client, session: Session, sizeBytes: number): unknown {
  using source = session.alloc(sizeBytes);
  using target = session.alloc(sizeBytes);
  using both = session.alloc(sizeBytes);
  source.bytes.fill(1);
  both.bytes.fill(2);
  using task = client.asyncTransform(HERE, {
    add: 5,
    source,
    sourceSize: sizeBytes,
    target,
    targetCapacity: sizeBytes,
    both,
    bothSize: sizeBytes,
    bothCapacity: sizeBytes,
  });
  task.waitSync();
  const same = (bytes: Uint8Array) => bytes.every((byte) => byte === bytes[0]);
  return [task.targetSize, task.bothSize, target.bytes[0], both.bytes[0], same(both.bytes)];
}

function pipeline(client: Client): number {
  const tasks = Array.from({ length: 2000 }, (_, k) => client.asyncOk(HERE, { value: k, lane: k }));
  let sum = 0;
  for (const task of tasks.reverse()) {
    task.waitSync();
    sum += task.result;
    task.free();
  }
  return sum;
}

export async function run(session: Session, _config: ClientConfig, io: ScenarioIo): Promise<void> {
  const client = new Client(session);
  const created = client.asyncCreate(HERE, HERE, "blocking", undefined, { lanes: 4 });
  created.waitSync();
  client.init(created.id);
  created.free();
  const results: Record<string, unknown> = {};
  results.ok = ok(client, 1);
  results.small = transform(client, session, 100);
  results.large = transform(client, session, LARGE_BYTES);
  results.pipeline = pipeline(client);
  results.fault = codeOf(() => {
    using task = client.asyncFail(HERE, { fault: Fault.throwsError });
    task.waitSync();
  });
  results.late = codeOf(() => {
    using task = client.asyncSleep(HERE, { ms: 400 });
    task.waitSync(20);
  });
  // Nobody takes these while the program sleeps in its event loop.
  for (let k = 0; k < 50; k++) client.asyncOk(HERE, { value: k }).free();
  await new Promise((resolve) => setTimeout(resolve, 100));
  results.after = ok(client, 2);
  // One port blocks while another one's promise is open.
  const other = client.in(await session.openPort());
  const pending = other.sleep(HERE, 30, 7);
  results.beside = ok(client, 3);
  results.slow = await pending;
  results.blockedPort = ok(other, 4);
  io.say({ kind: "blocking", results });
}
