import assert from "node:assert/strict";
import * as fc from "fast-check";
import { BELL_LINE, giveTurn } from "../../tests/disk/bell_ringer.ts";
import { checkPattern, HAS_RING, pattern, TempFolder } from "../../tests/disk/files.ts";
import { test } from "../../tests/permission.ts";
import { newSegment, openDescriptors } from "../../tests/torture/memory_harness.ts";
import { LIMITS } from "../limits.ts";
import { asOffset, Bell, BellState, Heap, SegmentKind } from "../memory/mod.ts";
import { openUring, realClock } from "../platform/mod.ts";
import { BulkView } from "../task/mod.ts";
import { SegmentTable } from "../memory/mod.ts";
import { DiskFile } from "./disk_file.ts";
import { DiskQueue } from "./disk_queue.ts";
import { RunContext, type RunHost } from "./run_context.ts";

const RINGER = new URL("../../tests/disk/bell_ringer.ts", import.meta.url);

/** A worker's disks without the worker. */
class Bench implements Disposable {
  readonly node = newSegment(8 << 20, { kind: SegmentKind.node });
  readonly bells: ReturnType<typeof newSegment>;
  readonly bell: Bell;
  readonly heap = new Heap(this.node);
  readonly folder = new TempFolder();
  readonly queue: DiskQueue;
  readonly rctx: RunContext;
  parked = 0;
  woken = 0;

  constructor(options: { ring?: boolean; privateBells?: boolean } = {}) {
    const { ring = true, privateBells = false } = options;
    this.bells = newSegment(1 << 20, { kind: SegmentKind.bell, private: privateBells });
    this.bell = new Bell(this.bells.words, BELL_LINE);
    this.queue = new DiskQueue({
      heap: this.heap,
      node: this.node,
      bell: this.bell,
      clock: realClock,
      onReady: () => this.woken++,
      openRing: ring ? openUring : () => null,
    });
    this.rctx = this.context();
  }

  /** The context of a handler that has begun. */
  context(): RunContext {
    const host = {
      workerId: 0,
      disk: this.queue,
      parked: (delta: number) => this.parked += delta,
      resumed: () => {},
    } as unknown as RunHost;
    const rctx = new RunContext(host);
    rctx.start(null as never, null as never);
    return rctx;
  }

  /** Turns of the worker's loop, until the promise is settled. */
  async finish<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => settled = true;
    promise.then(done, done);
    await null;
    while (!settled) {
      if (this.queue.inFlight > 0) {
        this.bell.prepare(BellState.futex);
        if (!this.queue.pending) this.queue.sleep(1000);
        this.bell.finish();
        this.queue.poll();
        for (let turn = 0; turn < 4; turn++) await null;
      } else await new Promise((resolve) => setImmediate(resolve));
    }
    return await promise;
  }

  /** Shared memory as a bulk field has it. */
  bulk(sizeBytes: number): BulkView {
    const segments = new SegmentTable();
    segments.add(this.node);
    return new BulkView(
      segments,
      { segment: this.node.id, offset: this.heap.alloc(sizeBytes) },
      sizeBytes,
    );
  }

  [Symbol.dispose](): void {
    this.queue.close();
    this.node.discard();
    this.bells.discard();
    this.folder[Symbol.dispose]();
  }
}

/** The test with a ring, where there is one, and without. */
function bothWays(name: string, body: (bench: Bench) => Promise<void>): void {
  for (const ring of [true, false]) {
    test({
      name: `disk queue: ${name}, ${ring ? "in a ring" : "blocking"}`,
      ignore: ring && !HAS_RING,
      fn: async () => {
        using bench = new Bench({ ring });
        await body(bench);
        assert.equal(bench.queue.backend, ring ? "io_uring" : "blocking");
        assert.equal(bench.parked, 0);
        assert.equal(bench.rctx.pinned, false);
      },
    });
  }
}

bothWays("bulk, views and private bytes are read and written", async (bench) => {
  const { rctx, folder } = bench;
  const path = folder.patterned("data", 100_000);
  await using file = await DiskFile.open(path, { write: true });
  const access = file.in(rctx);
  const bulk = bench.bulk(5000);
  assert.equal(await bench.finish(access.read(bulk, 11)), 5000);
  checkPattern(bulk.bytes, 11);
  const part = bulk.bytes.subarray(100, 200);
  assert.equal(await bench.finish(access.read(part, 70_000)), 100);
  checkPattern(part, 70_000);
  checkPattern(bulk.bytes.subarray(0, 100), 11);
  checkPattern(bulk.bytes.subarray(200), 211);
  const { usedBlocks } = bench.heap.stats();
  const privately = new Uint8Array(5002).subarray(1, 5001);
  assert.equal(await bench.finish(access.read(privately, 33)), 5000);
  checkPattern(privately, 33);
  assert.deepEqual([privately.buffer.byteLength, new Uint8Array(privately.buffer)[0]], [5002, 0]);

  assert.equal(await bench.finish(access.write(pattern(9, 100), 200_000)), 100);
  bulk.bytes.set(pattern(77, 5000));
  assert.equal(await bench.finish(access.write(bulk, 100_000)), 5000);
  await bench.finish(access.sync());
  await bench.finish(access.sync({ dataOnly: true }));
  assert.equal(bench.heap.stats().usedBlocks, usedBlocks);
  assert.equal(file.sizeBytes, 200_100);
  const bytes = Deno.readFileSync(path);
  checkPattern(bytes.subarray(0, 100_000), 0);
  checkPattern(bytes.subarray(100_000, 105_000), 77);
  checkPattern(bytes.subarray(200_000), 9);
});

bothWays("short reads and nothing to read", async (bench) => {
  await using file = await DiskFile.open(bench.folder.patterned("data", 100));
  const access = file.in(bench.rctx);
  const bulk = bench.bulk(64);
  assert.equal(await bench.finish(access.read(bulk, 90)), 10);
  assert.equal(await bench.finish(access.read(bulk, 100)), 0);
  assert.equal(await bench.finish(access.read(bulk, 1e12)), 0);
  assert.equal(await bench.finish(access.read(new Uint8Array(0), 0)), 0);
  assert.equal(await bench.finish(access.read(bench.bulk(64).bytes.subarray(7, 7), 0)), 0);
});

bothWays("direct access takes bulk, and private bytes too", async (bench) => {
  const path = bench.folder.patterned("data", 64 << 10);
  const file = await DiskFile.open(path, { write: true, direct: true }).catch((error) => error);
  if (!(file instanceof DiskFile)) {
    // A file system in memory has no direct access, and says so.
    assert.equal(file.code, "CHI-1106");
    await using plain = await DiskFile.open(path);
    assert.equal(await bench.finish(plain.in(bench.rctx).read(bench.bulk(8192), 0)), 8192);
    return;
  }
  const access = file.in(bench.rctx);
  const bulk = bench.bulk(8192);
  assert.equal(await bench.finish(access.read(bulk, 4096)), 8192);
  checkPattern(bulk.bytes, 4096);
  const bytes = pattern(99, 4096);
  assert.equal(await bench.finish(access.write(bytes, 8192)), 4096);
  assert.equal(await bench.finish(access.read(new Uint8Array(4096), 8192)), 4096);
  checkPattern(Deno.readFileSync(path).subarray(8192, 12288), 99);
  const misplaced = bulk.bytes.subarray(1, 4097);
  const outcome = await bench.finish(access.read(misplaced, 0)).catch((error) => error);
  if (outcome === 4096) checkPattern(misplaced, 0); // A file system in memory minds no alignment.
  else assert.match(outcome.why, /^EINVAL/);
  await file.close();
});

bothWays("errors reject, with the file and the system's word", async (bench) => {
  const path = bench.folder.patterned("data", 100);
  const file = await DiskFile.open(path);
  const access = file.in(bench.rctx);
  const bulk = bench.bulk(64);
  const fails = (promise: Promise<unknown>, error: Record<string, unknown>) =>
    assert.rejects(bench.finish(promise), error);
  await fails(access.write(bulk, 0), { code: "CHI-1106", what: `write ${path}`, why: /EBADF/ });
  await fails(access.write(new Uint8Array(9), 0), { code: "CHI-1106" });
  for (const offset of [-1, 0.5, NaN, 2 ** 53]) {
    await fails(access.read(bulk, offset), { code: "CHI-2008", what: `read ${path}` });
  }
  await file.close();
  await file.close();
  await fails(access.read(bulk, 0), { code: "CHI-1106", why: "the file was closed" });
  await fails(access.sync(), { code: "CHI-1106" });
  assert.throws(() => file.in(bench.rctx), { code: "CHI-1106" });
  assert.throws(() => file.sizeBytes, { code: "CHI-1106" });
  await assert.rejects(DiskFile.open(`${path}-not`), { code: "CHI-1101" });
});

bothWays("a task that is over has no more of the file", async (bench) => {
  await using file = await DiskFile.open(bench.folder.patterned("data", 100));
  const access = file.in(bench.rctx);
  const bulk = bench.bulk(10);
  assert.equal(await bench.finish(access.read(bulk, 0)), 10);
  bench.rctx.leave();
  await assert.rejects(access.read(bulk, 0), { code: "CHI-3008" });
  bench.rctx.start(null as never, null as never);
  await assert.rejects(access.write(bulk, 0), { code: "CHI-3008" });
  await assert.rejects(access.sync(), { code: "CHI-3008" });
  assert.equal(await bench.finish(file.in(bench.rctx).read(bulk, 0)), 10);
});

bothWays("any order of reads and writes leaves what a plain array would hold", async (bench) => {
  const SIZE = 20_000;
  const place = { offset: fc.nat(SIZE), size: fc.integer({ min: 1, max: 9000 }) };
  const operation = fc.record({
    ...place,
    isWrite: fc.boolean(),
    memory: fc.constantFrom("bulk", "view", "private"),
    seed: fc.nat(255),
  });
  const bulk = bench.bulk(9000);
  let files = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 12 }), async (operations) => {
      await using file = await DiskFile.open(`${bench.folder.path}/${files++}`, { create: true });
      const access = file.in(bench.rctx);
      const model = new Uint8Array(SIZE * 2);
      let end = 0;
      for (const { offset, size, isWrite, memory, seed } of operations) {
        const bytes = memory === "private" ? new Uint8Array(size) : bulk.bytes.subarray(0, size);
        const named = memory === "bulk"
          ? { pointer: bulk.pointer, size, bytes: bulk.bytes.subarray(0, size) }
          : bytes;
        if (isWrite) {
          bytes.set(pattern(seed, size));
          assert.equal(await bench.finish(access.write(named, offset)), size);
          model.set(pattern(seed, size), offset);
          end = Math.max(end, offset + size);
        } else {
          const read = await bench.finish(access.read(named, offset));
          assert.equal(read, Math.max(0, Math.min(size, end - offset)));
          assert.deepEqual(bytes.slice(0, read), model.slice(offset, offset + read));
        }
      }
      assert.equal(file.sizeBytes, end);
    }),
    { numRuns: 40 },
  );
});

/** A test that needs a read that takes its time, and so a ring. */
function ringTest(name: string, body: (bench: Bench) => Promise<void>): void {
  test({
    name: `disk queue: ${name}`,
    ignore: !HAS_RING,
    fn: async () => {
      using bench = new Bench();
      await body(bench);
    },
  });
}

ringTest("an operation parks and pins its task until it is over", async (bench) => {
  const path = bench.folder.pipe("pipe");
  await using file = await DiskFile.open(path, { write: true });
  const reading = file.in(bench.rctx).read(bench.bulk(100), 0);
  assert.deepEqual([bench.parked, bench.rctx.pinned, bench.woken], [1, true, 1]);
  bench.rctx.leave(); // The handler did not wait for it.
  assert.deepEqual([bench.parked, bench.rctx.pinned], [0, true]);
  let over = false;
  bench.rctx.onUnpinned(() => over = true);
  bench.queue.poll();
  assert.equal(over, false);
  const closing = file.close();
  Deno.writeTextFileSync(path, "hello");
  assert.equal(await bench.finish(reading), 5);
  assert.deepEqual([bench.parked, bench.rctx.pinned, over], [0, false, true]);
  await closing;
});

ringTest("what does not fit waits its turn", async (bench) => {
  const path = bench.folder.pipe("pipe");
  await using file = await DiskFile.open(path, { write: true });
  const access = file.in(bench.rctx);
  const count = LIMITS.diskOperationsMax + 100;
  const readings = Array.from({ length: count }, () => access.read(bench.bulk(1), 0));
  bench.queue.poll();
  assert.equal(bench.queue.inFlight, LIMITS.diskOperationsMax);
  Deno.writeTextFileSync(path, "x".repeat(count));
  assert.deepEqual(await bench.finish(Promise.all(readings)), readings.map(() => 1));
  assert.equal(bench.queue.inFlight, 0);
});

ringTest("in the event loop a completion calls back", async (bench) => {
  const path = bench.folder.pipe("pipe");
  await using file = await DiskFile.open(path, { write: true });
  const reading = file.in(bench.rctx).read(bench.bulk(100), 0);
  bench.queue.submit();
  const { woken } = bench;
  bench.queue.watch();
  bench.queue.watch();
  await new Deno.Command("sh", { args: ["-c", 'printf hello > "$0"', path] }).output();
  while (bench.woken === woken) await new Promise((resolve) => setImmediate(resolve));
  bench.queue.poll();
  assert.equal(await reading, 5);
});

ringTest("at its end it takes back what waits, and closes every file", async (bench) => {
  const before = openDescriptors();
  const file = await DiskFile.open(bench.folder.pipe("pipe"), { write: true });
  const data = await DiskFile.open(bench.folder.patterned("data", 100));
  const access = file.in(bench.rctx);
  const count = LIMITS.diskOperationsMax + 5;
  const readings = Array.from({ length: count }, () => access.read(bench.bulk(1), 0));
  const last = data.in(bench.rctx).read(bench.bulk(100), 0);
  const closing = file.close(); // Waits for its reads, and then has nothing left to close.
  const outcomes = Promise.allSettled([...readings, last]);
  bench.queue.close();
  bench.queue.close();
  for (const outcome of await outcomes) {
    assert.equal(outcome.status, "rejected");
    assert.equal(outcome.reason.code, "CHI-5011");
  }
  await closing;
  assert.deepEqual([bench.parked, bench.rctx.pinned, bench.queue.inFlight], [0, false, 0]);
  assert.equal(openDescriptors(), before);
  await assert.rejects(access.read(bench.bulk(1), 0), { code: "CHI-1106" });
  const late = await DiskFile.open(`${bench.folder.path}/data`);
  await assert.rejects(late.in(bench.rctx).read(bench.bulk(1), 0), { code: "CHI-5011" });
  await late.close();
});

test("disk queue: where the bell is rung within the process only there is no ring", async () => {
  using bench = new Bench({ privateBells: true });
  await using file = await DiskFile.open(bench.folder.patterned("data", 100));
  const bulk = bench.bulk(10);
  assert.equal(await bench.finish(file.in(bench.rctx).read(bulk, 5)), 10);
  checkPattern(bulk.bytes, 5);
  assert.equal(bench.queue.backend, "blocking");
});

/**
 * Sleeps in the ring, and now and then in a plain futex as a worker without disk operations does,
 * while somebody else rings. A ring that is lost shows as a sleep to its limit.
 */
async function sleepAndBeRung(bench: Bench, rounds: number): Promise<void> {
  const path = bench.folder.pipe("pipe");
  await using file = await DiskFile.open(path, { write: true });
  const { bell, queue, bells } = bench;
  const reading = file.in(bench.rctx).read(bench.bulk(100), 0);
  queue.submit();
  try {
    for (let round = 1; round <= rounds; round++) {
      bell.prepare(BellState.futex);
      const { epoch } = bell;
      giveTurn(bells.words, round);
      const sleep = round % 5 === 0 ? bell : queue;
      while (bellEpoch(bench) === epoch) sleepOnce(sleep, round);
      bell.finish();
      queue.poll();
    }
  } finally {
    giveTurn(bells.words, -1);
    Deno.writeTextFileSync(path, "over");
    assert.equal(await bench.finish(reading), 4);
  }
}

/**
 * A sleep that must end. An early end is allowed: the wait was armed before, or the ringer of the
 * round before changed the word then and wakes only now. A late one is not.
 */
function sleepOnce(place: Bell | DiskQueue, round: number): void {
  const beginMs = realClock.nowMs();
  place.sleep(20_000);
  assert.ok(realClock.nowMs() - beginMs < 20_000, `round ${round}: the ring was lost`);
  if (place instanceof DiskQueue) place.poll();
}

function bellEpoch(bench: Bench): number {
  const probe = new Bell(bench.bells.words, BELL_LINE);
  // Reads the word as a sleeper would, and leaves the state as it is.
  return bench.bells.i32[asOffset((probe.epochAddress - bench.bells.address) / 4)]!;
}

ringTest("another thread's ring of the bell ends a sleep in the ring", async (bench) => {
  const ringer = new Worker(RINGER, { type: "module" });
  const over = new Promise((resolve) => ringer.onmessage = resolve);
  ringer.postMessage(bench.bells.handle());
  await sleepAndBeRung(bench, 3000);
  await over;
  ringer.terminate();
});

ringTest("another process's ring of the bell ends a sleep in the ring", async (bench) => {
  const ringer = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", RINGER.pathname, bench.bells.path()],
  }).spawn();
  await sleepAndBeRung(bench, 3000);
  assert.ok((await ringer.status).success);
});
