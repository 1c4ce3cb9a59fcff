/**
 * A handler that ends while what it called still runs: its task is answered when that has ended
 * too, and until then the memory that both may write stays with them.
 */

import assert from "node:assert/strict";
import { DomainQuery, type Session } from "chimaera";
import { startNode } from "chimaera/node";
import { test } from "../permission.ts";
import { eventually } from "./kit/expect.ts";
import { liveBlocks } from "../../runtime/memory/mod.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client } from "./modules/faulty/faulty_client.ts";

const HERE = DomainQuery.getLocalId();
const LANES = 4;
const GATE_BYTES = 4096;

/** Returns when every lane has come to rest: what it had to do before, and what that led to. */
async function settle(client: Client): Promise<void> {
  for (let round = 0; round < 5; round++) {
    for (let lane = 0; lane < LANES; lane++) await client.ok(HERE, round, lane);
  }
}

function isAlive(session: Session, offset: number): boolean {
  return liveBlocks(session.segment).some((block) => block.offset === offset);
}

/** Sends a task that leaves its work to another one, `depth` times over. */
async function relay(
  session: Session,
  client: Client,
  places: { depth: number; lane: number; targetLane: number },
  freedEarly: boolean,
): Promise<void> {
  const gate = session.alloc(GATE_BYTES);
  const { bytes } = gate;
  const { offset } = gate.pointer;
  bytes.fill(0);
  const task = client.asyncRelay(HERE, {
    ...places,
    gate,
    gateSize: GATE_BYTES,
    gateCapacity: GATE_BYTES,
  });
  if (freedEarly) gate.free(); // Takes effect when nobody uses it any more.
  await settle(client);
  const label = JSON.stringify(places);
  assert.equal(task.done, false, `answered before what it called has ended: ${label}`);
  assert.ok(isAlive(session, offset), `memory of what it called was given back: ${label}`);
  bytes[0] = 77;
  await task.wait();
  if (!freedEarly) {
    assert.equal(bytes[1], 77, `answered before what it called has written: ${label}`);
    gate.free();
  }
  assert.ok(!isAlive(session, offset), `its memory stays: ${label}`);
  task.free();
}

for (const workers of [1, 2]) {
  test(`a task is answered when what it left running has ended, ${workers} workers`, async () => {
    await using node = await startNode({
      workers,
      debugHeap: true,
      memoryBytes: 64 << 20,
      modules: TEST_MODULES,
    });
    await using session = await node.connect(64 << 20);
    const client = new Client(session);
    await client.create(HERE, HERE, "faulty", undefined, LANES);
    const before = liveBlocks(session.segment).length;
    for (const depth of [1, 2, 3]) {
      for (let targetLane = 0; targetLane < LANES; targetLane++) {
        for (const freedEarly of [false, true]) {
          await relay(session, client, { depth, lane: 0, targetLane }, freedEarly);
        }
      }
    }
    assert.equal(liveBlocks(session.segment).length, before);
    await eventually("no block of the node is left", () => liveBlocks(node.segment).length === 0);
  });
}
