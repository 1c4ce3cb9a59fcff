import assert from "node:assert/strict";
import { checkPattern, HAS_RING, pattern, TempFolder } from "../../tests/disk/files.ts";
import { test } from "../../tests/permission.ts";
import { askProgram, newSegment } from "../../tests/torture/memory_harness.ts";
import { openUring, PositionalFile, store, type Uring, wake } from "./mod.ts";

const EAGAIN = 11;
const EBADF = 9;
const ECANCELED = 125;

type Results = Map<number, number>;

/** How many rings this process has; other test files of the process open none. */
function openRings(): number {
  const target = (name: string) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`);
    } catch {
      return ""; // Another test closed it meanwhile.
    }
  };
  return [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) =>
    target(name).includes("io_uring")
  ).length;
}

/** Waits until `count` operations are complete. */
function finish(ring: Uring, count: number): Results {
  const results: Results = new Map();
  while (results.size < count) {
    ring.wait(Infinity);
    ring.reap((name, result) => {
      assert.ok(!results.has(name), `operation ${name} completed twice`);
      results.set(name, result);
    });
  }
  return results;
}

/** A test with a ring, a mapped segment, and a folder. */
function ringTest(
  name: string,
  entries: number,
  body: (
    ring: Uring,
    segment: ReturnType<typeof newSegment>,
    folder: TempFolder,
  ) => void | Promise<void>,
): void {
  test({
    name: `uring: ${name}`,
    ignore: !HAS_RING,
    fn: async () => {
      using folder = new TempFolder();
      using segment = newSegment(4 << 20);
      const ring = openUring(entries)!;
      try {
        await body(ring, segment, folder);
      } finally {
        ring.close();
      }
    },
  });
}

ringTest("reads, writes and syncs what files hold", 8, async (ring, segment, folder) => {
  const path = folder.patterned("data", 64 << 10);
  const file = await PositionalFile.open(path, { write: true });
  const at = 1 << 20;
  ring.read(1, file.descriptor, segment.address + at, 5000, 777);
  assert.deepEqual(finish(ring, 1), new Map([[1, 5000]]));
  checkPattern(segment.u8.subarray(at, at + 5000), 777);

  segment.u8.set(pattern(123456, 3000), at);
  ring.write(2, file.descriptor, segment.address + at, 3000, 64 << 10);
  assert.deepEqual(finish(ring, 1), new Map([[2, 3000]]));
  ring.sync(3, file.descriptor, false);
  ring.sync(4, file.descriptor, true);
  assert.deepEqual(finish(ring, 2), new Map([[3, 0], [4, 0]]));
  file.close();
  const bytes = Deno.readFileSync(path);
  assert.equal(bytes.length, (64 << 10) + 3000);
  checkPattern(bytes.subarray(0, 64 << 10), 0);
  checkPattern(bytes.subarray(64 << 10), 123456);
});

ringTest("a read at the end is short, past it empty", 8, async (ring, segment, folder) => {
  const file = await PositionalFile.open(folder.patterned("data", 1000), {});
  ring.read(1, file.descriptor, segment.address + (1 << 20), 4096, 900);
  ring.read(2, file.descriptor, segment.address + (2 << 20), 4096, 1000);
  assert.deepEqual(finish(ring, 2), new Map([[1, 100], [2, 0]]));
  checkPattern(segment.u8.subarray(1 << 20, (1 << 20) + 100), 900);
  file.close();
});

ringTest(
  "a bad descriptor fails its operation and no other",
  8,
  async (ring, segment, folder) => {
    const file = await PositionalFile.open(folder.patterned("data", 4096), {});
    const address = segment.address + (1 << 20);
    ring.read(1, 1 << 20, address, 4096, 0);
    ring.read(2, file.descriptor, address, 4096, 0);
    ring.write(3, file.descriptor, address, 4096, 0); // It was opened for reading.
    const results = finish(ring, 3);
    assert.deepEqual(results, new Map([[1, -EBADF], [2, 4096], [3, -EBADF]]));
    file.close();
  },
);

ringTest("64 operations are under way at once", 64, async (ring, segment, folder) => {
  const file = await PositionalFile.open(folder.patterned("data", 1 << 20), {});
  for (let round = 0; round < 4; round++) {
    segment.u8.fill(0, 1 << 20, 2 << 20);
    for (let k = 0; k < 64; k++) {
      const address = segment.address + (1 << 20) + k * 4096;
      ring.read(k, file.descriptor, address, 4096, ((k * 37 + round) % 255) * 4096 + k);
    }
    assert.equal(ring.room, 0);
    assert.throws(() => ring.sync(64, file.descriptor, false), RangeError);
    const results = finish(ring, 64);
    for (let k = 0; k < 64; k++) {
      assert.equal(results.get(k), 4096);
      const at = (1 << 20) + k * 4096;
      checkPattern(segment.u8.subarray(at, at + 4096), ((k * 37 + round) % 255) * 4096 + k);
    }
  }
  file.close();
});

ringTest("both rings come round many times", 4, async (ring, segment, folder) => {
  const file = await PositionalFile.open(folder.patterned("data", 65536), {});
  const address = segment.address + (1 << 20);
  let next = 0;
  let done = 0;
  while (done < 3000) {
    while (next - done < 4 && next < 3000) {
      ring.read(next, file.descriptor, address + (next % 64) * 16, 16, next);
      next++;
    }
    ring.wait(Infinity);
    ring.reap((name, result) => {
      assert.equal(result, 16);
      checkPattern(segment.u8.subarray((1 << 20) + (name % 64) * 16).subarray(0, 16), name);
      done++;
    });
  }
  file.close();
});

ringTest("offsets beyond 4 GiB are whole", 4, async (ring, segment, folder) => {
  const file = await PositionalFile.open(`${folder.path}/sparse`, { create: true });
  const offset = 5 * 2 ** 32 + 12345;
  segment.u8.set(pattern(7, 100), 1 << 20);
  ring.write(1, file.descriptor, segment.address + (1 << 20), 100, offset);
  assert.equal(finish(ring, 1).get(1), 100);
  const bytes = new Uint8Array(200);
  assert.equal(file.readAt(bytes, offset - 100), 200);
  assert.ok(bytes.subarray(0, 100).every((byte) => byte === 0));
  checkPattern(bytes.subarray(100), 7);
  file.close();
});

ringTest("a wait ends by a wake, by another value, or by time", 8, (ring, segment) => {
  const word = (1 << 20) / 4;
  const address = segment.address + (1 << 20);
  store(segment.i32, word, 7);
  ring.waitForWord(1, address, 6);
  assert.deepEqual(finish(ring, 1), new Map([[1, -EAGAIN]]));

  ring.waitForWord(2, address, 7);
  ring.wait(5);
  assert.equal(ring.reap(() => assert.fail("nobody woke it")), 0);
  ring.wait(5); // It is armed still.
  assert.equal(ring.reap(() => assert.fail("nobody woke it")), 0);
  wake(segment.words, word);
  assert.deepEqual(finish(ring, 1), new Map([[2, 0]]));
});

ringTest("a word is compared as 32 bits, sign and all", 8, (ring, segment) => {
  store(segment.i32, (1 << 20) / 4, -2);
  ring.waitForWord(1, segment.address + (1 << 20), -2);
  ring.wait(5);
  assert.equal(ring.reap(() => assert.fail("it holds what was expected")), 0);
});

ringTest("what waits is taken back", 8, async (ring, segment, folder) => {
  const file = await PositionalFile.open(folder.pipe("pipe"), { write: true });
  ring.read(1, file.descriptor, segment.address + (1 << 20), 100, 0);
  ring.waitForWord(2, segment.address, segment.i32[0]!);
  ring.wait(5);
  assert.equal(ring.ready, false);
  ring.cancelAll(3);
  const results = finish(ring, 3);
  assert.deepEqual(results, new Map([[1, -ECANCELED], [2, -ECANCELED], [3, 2]]));
  file.close();
});

ringTest("the event loop learns of a completion", 8, async (ring, segment, folder) => {
  const path = folder.pipe("pipe");
  const file = await PositionalFile.open(path, { write: true });
  for (let round = 0; round < 10; round++) {
    ring.read(round, file.descriptor, segment.address + (1 << 20), 100, 0);
    ring.submit();
    let done = false;
    const ready = ring.untilReady(60_000).then(() => done = true);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(done, false);
    // From another process, as a device would: nothing makes this thread enter the kernel.
    const writer = new Deno.Command("sh", { args: ["-c", 'printf hello > "$0"', path] }).spawn();
    await ready;
    await writer.status;
    assert.deepEqual(finish(ring, 1), new Map([[round, 5]]));
  }
  file.close();
});

ringTest("a completion that throws is taken all the same", 8, async (ring, segment, folder) => {
  const file = await PositionalFile.open(folder.patterned("data", 4096), {});
  for (const name of [1, 2]) {
    ring.read(name, file.descriptor, segment.address + (1 << 20), 10, 0);
  }
  let seen = 0;
  const take = () => {
    throw new Error(`${++seen}`);
  };
  while (seen < 2) {
    ring.wait(Infinity);
    assert.throws(() => ring.reap(take), /^Error: [12]$/);
  }
  assert.equal(ring.reap(take), 0);
  file.close();
});

ringTest("after its end a ring throws", 8, (ring) => {
  ring.close();
  ring.close();
  assert.throws(() => ring.submit(), RangeError);
  assert.throws(() => ring.wait(0), RangeError);
  assert.throws(() => ring.sync(1, 0, false), RangeError);
  assert.throws(() => ring.ready, RangeError);
});

test({
  name: "uring: a ring leaves nothing behind",
  ignore: !HAS_RING,
  fn: () => {
    const maps = () => Deno.readTextFileSync("/proc/self/maps").match(/io_uring/g)?.length ?? 0;
    const before = [openRings(), maps()];
    for (let k = 0; k < 20; k++) openUring(8)!.close();
    assert.deepEqual([openRings(), maps()], before);
  },
});

const ASK = (door: string) =>
  `import { openUring } from "${door}"; console.log(JSON.stringify({ ring: openUring(8) !== null }));`;

test("uring: none without FFI, and none where it is switched off", async () => {
  const program = ASK(new URL("./mod.ts", import.meta.url).href);
  const denied = await askProgram(program, ["--allow-read", "--allow-env"]);
  assert.deepEqual(denied.json, { ring: false });
  const off = `Deno.env.set("CHIMAERA_IO_URING", "0");`;
  const switched = await askProgram(`${off}\n${program}`, ["-A"]);
  assert.deepEqual(switched.json, { ring: false });
  const on = await askProgram(program, ["-A"]);
  assert.deepEqual(on.json, { ring: HAS_RING });
});
