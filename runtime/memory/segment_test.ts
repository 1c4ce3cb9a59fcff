import assert from "node:assert/strict";
import {
  askPeer,
  askProgram,
  newSegment,
  openDescriptors,
  throwsError,
} from "../../tests/torture/memory_harness.ts";
import { test } from "../../tests/permission.ts";
import { LIMITS } from "../limits.ts";
import { HEADER, LAYOUT_VERSION, PAGE_BYTES, Segment, SEGMENT_MAGIC, SegmentKind } from "./mod.ts";

const MIB = 1 << 20;

test("segment: a new one is sealed, empty but for its header, and has a path", () => {
  using segment = newSegment(2 * MIB + 1, { id: 7 });
  assert.equal(segment.backing, "memfd");
  assert.equal(segment.sizeBytes, 2 * MIB + 65536);
  assert.ok(segment.address > 0);
  assert.ok(segment.buffer instanceof SharedArrayBuffer);
  const { i32 } = segment;
  assert.equal(i32[HEADER.magic], SEGMENT_MAGIC);
  assert.equal(i32[HEADER.version], LAYOUT_VERSION);
  assert.equal(i32[HEADER.pageBytes], PAGE_BYTES);
  assert.equal(i32[HEADER.segmentId], 7);
  assert.equal(i32[HEADER.kind], SegmentKind.session);
  assert.equal(i32[HEADER.sizeUnits], segment.sizeBytes / 65536);
  assert.equal(i32[HEADER.workers], 2);
  assert.ok(segment.i32.subarray(16).every((word) => word === 0));
  assert.equal(Deno.statSync(segment.path()).size, segment.sizeBytes);
});

test("segment: its size can be changed by nobody who opens it", () => {
  using segment = newSegment(MIB);
  using file = Deno.openSync(segment.path(), { read: true, write: true });
  for (const size of [0, 4096, 2 * MIB]) {
    assert.throws(() => file.truncateSync(size), /not permitted/);
  }
  assert.equal(Deno.statSync(segment.path()).size, MIB);
});

test("segment: another process maps the same pages", async () => {
  using segment = newSegment(2 * MIB);
  segment.i32[300_000] = 4711;
  const { json } = await askPeer("exchange", segment.path(), 300_000, 300_001, -5);
  assert.deepEqual(json, { found: 4711, backing: "memfd", path: "", size: 2 * MIB });
  assert.equal(segment.i32[300_001], -5);
});

test("segment: an attached one is the same memory, and not its to give back", () => {
  using segment = newSegment(MIB, { id: 3 });
  const attached = Segment.attach(structuredClone(segment.handle()));
  attached.u8[5000] = 9;
  assert.equal(segment.u8[5000], 9);
  assert.equal(attached.id, 3);
  assert.equal(attached.address, segment.address);
  attached.discard();
  assert.equal(segment.u8[5000], 9);
  assert.equal(Deno.statSync(segment.path()).size, MIB);
});

test("segment: what is given back reads as zero, frees its pages, and stays given back", async () => {
  const segment = newSegment(8 * MIB);
  const file = Deno.openSync(segment.path());
  segment.u8.fill(1);
  assert.ok(file.statSync().blocks! * 512 >= 8 * MIB);
  segment.discard();
  assert.equal(file.statSync().blocks, 0);
  assert.ok(segment.i32.every((word) => word === 0));
  assert.equal(segment.path(), "");
  file.close();
  // The descriptor's number goes to the next file; giving back again must not reach it.
  const next = newSegment(MIB);
  next.u8.fill(2);
  segment.discard();
  assert.ok(next.u8.every((byte) => byte === 2));
  await segment.prefault(0, MIB);
  next.discard();
});

test("segment: making, opening, failing to open and giving back leave no descriptor", () => {
  const before = openDescriptors();
  for (let round = 0; round < 20; round++) {
    using segment = newSegment(MIB);
    Segment.open(segment.path(), 1, SegmentKind.session, true);
    throwsError("badSegment", () => Segment.open(segment.path(), 1, SegmentKind.node, true));
  }
  assert.equal(openDescriptors(), before);
});

test("segment: a header that is not of this kind of segment is refused", () => {
  const wrong: readonly [number, number, RegExp][] = [
    [HEADER.magic, 0x12345678, /magic/],
    [HEADER.version, LAYOUT_VERSION + 1, /version/],
    [HEADER.kind, SegmentKind.bell, /kind/],
    [HEADER.kind, 99, /kind/],
    [HEADER.sizeUnits, 17, /bytes/],
    [HEADER.sizeUnits, 0, /bytes/],
  ];
  for (const [word, value, why] of wrong) {
    using segment = newSegment(MIB);
    segment.i32[word] = value;
    const error = throwsError(
      "badSegment",
      () => Segment.open(segment.path(), 1, SegmentKind.session, true),
    );
    assert.equal(error.code, "CHI-2006");
    assert.match(error.why, why);
  }
});

/** A plain file that begins as a segment's header does. */
function withFile(sizeBytes: number, use: (path: string) => void): void {
  using segment = newSegment(MIB);
  segment.i32[HEADER.sizeUnits] = sizeBytes / 65536;
  const path = Deno.makeTempFileSync({ prefix: "chimaera-segment-" });
  try {
    Deno.writeFileSync(path, segment.u8.slice(0, 64));
    Deno.truncateSync(path, sizeBytes);
    use(path);
  } finally {
    Deno.removeSync(path);
  }
}

test("segment: a plain file serves where no seal is required, and only there", () => {
  withFile(MIB, (path) => {
    const segment = Segment.open(path, 1, SegmentKind.session, false);
    assert.equal(segment.backing, "file");
    segment.u8[MIB - 1] = 77;
    assert.equal(Deno.readFileSync(path)[MIB - 1], 77);
    const refused = throwsError(
      "badSegment",
      () => Segment.open(path, 1, SegmentKind.session, true),
    );
    assert.match(refused.why, /not sealed/);
  });
});

test("segment: files of impossible sizes are refused", () => {
  for (const size of [64, 65535, 65537, MIB + 4096, 5 * 1024 ** 3]) {
    withFile(size, (path) => {
      throwsError("badSegment", () => Segment.open(path, 1, SegmentKind.session, false));
    });
  }
});

test("segment: what cannot be opened says what was tried and why", () => {
  const open = (path: string) => () => Segment.open(path, 1, SegmentKind.session, true);
  const missing = throwsError("systemCall", open("/proc/self/fd/99999"));
  assert.equal(missing.what, "open /proc/self/fd/99999");
  assert.match(missing.why, /ENOENT/);
  assert.match(throwsError("systemCall", open("/proc")).why, /EISDIR/);
  assert.match(throwsError("systemCall", open("/proc/version/x")).why, /ENOTDIR/);
  throwsError("badSegment", open("/dev/null"));
});

test("segment: larger than one memory can be is out of memory", () => {
  const error = throwsError("outOfMemory", () => newSegment(LIMITS.segmentBytesMax + 1));
  assert.match(error.why, /largest/);
});

test("segment: a private one has no path and needs no giving back", () => {
  using segment = newSegment(MIB, { private: true });
  assert.equal(segment.backing, "private");
  assert.equal(segment.address, 0);
  assert.equal(segment.path(), "");
  segment.u8[9] = 1;
  segment.discard();
  assert.equal(segment.u8[9], 1);
});

test("segment: without FFI it is private to the process, and opening one says so", async () => {
  const body = `
    const kind = memory.SegmentKind.node;
    const segment = memory.Segment.create({ id: 1, kind, sizeBytes: 1 << 21, workers: 1 });
    const heap = new memory.Heap(segment);
    heap.free(heap.alloc(100));
    let code = "";
    try {
      memory.Segment.open("/dev/shm/none", 1, kind, false);
    } catch (error) {
      code = error.code;
    }
    console.log(JSON.stringify({ backing: segment.backing, path: segment.path(), code }));`;
  const { json } = await askProgram(body, ["--allow-read"]);
  assert.deepEqual(json, { backing: "private", path: "", code: "CHI-7001" });
});

test("segment: pages that are made present keep their content", async () => {
  using segment = newSegment(4 * MIB);
  segment.u8[2 * MIB] = 3;
  await segment.prefault(0, 100 * MIB);
  assert.equal(segment.u8[2 * MIB], 3);
  assert.equal(segment.i32[HEADER.magic], SEGMENT_MAGIC);
});

for (const [count, mib] of [[110, 256], [110, 1024], [20, 4095]] as const) {
  test(`segment: one process makes ${count} of ${mib} MiB`, () => {
    const segments = Array.from({ length: count }, (_, k) => newSegment(mib * MIB, { id: k + 1 }));
    for (const segment of segments) segment.i32[segment.i32.length - 1] = segment.id;
    for (const segment of segments) {
      assert.equal(segment.i32[segment.i32.length - 1], segment.id);
      segment.discard();
    }
  });
}
