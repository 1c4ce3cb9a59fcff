import assert from "node:assert/strict";
import fc from "fast-check";

import {
  CodecId,
  FRAME_LENGTH_UNKNOWN,
  FRAME_NEEDS_MORE,
  frameLength,
  frameRawBytes,
  identifyFrame,
  openCodecs,
  RAW_SIZE_UNKNOWN,
  skippableLength,
} from "./mod.ts";
import { xxh32 } from "./checksum/mod.ts";
import { isKind } from "./failure.ts";
import { concat, randomBytes, runs, sameBytes, text } from "./testing/data.ts";
import { decoratedGzip, linkedLz4Frame, skippableFrame } from "./testing/frames.ts";
import { pack } from "./testing/subjects.ts";
import { test } from "../../../tests/permission.ts";

const MEASURABLE = [CodecId.lz4, CodecId.zstd, CodecId.gzip] as const;

Deno.test("a file of our frames is taken apart without decoding", async () => {
  using codecs = await openCodecs();
  const pieces = [text(3000), randomBytes(500), new Uint8Array(0), runs(9 << 20), text(1)];
  for (const codec of MEASURABLE) {
    const frames = pieces.map((piece) => pack(codecs.frame(codec), piece));
    let rest: Uint8Array = concat(...frames);
    for (const [at, frame] of frames.entries()) {
      assert.equal(frameLength(codec, rest), frame.length);
      assert.equal(identifyFrame(rest), codec);
      assert.equal(frameRawBytes(codec, rest.subarray(0, frame.length)), pieces[at]!.length);
      rest = rest.subarray(frame.length);
    }
    assert.equal(rest.length, 0);
  }
});

Deno.test("part of a frame needs more", async () => {
  using codecs = await openCodecs();
  for (const codec of MEASURABLE) {
    const frame = pack(codecs.frame(codec), text(400));
    for (let length = 0; length < frame.length; length++) {
      assert.equal(frameLength(codec, frame.subarray(0, length)), FRAME_NEEDS_MORE);
    }
  }
});

Deno.test("a skippable frame is known from its first 8 bytes", () => {
  const frame = skippableFrame(text(70));
  assert.equal(skippableLength(frame.subarray(0, 8)), frame.length);
  assert.equal(skippableLength(frame.subarray(0, 7)), 0);
  assert.equal(skippableLength(text(70)), 0);
  assert.equal(
    skippableLength(new Uint8Array([0x5f, 0x2a, 0x4d, 0x18, 255, 255, 255, 255])),
    2 ** 32 + 7,
  );
});

Deno.test("skippable and linked frames are measured too", () => {
  for (const codec of [CodecId.lz4, CodecId.zstd]) {
    const frame = skippableFrame(text(70));
    assert.equal(frameLength(codec, concat(frame, frame)), frame.length);
    assert.equal(frameLength(codec, frame.subarray(0, 77)), FRAME_NEEDS_MORE);
    assert.equal(frameRawBytes(codec, frame), 0);
  }
  const linked = linkedLz4Frame();
  assert.equal(frameLength(CodecId.lz4, concat(linked, linked)), linked.length);
  assert.equal(frameRawBytes(CodecId.lz4, linked), RAW_SIZE_UNKNOWN);
});

Deno.test("foreign gzip members and zlib streams do not tell their length", async () => {
  using codecs = await openCodecs();
  const foreign = decoratedGzip(pack(codecs.frame(CodecId.gzip), text(400)));
  assert.equal(frameLength(CodecId.gzip, foreign), FRAME_LENGTH_UNKNOWN);
  assert.equal(frameRawBytes(CodecId.gzip, foreign), RAW_SIZE_UNKNOWN);
  const stream = pack(codecs.frame(CodecId.deflate), text(400));
  assert.equal(frameLength(CodecId.deflate, stream), FRAME_LENGTH_UNKNOWN);
  assert.equal(identifyFrame(stream), undefined);
});

Deno.test("frames name their errors", async () => {
  using codecs = await openCodecs();
  const noise = text(100);
  for (const codec of [...MEASURABLE, CodecId.deflate]) {
    assert.throws(() => frameLength(codec, noise), (error) => isKind(error, "codecCorrupt"));
  }
  for (const call of [frameLength, frameRawBytes]) {
    assert.throws(() => call(CodecId.none, noise), (error) => isKind(error, "codecUnknown"));
  }
  assert.throws(() => codecs.frame(CodecId.none), (error) => isKind(error, "codecUnknown"));
});

Deno.test("a forged raw size is a limit before anything is decoded", async () => {
  using codecs = await openCodecs();
  const room = new Uint8Array(1000);
  const lz4 = codecs.frame(CodecId.lz4);
  const zstd = codecs.frame(CodecId.zstd);
  const gzip = codecs.frame(CodecId.gzip);
  const larger = text(1001);
  for (const codec of [lz4, zstd, gzip]) {
    const frame = pack(codec, larger);
    assert.throws(() => codec.decompress(frame, room), (error) => isKind(error, "codecLimit"));
  }
  // Content size of 2^60 bytes: FHD with an 8-byte field, window descriptor, one raw last block.
  const forged = Uint8Array.of(
    0x28,
    0xb5,
    0x2f,
    0xfd,
    0xc0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    16,
    9,
    0,
    0,
    65,
  );
  assert.throws(() => zstd.decompress(forged, room), (error) => isKind(error, "codecLimit"));
});

test("a frame that holds more than it declares is damaged", async () => {
  const holdsMore = (error: unknown) =>
    isKind(error, "codecCorrupt") && /it holds more than the \d+ bytes/.test(error.why);
  using codecs = await openCodecs();
  const room = new Uint8Array(2000);
  const gzip = codecs.frame(CodecId.gzip);
  const member = pack(gzip, text(1000));
  new DataView(member.buffer).setUint32(member.length - 4, 999, true);
  assert.throws(() => gzip.decompress(member, room), holdsMore);
  const lz4 = codecs.frame(CodecId.lz4);
  const frame = pack(lz4, text(1000));
  // Magic, two bytes of flags, content size u64, and a byte of the checksum of what is between.
  new DataView(frame.buffer).setUint32(6, 999, true);
  frame[14] = xxh32(frame.subarray(4, 14)) >>> 8;
  assert.throws(() => lz4.decompress(frame, room), holdsMore);
  const zstd = codecs.frame(CodecId.zstd);
  const forged = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 1, 0x11, 0, 0, 65, 66);
  assert.throws(() => zstd.decompress(forged, room), holdsMore);
});

Deno.test("measuring noise ends, and names damage", () => {
  fc.assert(fc.property(fc.constantFrom(...MEASURABLE), fc.uint8Array(), (codec, noise) => {
    const magic = codec === CodecId.lz4
      ? [0x04, 0x22, 0x4d, 0x18]
      : codec === CodecId.zstd
      ? [0x28, 0xb5, 0x2f, 0xfd]
      : [0x1f, 0x8b, 8];
    const src = concat(Uint8Array.from(magic), noise);
    try {
      const length = frameLength(codec, src);
      assert.ok(length <= src.length);
      assert.ok(sameBytes(src.subarray(0, magic.length), Uint8Array.from(magic)));
    } catch (error) {
      assert.ok(isKind(error, "codecCorrupt") || isKind(error, "codecUnavailable"));
    }
  }));
});
