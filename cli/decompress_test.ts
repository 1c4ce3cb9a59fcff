import assert from "node:assert/strict";
import { test } from "../tests/permission.ts";
import { call, missing, PROGRAMS } from "./testing/codec_programs.ts";
import { ProgramFolder, sample } from "./testing/program.ts";

const DATA = sample((3 << 20) + 777);

function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function skippableFrame(sizeBytes: number): Uint8Array {
  const frame = new Uint8Array(8 + sizeBytes).fill(7);
  const view = new DataView(frame.buffer);
  view.setUint32(0, 0x184d2a53, true);
  view.setUint32(4, sizeBytes, true);
  return frame;
}

for (const { codec, ending, pack, unpack } of PROGRAMS) {
  const ignore = missing(codec);

  test(`decompress: what ${codec} wrote, and ${codec} what we wrote`, { ignore }, async () => {
    await using folder = new ProgramFolder();
    const data = folder.write("data", DATA);
    folder.write(`theirs${ending}`, await call(pack, data));
    const report = await folder.json(["decompress", `theirs${ending}`]);
    assert.equal(report.codec, codec);
    assert.equal(report.bytesOut, DATA.length);
    assert.deepEqual(folder.read("theirs"), DATA);

    await folder.run(["compress", "data", "-o", `ours${ending}`, "--block-size", "256KiB"]);
    assert.deepEqual(await call(unpack, `${folder.path}/ours${ending}`), DATA);
  });

  test(`decompress: files of ${codec} one after the other`, { ignore }, async () => {
    await using folder = new ProgramFolder();
    const data = folder.write("data", DATA);
    const theirs = await call(pack, data);
    await folder.run(["compress", "data", "-o", `ours${ending}`]);
    const ours = folder.read(`ours${ending}`);
    folder.write("both", concat(ours, theirs, ours));
    await folder.json(["decompress", "both", "-o", "back"]);
    assert.deepEqual(folder.read("back"), concat(DATA, DATA, DATA));
  });

  test(`decompress: what ${codec} wrote, without FFI`, { ignore }, async () => {
    await using folder = new ProgramFolder();
    folder.write(`theirs${ending}`, await call(pack, folder.write("data", DATA)));
    const words = ["decompress", `theirs${ending}`];
    const report = await folder.json(words, { denyFfi: true });
    assert.doesNotMatch(report.provider, /^lib/);
    assert.deepEqual(folder.read("theirs"), DATA);
  });

  test(`decompress: what ${codec} wrote, damaged or cut short`, { ignore }, async () => {
    await using folder = new ProgramFolder();
    const theirs = await call(pack, folder.write("data", DATA));
    const flipped = theirs.slice();
    flipped[flipped.length >> 1]! ^= 0x10;
    folder.write("flipped", flipped);
    folder.write("cut", theirs.subarray(0, theirs.length - 5));
    folder.write("followed", concat(theirs, sample(100)));
    const before = folder.list();
    await Promise.all(["flipped", "cut", "followed"].map(async (name) => {
      const { code, stderr } = await folder.run(["decompress", name, "-o", "back"]);
      assert.equal(code, 1, name);
      assert.match(stderr, new RegExp(`error\\[CHI-6002\\]: decompress ${name}: `));
    }));
    assert.deepEqual(folder.list(), before);
  });
}

test("decompress: our own files, damaged, cut short, or followed by something", async () => {
  await using folder = new ProgramFolder();
  folder.write("data", DATA);
  for (const { codec, ending } of PROGRAMS) {
    await folder.run(["compress", "data", "--codec", codec]);
    const packed = folder.read(`data${ending}`);
    const flipped = packed.slice();
    flipped[packed.length >> 1]! ^= 0x10;
    folder.write("flipped", flipped);
    folder.write("cut", packed.subarray(0, packed.length - 5));
    folder.write("followed", concat(packed, sample(100)));
    const before = folder.list();
    const cases = [
      ["flipped", /the frame at byte \d+: /],
      ["cut", /the frame at byte \d+ is cut short/],
      ["followed", new RegExp(`no ${codec} frame begins at byte ${packed.length}`)],
    ] as const;
    await Promise.all(cases.map(async ([name, why]) => {
      const { code, stderr } = await folder.run(["decompress", name, "-o", "back"]);
      assert.equal(code, 1, name);
      assert.match(stderr, new RegExp(`error\\[CHI-6002\\]: decompress ${name}: `));
      assert.match(stderr, why);
    }));
    assert.deepEqual(folder.list(), before);
  }
});

test("decompress: what is no compressed file", async () => {
  await using folder = new ProgramFolder();
  folder.write("text.lz4", sample(5000));
  folder.write("empty.lz4", new Uint8Array(0));
  folder.write("legacy.lz4", new Uint8Array([2, 0x21, 0x4c, 0x18, 1, 0, 0, 0, 0]));
  folder.write("hollow", new Uint8Array(0));
  Deno.mkdirSync(`${folder.path}/folder`);
  Deno.mkdirSync(`${folder.path}/box.lz4`);
  folder.write("short.lz4", new Uint8Array([4, 34]));
  folder.write("skipped.lz4", skippableFrame(100));
  const cases = [
    ["text.lz4", 6002, /it is not a file of lz4, zstd or gzip/],
    ["empty.lz4", 6002, /it is empty/],
    ["hollow", 6002, /it is empty/],
    ["short.lz4", 6002, /it is not a file of lz4, zstd or gzip/],
    ["skipped.lz4", 6002, /it holds nothing to decompress/],
    [
      "legacy.lz4",
      6001,
      /legacy format .*\nhint: convert it: `lz4 -dc OLD\.lz4 \| lz4 > NEW\.lz4`/,
    ],
    ["folder", 1103, /decompress folder: it is a folder/],
    ["box.lz4", 1103, /decompress box\.lz4: it is a folder/],
  ] as const;
  const before = folder.list();
  await Promise.all(cases.map(async ([name, number, why]) => {
    const { code, stderr } = await folder.run(["decompress", name]);
    assert.equal(code, 1);
    assert.ok(stderr.includes(`error[CHI-${number}]`), stderr);
    assert.match(stderr, why);
  }));
  assert.deepEqual(folder.list(), before);
});

test("decompress: a window above the limit, and what to do about it", async () => {
  await using folder = new ProgramFolder();
  // A zstd frame of no size and a window of 2 GiB, as `zstd --long=31` makes it of a pipe.
  folder.write("long.zst", Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0xa8, 0x09, 0, 0, 0x41));
  for (const options of [{}, { denyFfi: true }]) {
    const { code, stderr } = await folder.run(["decompress", "long.zst"], options);
    assert.equal(code, 1);
    assert.match(stderr, /error\[CHI-6004\]: decompress long\.zst: .*: its window is above /);
    assert.match(stderr, /^hint: .*`zstd -dc --long=31 FILE \| zstd --long=27`$/m);
  }
});

test("decompress: frames of user data are passed over, padding behind gzip too", async () => {
  await using folder = new ProgramFolder();
  folder.write("data", DATA);
  for (const codec of ["lz4", "zstd"]) {
    const packed = await folder.run(["compress", "data", "--codec", codec, "-o", "-"]);
    const parts = [skippableFrame(3 << 20), packed.bytes, skippableFrame(0), packed.bytes];
    folder.write("decorated", concat(...parts, skippableFrame(5)));
    await folder.json(["decompress", "decorated", "-o", "back", "--force"]);
    assert.deepEqual(folder.read("back"), concat(DATA, DATA), codec);
  }
  const packed = await folder.run(["compress", "data", "--codec", "gzip", "-o", "-"]);
  folder.write(
    "padded",
    concat(packed.bytes, new Uint8Array(512), packed.bytes, new Uint8Array(9)),
  );
  await folder.json(["decompress", "padded", "-o", "back", "--force"]);
  assert.deepEqual(folder.read("back"), concat(DATA, DATA));
});

test("decompress: a forged size allocates nothing", async () => {
  await using folder = new ProgramFolder();
  // A zstd frame with one raw block of 1 byte, that declares 2^50 bytes; one that declares 30 MiB.
  const forged = (contentBytes: bigint) => {
    const frame = new Uint8Array(17);
    const view = new DataView(frame.buffer);
    view.setUint32(0, 0xfd2fb528, true);
    frame[4] = 0xe0; // 8 bytes of content size, no window
    view.setBigUint64(5, contentBytes, true);
    frame[13] = 0x09; // the last block, raw, 1 byte
    frame[16] = 0x41;
    return frame;
  };
  folder.write("huge.zst", forged(1n << 50n));
  folder.write("large.zst", forged(30n << 20n));
  // One that declares 64 MiB, with an empty last block.
  folder.write(
    "void.zst",
    Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 4, 1, 0, 0),
  );
  // A gzip member of ours that declares 4 GiB − 1.
  folder.write("data", sample(100));
  await folder.run(["compress", "data", "--codec", "gzip"]);
  const member = folder.read("data.gz");
  member.fill(0xff, member.length - 4);
  folder.write("huge.gz", member);
  const before = folder.list();
  for (const name of ["huge.zst", "large.zst", "void.zst", "huge.gz"]) {
    const { code, stderr } = await folder.run(["decompress", name]);
    assert.equal(code, 1, name);
    assert.match(stderr, /error\[CHI-600[24]\]: decompress /, name);
  }
  assert.deepEqual(folder.list(), before);
});

test("decompress: the mode of the input is the output's", async () => {
  await using folder = new ProgramFolder();
  folder.write("data", DATA);
  Deno.chmodSync(`${folder.path}/data`, 0o604);
  await folder.run(["compress", "data"]);
  assert.equal(Deno.statSync(`${folder.path}/data.lz4`).mode! & 0o777, 0o604);
  await folder.run(["decompress", "data.lz4", "-o", "back"]);
  assert.equal(Deno.statSync(`${folder.path}/back`).mode! & 0o777, 0o604);
});
