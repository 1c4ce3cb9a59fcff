/**
 * What clients do: each job is a few calls whose every outcome is known.
 *
 * To have something new simulated, add a method to the busy module where handlers take part, and a
 * job here that calls it and judges its answers.
 */

import { type ChimaeraError, DomainQuery, type ErrorName, type Task } from "chimaera";
import { Client as AdminClient } from "../../../chimods/admin/admin_client.ts";
import { delay } from "../../../runtime/platform/mod.ts";
import type { ClientProcess } from "./client_process.ts";
import { Client as BusyClient } from "./modules/busy/busy_client.ts";
import { Failure, WaitFor } from "./modules/busy/busy_tasks.ts";
import { BUSY_MODULE } from "./modules.ts";
import { isBroken } from "./next_versions.ts";
import type { Scene } from "./scene.ts";

export interface Job {
  readonly name: string;
  /** How often it is chosen, against the others. */
  readonly weight: number;
  run(scene: Scene, client: ClientProcess): Promise<void>;
}

const HERE = DomainQuery.getLocalId();
const POOL_NAMES = ["a", "b", "c"] as const;
const LANES = 16;
const PORTS_MAX = 2;
const BULK_BYTES_MAX = 3000;

/** Many calls at once, answers in any order. */
async function echo(scene: Scene, client: ClientProcess): Promise<void> {
  const { dice } = client;
  const calls: { id: number; task: Task & { result: number }; value: number }[] = [];
  for (let left = dice.between(1, dice.pick([1, 4, 40])); left > 0; left--) {
    const use = scene.stub(client);
    if (use === null) return;
    const id = scene.nameFor(client, use.port);
    const value = dice.below(1000);
    const task = scene.send(client, () => {
      const task = use.stub.asyncEcho.alloc(null, HERE, { id, lane: dice.below(LANES), value });
      task.prio = dice.below(2);
      return task;
    });
    if (task !== null) calls.push({ id, task: task as Task & { result: number }, value });
    if (dice.once(8)) await null;
  }
  while (calls.length > 0) {
    const [{ id, task, value }] = calls.splice(dice.below(calls.length), 1) as [typeof calls[0]];
    if (await scene.answer(client, id, task, [])) {
      scene.check(client, task.result, value + 1, "an echo");
    }
    task.free();
  }
}

/** A call that takes its time: waited for, given up, or not wanted from the start. */
async function wait(scene: Scene, client: ClientProcess): Promise<void> {
  const { dice } = client;
  const use = scene.stub(client);
  if (use === null) return;
  const id = scene.nameFor(client, use.port);
  const waitFor = dice.pick(Object.values(WaitFor));
  const ms = dice.below(6);
  const task = scene.send(client, () => {
    const task = use.stub.asyncWait.alloc(null, HERE, { id, lane: dice.below(LANES), ms, waitFor });
    task.prio = dice.below(2);
    return task;
  });
  if (task === null) return;
  const patience = dice.below(4);
  if (patience === 1) {
    await scene.answer(client, id, task, ["timeout"], { timeoutMs: dice.below(5) });
  } else if (patience === 2) {
    const { signal } = withTimeout(dice.below(5));
    await scene.answer(client, id, task, ["aborted"], { signal });
  } else if (patience === 3) {
    await scene.answer(client, id, task, []);
  }
  task.free();
}

/** A signal that fires after so many turns of the promises' queue. */
function withTimeout(turns: number): AbortController {
  const controller = new AbortController();
  void (async () => {
    for (let turn = 0; turn < turns; turn++) await null;
    controller.abort();
  })();
  return controller;
}

/** A call whose handler calls on. */
async function nest(scene: Scene, client: ClientProcess): Promise<void> {
  const { dice } = client;
  const use = scene.stub(client);
  if (use === null) return;
  const id = scene.nameFor(client, use.port);
  const width = dice.between(1, 4);
  const depth = dice.between(1, 3);
  const pool = dice.once(2) ? use.poolId : dice.pick([...scene.pools.values()]);
  const laneStep = dice.below(3);
  const lane = dice.below(LANES);
  const fields = { id, lane, pool, laneStep, width, depth };
  const task = scene.send(client, () => use.stub.asyncNest.alloc(null, HERE, fields));
  if (task === null) return;
  if (await scene.answer(client, id, task, [])) {
    let total = 0;
    for (let level = 0; level < depth; level++) total = width * (1 + total);
    scene.check(client, (task as Task & { total: number }).total, total, "the sum of a nest");
  }
  task.free();
}

/** A call whose handler leaves its own calls to themselves. */
async function leave(scene: Scene, client: ClientProcess): Promise<void> {
  const { dice } = client;
  const use = scene.stub(client);
  if (use === null) return;
  const id = scene.nameFor(client, use.port);
  const pool = dice.pick([...scene.pools.values()]);
  const fields = { id, lane: dice.below(LANES), pool, count: dice.between(1, 5) };
  const task = scene.send(client, () => use.stub.asyncLeave.alloc(null, HERE, fields));
  if (task === null) return;
  await scene.answer(client, id, task, []);
  task.free();
}

/** A call whose handler fails. */
async function fail(scene: Scene, client: ClientProcess): Promise<void> {
  const { dice } = client;
  const use = scene.stub(client);
  if (use === null) return;
  const id = scene.nameFor(client, use.port);
  const failure = dice.pick(Object.values(Failure));
  const fields = { id, lane: dice.below(LANES), failure };
  const task = scene.send(client, () => use.stub.asyncFail.alloc(null, HERE, fields));
  if (task === null) return;
  const went = await scene.answer(client, id, task, ["handlerThrew"]);
  scene.check(client, went, false, "the success of a failing call");
  task.free();
}

/** A call with bytes both ways, whose blocks are given back early or late. */
async function bulk(scene: Scene, client: ClientProcess): Promise<void> {
  const { dice } = client;
  const use = scene.stub(client);
  const session = client.session;
  if (use === null || session === null) return;
  const size = dice.below(BULK_BYTES_MAX);
  const data = session.alloc(size);
  const back = session.alloc(size);
  let sum = 0;
  for (let k = 0; k < size; k++) sum += data.bytes[k] = (k * 7 + size) & 255;
  back.bytes.fill(0x11);
  const id = scene.nameFor(client, use.port);
  const fields = { data, dataSize: size, back, backCapacity: size, ms: dice.below(3) };
  const task = scene.send(
    client,
    () => use.stub.asyncBulk.alloc(null, HERE, { id, lane: dice.below(LANES), ...fields }),
  );
  const early = task !== null && dice.once(3);
  if (early) { for (const block of [data, back]) block.free(); }
  if (task !== null) {
    const options = dice.once(3) ? { timeoutMs: dice.below(4) } : undefined;
    const expected: ErrorName[] = options === undefined ? [] : ["timeout"];
    if (await scene.answer(client, id, task, expected, options)) {
      const done = task as Task & { sum: number; backSize: number };
      scene.check(client, done.sum, sum, "the sum of bytes");
      scene.check(client, done.backSize, size, "the size of what came back");
      const wrong = early
        ? -1
        : back.bytes.findIndex((byte, k) => byte !== (~data.bytes[k]! & 255));
      scene.check(client, wrong, -1, "the place of a wrong byte");
    }
    task.free();
  }
  if (!early) { for (const block of [data, back]) block.free(); }
}

/** A periodic call: until it ends by itself, or until nobody wants it any more. */
async function beat(scene: Scene, client: ClientProcess): Promise<void> {
  const { dice } = client;
  const use = scene.stub(client);
  if (use === null) return;
  const id = scene.nameFor(client, use.port);
  const last = dice.between(1, 6);
  const task = scene.send(client, () => {
    const fields = { id, lane: dice.below(LANES), last, ms: dice.pick([0, 0, 1, 3]) };
    const task = use.stub.asyncBeat.alloc(null, HERE, fields);
    task.setPeriodUs(dice.between(1, 3000));
    return task;
  });
  if (task === null) return;
  const patience = dice.below(3);
  const options = patience === 0 ? { timeoutMs: dice.between(1, 8) } : undefined;
  if (patience < 2 && await scene.answer(client, id, task, ["timeout"], options)) {
    scene.check(client, (task as Task & { runs: number }).runs, last, "the runs of a beat");
  }
  task.free();
}

/** A call that goes on until it is given up. */
async function stay(scene: Scene, client: ClientProcess): Promise<void> {
  const { dice } = client;
  const use = scene.stub(client);
  if (use === null) return;
  const id = scene.nameFor(client, use.port);
  const task = scene.send(client, () => {
    const task = use.stub.asyncStay.alloc(null, HERE, { id, lane: dice.below(LANES) });
    task.setLongRunning();
    return task;
  });
  if (task === null) return;
  if (dice.once(2)) {
    const went = await scene.answer(client, id, task, ["timeout"], { timeoutMs: dice.below(10) });
    scene.check(client, went, false, "the success of a call without end");
  } else await delay(dice.between(1, 10));
  task.free();
}

/** Calls that nobody waits for. */
function fire(scene: Scene, client: ClientProcess): Promise<void> {
  const { dice } = client;
  for (let left = dice.between(1, 10); left > 0; left--) {
    const use = scene.stub(client);
    if (use === null) break;
    const id = scene.nameFor(client, use.port);
    try {
      const fields = { id, lane: dice.below(LANES), ms: dice.below(3) };
      use.stub.asyncWait.alloc(null, HERE, fields).fireAndForget();
    } catch (thrown) {
      scene.expect(client, thrown, []);
    }
  }
  return Promise.resolve();
}

/** Calls that want the lock of one lane. */
async function lock(scene: Scene, client: ClientProcess): Promise<void> {
  const { dice } = client;
  const use = scene.stub(client);
  if (use === null) return;
  const lane = 4 * dice.below(2);
  const calls: { id: number; task: Task }[] = [];
  for (let left = dice.between(1, 6); left > 0; left--) {
    const id = scene.nameFor(client, use.port);
    const fields = { id, lane, ms: dice.below(3), isWriter: dice.once(2) };
    const task = scene.send(client, () => use.stub.asyncLock.alloc(null, HERE, fields));
    if (task !== null) calls.push({ id, task });
  }
  for (const { id, task } of calls) {
    const options = dice.once(4) ? { timeoutMs: dice.below(5) } : undefined;
    await scene.answer(client, id, task, options === undefined ? [] : ["timeout"], options);
    task.free();
  }
}

/** A call of a pool that is not there. */
async function stray(scene: Scene, client: ClientProcess): Promise<void> {
  const use = scene.stub(client);
  if (use === null) return;
  use.stub.init(use.poolId + 1000);
  const id = scene.nameFor(client, use.port);
  const task = scene.send(client, () => use.stub.asyncEcho.alloc(null, HERE, { id }));
  if (task === null) return;
  const went = await scene.answer(client, id, task, []);
  scene.check(client, went, false, "the success of a stray call");
  task.free();
}

/** Makes a pool of one of a few names, or finds it. */
async function createPool(scene: Scene, client: ClientProcess): Promise<void> {
  const { dice, session } = client;
  if (session === null) return;
  const name = dice.pick(POOL_NAMES);
  const stub = new BusyClient(session);
  try {
    await stub.create(HERE, HERE, name, dice.between(1, 3));
    scene.pools.set(name, stub.poolId);
  } catch (thrown) {
    scene.expect(client, thrown, ["poolExists"]);
  }
}

/** Ends a pool, whatever runs there. */
async function destroyPool(scene: Scene, client: ClientProcess): Promise<void> {
  const { dice, session } = client;
  if (session === null || scene.pools.size < 2) return;
  const [name, id] = dice.pick([...scene.pools]);
  scene.pools.delete(name);
  try {
    await new AdminClient(session).destroyContainer(HERE, id);
  } catch (thrown) {
    scene.expect(client, thrown, []);
  }
}

/** Waits for everything that came into the node before. */
async function flush(scene: Scene, client: ClientProcess): Promise<void> {
  const { dice } = client;
  if (client.ports.length === 0) return;
  const port = dice.pick(client.ports);
  const admin = new AdminClient(port);
  const returned = scene.witness.flushSent(scene.portNumber(client, port));
  const task = scene.send(client, () => admin.asyncFlush.alloc(null, HERE));
  if (task === null) return;
  const options = dice.once(4) ? { timeoutMs: dice.below(6) } : undefined;
  const expected: ErrorName[] = options === undefined ? [] : ["timeout"];
  try {
    await task.wait(options);
    if (!client.hostile) returned();
  } catch (thrown) {
    scene.expect(client, thrown, expected);
  }
  task.free();
}

/** Has a lane run elsewhere, whatever it does at the moment. */
async function moveLane(scene: Scene, client: ClientProcess): Promise<void> {
  const { dice, session } = client;
  const pools = scene.node.pools.list().filter(({ name }) => scene.pools.has(name));
  if (session === null || pools.length === 0) return;
  const { id, lanes } = dice.pick(pools);
  const { group, index } = dice.pick(lanes);
  const worker = dice.below(scene.node.workers);
  try {
    await new AdminClient(session).moveLane(HERE, id, group, index, worker);
  } catch (thrown) {
    scene.expect(client, thrown, ["laneBusy", "noLane", ...ofLoss(scene)]);
  }
}

/** Has a fresh thread take a worker's place, whatever runs there at the moment. */
async function recycleWorker(scene: Scene, client: ClientProcess): Promise<void> {
  const { dice, session } = client;
  if (session === null || client.ports.length === 0) return;
  const worker = dice.below(scene.node.workers);
  scene.witness.recycleSent();
  try {
    const info = await new AdminClient(dice.pick(client.ports)).recycleWorker(HERE, worker);
    scene.check(client, info.worker, worker, "the worker that was recycled");
  } catch (thrown) {
    scene.expect(client, thrown, ["laneBusy", "recycleFailed", ...ofLoss(scene)]);
  }
}

/** How a lane's move ends where one of its workers may be lost in the middle of it. */
function ofLoss(scene: Scene): readonly ErrorName[] {
  return scene.lostWorkers > 0 ? ["laneMoveFailed"] : [];
}

/** Has all pools of the module run another version, whatever they do at the moment. */
async function upgradeModule(scene: Scene, client: ClientProcess): Promise<void> {
  const { session } = client;
  if (session === null) return;
  const pools = scene.node.pools.list().filter(({ name }) => scene.pools.has(name)).length;
  try {
    const info = await new AdminClient(session).upgradeModule(HERE, BUSY_MODULE.libName);
    scene.check(client, info.restarted, 0, "the number of lanes that were restarted");
    scene.check(client, info.from === info.to, false, "whether an upgraded module is as before");
  } catch (thrown) {
    const kind = scene.expect(client, thrown, ["upgradeFailed"]);
    if (kind !== "upgradeFailed" || scene.lostWorkers > 0 || scene.wasFull) return;
    const { why } = thrown as ChimaeraError;
    const asked = isBroken(why) || why.includes("did not end in");
    scene.check(client, asked, true, `whether there was a reason (${why}; ${pools} pools)`);
  }
}

async function openPort(scene: Scene, client: ClientProcess): Promise<void> {
  if (client.portsAsked >= PORTS_MAX) return;
  try {
    await client.openPort();
  } catch (thrown) {
    scene.expect(client, thrown, ["tooManyPorts"]);
  }
}

export const JOBS: readonly Job[] = [
  { name: "echo", weight: 10, run: echo },
  { name: "wait", weight: 6, run: wait },
  { name: "nest", weight: 4, run: nest },
  { name: "leave", weight: 2, run: leave },
  { name: "fail", weight: 2, run: fail },
  { name: "bulk", weight: 4, run: bulk },
  { name: "beat", weight: 2, run: beat },
  { name: "stay", weight: 1, run: stay },
  { name: "fire", weight: 2, run: fire },
  { name: "lock", weight: 3, run: lock },
  { name: "stray", weight: 1, run: stray },
  { name: "createPool", weight: 2, run: createPool },
  { name: "destroyPool", weight: 1, run: destroyPool },
  { name: "flush", weight: 3, run: flush },
  { name: "moveLane", weight: 3, run: moveLane },
  { name: "recycleWorker", weight: 3, run: recycleWorker },
  { name: "upgradeModule", weight: 3, run: upgradeModule },
  { name: "openPort", weight: 1, run: openPort },
];
