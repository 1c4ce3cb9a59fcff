/** Locks of handlers, on contexts without a worker under them. */

import assert from "node:assert/strict";
import { ChimaeraError } from "../errors.ts";
import { CoMutex, StrictCoMutex } from "./co_mutex.ts";
import { CoRwLock, StrictCoRwLock } from "./co_rw_lock.ts";
import { type LockGuard, releaseKept } from "./lock_guard.ts";
import { FakeHost } from "./lock_test_kit.ts";

/** Microtasks after which whatever can happen without a timer has happened. */
const TURNS = 20;

/** What has become of a wait: the guard, the code of an error, or null while it waits. */
async function stateOf(wait: Promise<LockGuard>): Promise<LockGuard | string | null> {
  let state: LockGuard | string | null = null;
  wait.then((guard) => state = guard, (error: ChimaeraError) => state = error.code);
  for (let turn = 0; turn < TURNS; turn++) await null;
  return state;
}

function isIn(state: LockGuard | string | null): state is LockGuard {
  return state !== null && typeof state !== "string";
}

async function refused(wait: Promise<LockGuard>, code: string): Promise<void> {
  assert.equal(await stateOf(wait), code);
}

Deno.test("CoMutex: one root at a time, in the order in which they asked", async () => {
  const host = new FakeHost();
  const mutex = new CoMutex();
  const first = await mutex.lock(host.handler(1));
  const entered: number[] = [];
  const others = [2, 3, 4].map(async (root) => {
    using _ = await mutex.lock(host.handler(root));
    entered.push(root);
    assert.equal(mutex.locked, true);
    await Promise.resolve();
    assert.equal(entered.at(-1), root);
  });
  assert.equal(host.parkedHandlers, 3);
  assert.deepEqual(entered, []);
  first.release();
  await Promise.all(others);
  assert.deepEqual(entered, [2, 3, 4]);
  assert.equal(host.parkedHandlers, 0);
  assert.equal(mutex.locked, false);
});

Deno.test("CoMutex: handlers of one root are in together, whoever waits", async () => {
  const host = new FakeHost();
  const mutex = new CoMutex();
  const outer = await mutex.lock(host.handler(1));
  const stranger = mutex.lock(host.handler(2));
  const inner = await mutex.lock(host.handler(1));
  const again = await mutex.lock(inner.rctx);
  outer.release();
  again.release();
  assert.equal(await stateOf(stranger), null);
  inner.release();
  assert.ok(isIn(await stateOf(stranger)));
});

Deno.test("CoMutex: with the first of a root come its others from the queue", async () => {
  const host = new FakeHost();
  const mutex = new CoMutex();
  const first = await mutex.lock(host.handler(1));
  const [a, b, c] = [2, 3, 2].map((root) => mutex.lock(host.handler(root)));
  first.release();
  const [guardA, guardC] = [await a!, await c!];
  assert.equal(await stateOf(b!), null);
  guardA.release();
  assert.equal(await stateOf(b!), null);
  guardC.release();
  assert.ok(isIn(await stateOf(b!)));
});

Deno.test("a guard leaves once: what is released twice opens nobody else's lock", async () => {
  const host = new FakeHost();
  const mutex = new CoMutex();
  {
    using early = await mutex.lock(host.handler(1));
    early.release();
    assert.equal(mutex.locked, false);
    await mutex.lock(host.handler(2));
  }
  assert.equal(mutex.locked, true);
});

Deno.test("tryLock: has it or does not wait", async () => {
  const host = new FakeHost();
  const mutex = new CoMutex();
  const guard = mutex.tryLock(host.handler(1))!;
  assert.equal(mutex.tryLock(host.handler(2)), null);
  mutex.tryLock(host.handler(1))!.release();
  const next = mutex.lock(host.handler(3));
  guard.release();
  assert.equal(mutex.tryLock(host.handler(2)), null);
  (await next).release();
  const rw = new CoRwLock();
  const reader = rw.tryReadLock(host.handler(1))!;
  rw.tryReadLock(host.handler(2))!.release();
  assert.equal(rw.tryWriteLock(host.handler(2)), null);
  reader.release();
  rw.tryWriteLock(host.handler(2))!.release();
  assert.equal(rw.locked, false);
});

Deno.test("CoRwLock: readers in a row are in together, and do not overtake a writer", async () => {
  const host = new FakeHost();
  const lock = new CoRwLock();
  const first = await lock.readLock(host.handler(1));
  const second = await lock.readLock(host.handler(2));
  const writer = lock.writeLock(host.handler(3));
  const late = [4, 5].map((root) => lock.readLock(host.handler(root)));
  first.release();
  assert.equal(await stateOf(writer), null);
  // A root that is in comes in again, also when somebody waits.
  (await lock.readLock(second.rctx)).release();
  second.release();
  const writing = await writer;
  assert.equal(await stateOf(late[0]!), null);
  writing.release();
  const reading = await Promise.all(late);
  assert.equal(await stateOf(lock.writeLock(host.handler(6), { timeoutMs: 1 })), null);
  for (const guard of reading) guard.release();
});

Deno.test("CoRwLock: a writer reads, and stays a reader when it has written", async () => {
  const host = new FakeHost();
  const lock = new CoRwLock();
  const writing = await lock.writeLock(host.handler(1));
  const reading = await lock.readLock(host.handler(1));
  const other = lock.readLock(host.handler(2));
  assert.equal(await stateOf(other), null);
  writing.release();
  const writer = lock.writeLock(host.handler(3));
  (await other).release();
  assert.equal(await stateOf(writer), null);
  reading.release();
  assert.ok(isIn(await stateOf(writer)));
});

Deno.test("CoRwLock: the only reader writes at once", async () => {
  const lock = new CoRwLock();
  const host = new FakeHost();
  const reading = await lock.readLock(host.handler(1));
  const waiting = lock.writeLock(host.handler(2));
  const writing = await lock.writeLock(host.handler(1));
  reading.release();
  assert.equal(await stateOf(waiting), null);
  writing.release();
  assert.ok(isIn(await stateOf(waiting)));
});

Deno.test("CoRwLock: two readers that want to write do not wait for each other", async () => {
  const host = new FakeHost();
  const lock = new CoRwLock();
  const [one, two] = [
    await lock.readLock(host.handler(1)),
    await lock.readLock(host.handler(2)),
  ];
  const waiting = lock.writeLock(host.handler(3));
  const writing = lock.writeLock(one.rctx);
  await refused(lock.writeLock(two.rctx), "CHI-3022");
  two.release();
  const guard = await writing; // Before the one that waited already: it is in as a reader.
  assert.equal(await stateOf(waiting), null);
  guard.release();
  one.release();
  assert.ok(isIn(await stateOf(waiting)));
});

Deno.test("StrictCoMutex: two children of one root exclude each other", async () => {
  const host = new FakeHost();
  const mutex = new StrictCoMutex();
  const first = await mutex.lock(host.handler(1));
  const second = mutex.lock(host.handler(1));
  assert.equal(await stateOf(second), null);
  await refused(mutex.lock(first.rctx), "CHI-3021");
  assert.throws(() => mutex.tryLock(first.rctx), { code: "CHI-3021" });
  first.release();
  const { rctx } = await second;
  await refused(mutex.lock(rctx), "CHI-3021");
});

Deno.test("StrictCoMutex: a task that waits cannot wait once more", async () => {
  const host = new FakeHost();
  const mutex = new StrictCoMutex();
  const first = await mutex.lock(host.handler(1));
  const rctx = host.handler(2);
  const waiting = mutex.lock(rctx);
  await refused(mutex.lock(rctx), "CHI-3021");
  first.release();
  (await waiting).release();
  (await mutex.lock(rctx)).release();
});

Deno.test("StrictCoRwLock: a task is in once, children of one root count as two", async () => {
  const host = new FakeHost();
  const lock = new StrictCoRwLock();
  const reading = await lock.readLock(host.handler(1));
  await refused(lock.readLock(reading.rctx), "CHI-3021");
  await refused(lock.writeLock(reading.rctx), "CHI-3021");
  const child = lock.writeLock(host.handler(1));
  assert.equal(await stateOf(child), null);
  reading.release();
  await refused(lock.readLock((await child).rctx), "CHI-3021");
});

Deno.test("a wait ends with its time, and whoever stood behind it comes in", async () => {
  const host = new FakeHost();
  const lock = new CoRwLock();
  const reading = await lock.readLock(host.handler(1));
  const writer = lock.writeLock(host.handler(2), { timeoutMs: 10 });
  const reader = lock.readLock(host.handler(3), { timeoutMs: 50 });
  host.pass(9);
  assert.equal(await stateOf(writer), null);
  assert.equal(await stateOf(reader), null);
  host.pass(1);
  await refused(writer, "CHI-3005");
  const guard = await reader;
  assert.equal(host.timers, 0);
  assert.equal(host.parkedHandlers, 0);
  reading.release();
  guard.release();
  assert.equal(lock.locked, false);
});

Deno.test("a wait ends with its signal", async () => {
  const host = new FakeHost();
  const mutex = new CoMutex();
  const first = await mutex.lock(host.handler(1));
  const controller = new AbortController();
  const waiting = mutex.lock(host.handler(2), { signal: controller.signal });
  controller.abort();
  await refused(waiting, "CHI-3006");
  await refused(mutex.lock(host.handler(3), { signal: AbortSignal.abort() }), "CHI-3006");
  await refused(mutex.lock(host.handler(3), { timeoutMs: NaN }), "CHI-3001");
  const rctx = host.handler(4);
  const own = mutex.lock(rctx, { signal: rctx.signal });
  assert.equal(host.parkedHandlers, 1);
  rctx.abort();
  await refused(own, "CHI-3006");
  first.release();
  assert.equal(mutex.locked, false);
});

Deno.test("a caller that gives up ends its handler's waits, and takes no lock away", async () => {
  const host = new FakeHost();
  const [held, wanted] = [new CoMutex(), new CoMutex()];
  const first = await wanted.lock(host.handler(1));
  const rctx = host.handler(2);
  const guard = await held.lock(rctx);
  const waits = [wanted.lock(rctx), wanted.lock(rctx)];
  rctx.abort();
  for (const wait of waits) await refused(wait, "CHI-3006");
  await refused(wanted.lock(rctx), "CHI-3006");
  assert.equal(held.locked, true);
  first.release();
  (await wanted.lock(rctx)).release(); // What costs no wait it may still have.
  guard.release();
  assert.equal(rctx.guards, null);
});

Deno.test("a handler's end opens what it kept: its task fails unless it has failed", async () => {
  const host = new FakeHost();
  const [one, two] = [new CoMutex(), new CoRwLock()];
  const rctx = host.handler(1);
  await one.lock(rctx);
  await two.readLock(rctx);
  const next = one.lock(host.handler(2));
  const error = releaseKept(rctx, null);
  assert.equal(error?.code, "CHI-3020");
  assert.match(error.why, /2 locks/);
  assert.equal(two.locked, false);
  const { rctx: failing } = await next;
  const thrown = new ChimaeraError("handlerThrew", { what: "a", why: "b" });
  assert.equal(releaseKept(failing, thrown), thrown);
  assert.equal(one.locked, false);
});

Deno.test("a handler's end takes it out of the queues", async () => {
  const host = new FakeHost();
  const mutex = new StrictCoMutex();
  const first = await mutex.lock(host.handler(1));
  const rctx = host.handler(2);
  const left = mutex.lock(rctx);
  const next = mutex.lock(host.handler(3));
  assert.equal(releaseKept(rctx, null), null);
  await refused(left, "CHI-3010");
  first.release();
  assert.ok(isIn(await stateOf(next)));
});
