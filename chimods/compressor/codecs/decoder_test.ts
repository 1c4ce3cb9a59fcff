/** Streaming decoders: at every split, with every kind of frame, through every kind of damage. */

import assert from "node:assert/strict";
import fc from "fast-check";

import { CodecId, type CodecSet, type FrameDecoder } from "./mod.ts";
import { isKind } from "./failure.ts";
import { concat, randomBytes, runs, sameBytes, shared, text } from "./testing/data.ts";
import { decodeAll } from "./testing/decoding.ts";
import { decoratedGzip, LINKED_CONTENT, linkedLz4Frame, skippableFrame } from "./testing/frames.ts";
import { pack, type Subject, SUBJECTS } from "./testing/subjects.ts";
import { test } from "../../../tests/permission.ts";

type Kind = Parameters<typeof isKind>[1];

/** One subject for each decoder: libdeflate decodes streams by libz, packages by node:zlib. */
const DECODING = SUBJECTS.filter(({ provider }) =>
  !["libdeflate", "fflate", "zstd-codec"].includes(provider)
);

async function refused(call: () => unknown, ...kinds: Kind[]): Promise<void> {
  const oneOf = (error: unknown) => kinds.some((kind) => isKind(error, kind));
  await assert.rejects(async () => await call(), oneOf);
}

function suite(
  subjects: readonly Subject[],
  name: string,
  body: (codecs: CodecSet, subject: Subject) => Promise<void>,
): void {
  for (const subject of subjects) {
    test({
      name: `${subject.label}, stream: ${name}`,
      ignore: subject.missing !== undefined,
      fn: async () => {
        using codecs = await subject.open();
        await body(codecs, subject);
      },
    });
  }
}

/** Two frames where the format allows it, else one. */
function streamOf(codecs: CodecSet, subject: Subject, bytes: Uint8Array): Uint8Array {
  const frame = codecs.frame(subject.id);
  if (subject.id === CodecId.deflate) return pack(frame, bytes);
  const half = bytes.length >>> 1;
  return concat(pack(frame, bytes.subarray(0, half)), pack(frame, bytes.subarray(half)));
}

suite(DECODING, "decodes in pieces of every size", async (codecs, subject) => {
  const bytes = text(400);
  const packed = streamOf(codecs, subject, bytes);
  for (let pieceBytes = 1; pieceBytes <= packed.length; pieceBytes++) {
    using decoder = codecs.openDecoder(subject.id);
    assert.equal(decoder.provider, subject.provider);
    assert.ok(sameBytes(await decodeAll(decoder, packed, pieceBytes, 64), bytes));
  }
});

suite(DECODING, "decodes into room of every size", async (codecs, subject) => {
  const bytes = text(200);
  const packed = streamOf(codecs, subject, bytes);
  for (let roomBytes = 1; roomBytes <= bytes.length + 1; roomBytes += 3) {
    using decoder = codecs.openDecoder(subject.id);
    assert.ok(sameBytes(await decodeAll(decoder, packed, packed.length, roomBytes), bytes));
  }
});

suite(DECODING, "decodes what is larger than its buffers", async (codecs, subject) => {
  const bytes = concat(runs(6 << 20), randomBytes(1 << 20), text(1 << 20));
  const packed = streamOf(codecs, subject, bytes);
  using decoder = codecs.openDecoder(subject.id);
  assert.ok(sameBytes(await decodeAll(decoder, packed, 200_000, 300_000), bytes));
});

suite(DECODING, "decodes on shared memory", async (codecs, subject) => {
  const bytes = text(5000);
  const packed = shared(streamOf(codecs, subject, bytes));
  const room = shared(new Uint8Array(5001));
  using decoder = codecs.openDecoder(subject.id);
  let read = 0;
  let written = 0;
  while (read < packed.length) {
    const progress = await decoder.push(packed.subarray(read), room.subarray(written));
    read += progress.read;
    written += progress.written;
  }
  await decoder.finish();
  assert.ok(sameBytes(room.subarray(0, written), bytes));
});

suite(DECODING, "any split gives the same bytes", async (codecs, subject) => {
  const split = fc.tuple(
    fc.uint8Array({ maxLength: 3000 }),
    fc.integer({ min: 1, max: 400 }),
    fc.integer({ min: 1, max: 400 }),
  );
  const property = fc.asyncProperty(split, async ([bytes, pieceBytes, roomBytes]) => {
    const packed = streamOf(codecs, subject, bytes);
    using decoder = codecs.openDecoder(subject.id);
    assert.ok(sameBytes(await decodeAll(decoder, packed, pieceBytes, roomBytes), bytes));
  });
  await fc.assert(property, { numRuns: 60 });
});

suite(DECODING, "finds truncation at every length", async (codecs, subject) => {
  const frame = codecs.frame(subject.id);
  for (const packed of [pack(frame, text(300)), pack(frame, new Uint8Array(0))]) {
    for (let length = 0; length < packed.length; length++) {
      using decoder = codecs.openDecoder(subject.id);
      await refused(() => decodeAll(decoder, packed.subarray(0, length), 100, 64), "codecCorrupt");
    }
  }
});

suite(DECODING, "finds truncation in the second frame", async (codecs, subject) => {
  if (subject.id === CodecId.deflate) return;
  const frame = pack(codecs.frame(subject.id), text(300));
  for (let length = 1; length < frame.length; length++) {
    using decoder = codecs.openDecoder(subject.id);
    const cut = concat(frame, frame.subarray(0, length));
    await refused(() => decodeAll(decoder, cut, 100, 64), "codecCorrupt");
  }
});

suite(DECODING, "never takes a flipped bit for other data", async (codecs, subject) => {
  const bytes = text(300);
  const packed = pack(codecs.frame(subject.id), bytes);
  for (let bit = 0; bit < packed.length * 8; bit++) {
    const damaged = packed.slice();
    damaged[bit >>> 3]! ^= 1 << (bit & 7);
    using decoder = codecs.openDecoder(subject.id);
    try {
      assert.ok(sameBytes(await decodeAll(decoder, damaged, 1000, 1000), bytes), `bit ${bit}`);
    } catch (error) {
      const kinds: Kind[] = ["codecCorrupt", "codecLimit", "codecUnavailable"];
      assert.ok(kinds.some((kind) => isKind(error, kind)), `bit ${bit}: ${error}`);
    }
  }
});

suite(DECODING, "stays in its error, and ends when closed", async (codecs, subject) => {
  const room = new Uint8Array(1000);
  const decoder = codecs.openDecoder(subject.id);
  await refused(() => decodeAll(decoder, randomBytes(100), 100, 64), "codecCorrupt");
  const packed = pack(codecs.frame(subject.id), text(300));
  await refused(() => decoder.push(packed, room), "codecCorrupt");
  await refused(() => decoder.finish(), "codecCorrupt");
  decoder[Symbol.dispose]();
  decoder[Symbol.dispose]();
  await refused(() => decoder.push(packed, room), "codecFailed");

  const left: FrameDecoder = codecs.openDecoder(subject.id);
  await left.push(packed.subarray(0, 20), room);
  codecs[Symbol.dispose]();
  await refused(() => left.push(packed, room), "codecFailed");
  await refused(() => codecs.openDecoder(subject.id), "codecFailed");
});

suite(DECODING, "refuses bytes after the last frame", async (codecs, subject) => {
  const packed = pack(codecs.frame(subject.id), text(300));
  for (const pieceBytes of [1, 1000]) {
    using decoder = codecs.openDecoder(subject.id);
    const longer = concat(packed, Uint8Array.of(1, 2, 3, 4, 5, 6));
    await refused(() => decodeAll(decoder, longer, pieceBytes, 64), "codecCorrupt");
  }
});

const skipping = DECODING.filter(({ id }) => id === CodecId.lz4 || id === CodecId.zstd);
suite(skipping, "passes over skippable frames", async (codecs, subject) => {
  const bytes = text(300);
  const frame = pack(codecs.frame(subject.id), bytes);
  const packed = concat(
    skippableFrame(randomBytes(50)),
    frame,
    skippableFrame(new Uint8Array(0)),
    frame,
    skippableFrame(text(9)),
  );
  for (let pieceBytes = 1; pieceBytes < 100; pieceBytes += 7) {
    using decoder = codecs.openDecoder(subject.id);
    const plain = await decodeAll(decoder, packed, pieceBytes, 64);
    assert.ok(sameBytes(plain, concat(bytes, bytes)));
  }
  using decoder = codecs.openDecoder(subject.id);
  await refused(() => decodeAll(decoder, packed.subarray(0, 30), 64, 64), "codecCorrupt");
  const whole = codecs.frame(subject.id).decompress(skippableFrame(bytes), new Uint8Array(10));
  assert.equal(whole, 0);
});

const lz4 = DECODING.filter(({ id }) => id === CodecId.lz4);
suite(lz4, "decodes linked blocks", async (codecs, subject) => {
  const packed = linkedLz4Frame();
  for (let pieceBytes = 1; pieceBytes <= packed.length; pieceBytes++) {
    using decoder = codecs.openDecoder(subject.id);
    const plain = await decodeAll(decoder, concat(packed, packed), pieceBytes, 10);
    assert.ok(sameBytes(plain, concat(LINKED_CONTENT, LINKED_CONTENT)));
  }
  const frame = codecs.frame(subject.id);
  const room = new Uint8Array(LINKED_CONTENT.length);
  assert.equal(frame.decompress(packed, room), room.length);
  assert.ok(sameBytes(room, LINKED_CONTENT));
  await refused(() => frame.decompress(packed, room.subarray(1)), "codecLimit");
});

const gzip = DECODING.filter(({ id }) => id === CodecId.gzip);
suite(gzip, "passes over zeros after a member", async (codecs, subject) => {
  const bytes = text(300);
  const member = pack(codecs.frame(subject.id), bytes);
  for (const pieceBytes of [1, 7, 1000]) {
    using decoder = codecs.openDecoder(subject.id);
    const plain = await decodeAll(decoder, concat(member, new Uint8Array(90)), pieceBytes, 64);
    assert.ok(sameBytes(plain, bytes));
    using other = codecs.openDecoder(subject.id);
    const garbage = concat(member, new Uint8Array(9), Uint8Array.of(7));
    await refused(() => decodeAll(other, garbage, pieceBytes, 64), "codecCorrupt");
  }
});

suite(gzip, "reads every optional header field", async (codecs, subject) => {
  const bytes = text(300);
  const member = decoratedGzip(pack(codecs.frame(subject.id), bytes));
  using decoder = codecs.openDecoder(subject.id);
  assert.ok(sameBytes(await decodeAll(decoder, member, 3, 64), bytes));
  const room = new Uint8Array(300);
  assert.equal(codecs.frame(subject.id).decompress(member, room), 300);
  assert.ok(sameBytes(room, bytes));
});

const zstd = DECODING.filter(({ id }) => id === CodecId.zstd);
suite(zstd, "refuses a window above 128 MiB", async (codecs, subject) => {
  // Magic, no single segment, window exponent 18 (256 MiB), one raw last block of one byte.
  const packed = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 18 << 3, 0x09, 0, 0, 65);
  using decoder = codecs.openDecoder(subject.id);
  await refused(() => decodeAll(decoder, packed, 100, 64), "codecLimit");
});

suite(zstd, "holds a frame to the size that it declares", async (codecs, subject) => {
  // It declares 64 MiB; the last block is raw and empty.
  const empty = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 4, 1, 0, 0);
  // It declares 1 byte; the last block is raw, of 2 bytes.
  const longer = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 1, 0x11, 0, 0, 65, 66);
  const whole = pack(codecs.frame(subject.id), text(300));
  for (const forged of [empty, longer, concat(whole, empty), concat(whole, longer)]) {
    for (const pieceBytes of [1, 1000]) {
      using decoder = codecs.openDecoder(subject.id);
      await refused(() => decodeAll(decoder, forged, pieceBytes, 64), "codecCorrupt");
    }
  }
  const room = new Uint8Array(100);
  await refused(() => codecs.frame(subject.id).decompress(longer, room), "codecCorrupt");
});
