/**
 * Fills all slots of two ports with tasks that carry bytes both ways, sleeps on its thread until
 * every answer waits or is stuck, and reads then; twice. Says `sums`: tasks of each port and round
 * that came back right.
 */

import { type Block, DomainQuery, LIMITS, type Session } from "chimaera";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { Client } from "../modules/faulty/faulty_client.ts";
import type { TransformTask } from "../modules/faulty/faulty_tasks.ts";

const HERE = DomainQuery.getLocalId();
const ROUNDS = 2;
/** All answers together are more than the node keeps for a client that does not read. */
const TASK_BYTES = 4096;
const SLEEP_MS = 400;

export async function run(session: Session, _config: ClientConfig, io: ScenarioIo): Promise<void> {
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  const clients = [client, client.in(await session.openPort())];
  const block = session.alloc(LIMITS.slotsPerPort * TASK_BYTES);
  const sums: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    for (const bound of clients) {
      block.bytes.fill(round);
      const tasks = send(bound, block, round);
      // On the socket the sends go out while this thread gives its event loop turns.
      await new Promise((resolve) => setTimeout(resolve, 20));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SLEEP_MS);
      sums.push(await read(tasks, block, round));
    }
  }
  block.free();
  io.say({ kind: "sums", sums });
}

/** As many tasks as the port has slots. */
function send(client: Client, block: Block, round: number): TransformTask[] {
  return Array.from({ length: LIMITS.slotsPerPort }, (_, k) => {
    const both = block.slice(k * TASK_BYTES, TASK_BYTES);
    const size = { bothSize: TASK_BYTES, bothCapacity: TASK_BYTES };
    return client.asyncTransform(HERE, { add: round, lane: k % 4, both, ...size });
  });
}

/** How many were done right. */
async function read(
  tasks: readonly TransformTask[],
  block: Block,
  round: number,
): Promise<number> {
  let right = 0;
  for (const [k, task] of tasks.entries()) {
    await task.wait();
    const bytes = block.bytes.subarray(k * TASK_BYTES, (k + 1) * TASK_BYTES);
    if (bytes.every((byte) => byte === 2 * round)) right++;
    task.free();
  }
  return right;
}
