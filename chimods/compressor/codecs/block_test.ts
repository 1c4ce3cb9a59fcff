import assert from "node:assert/strict";
import fc from "fast-check";

import { BLOCK_HEADER_BYTES, CodecId, CODECS, openCodecs, readBlockHeader } from "./mod.ts";
import { isKind } from "./failure.ts";
import { concat, floatField, randomBytes, sameBytes, text } from "./testing/data.ts";
import { pack, unpack } from "./testing/subjects.ts";

function refused(call: () => unknown, kind: Parameters<typeof isKind>[1]): void {
  assert.throws(call, (error: unknown) => isKind(error, kind));
}

function withU32(block: Uint8Array, at: number, value: number): Uint8Array {
  const forged = block.slice();
  new DataView(forged.buffer).setUint32(at, value, true);
  return forged;
}

/** Blocks of eight times "lane ", written by version 1. They stay readable. */
const PERMANENT = {
  lz4: "Q0hNQgEAAAAoAAAADwAAAPBibs/nPVUgX2xhbmUgBQALUGxhbmUg",
  zstd: "Q0hNQgEBAAAoAAAAFAAAAPBibs/WQZ+9KLUv/SAoXQAAKGxhbmUgAQBAFi0=",
  gzip: "Q0hNQgECAAAoAAAACgAAAPBibs8DPeBBy0nMS1XIIUwAAA==",
  deflate: "Q0hNQgEDAAAoAAAACgAAAPBibs8NrWvky0nMS1XIIUwAAA==",
  none: "Q0hNQgH/AAAoAAAAKAAAAAAAAACqok3XbGFuZSBsYW5lIGxhbmUgbGFuZSBsYW5lIGxhbmUgbGFuZSBsYW5lIA==",
};

Deno.test("blocks of version 1 stay readable", async () => {
  using codecs = await openCodecs();
  const plain = new TextEncoder().encode("lane ".repeat(8));
  for (const [name, base64] of Object.entries(PERMANENT)) {
    const block = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    assert.equal(readBlockHeader(block).codec, CODECS[name as keyof typeof CODECS].id);
    assert.ok(sameBytes(unpack(codecs.block(CodecId.none), block, plain.length), plain), name);
  }
});

Deno.test("data that does not shrink is stored as codec none", async () => {
  using codecs = await openCodecs();
  const noise = randomBytes(10_000);
  for (const { id } of Object.values(CODECS)) {
    const block = pack(codecs.block(id), noise);
    assert.equal(block.length, BLOCK_HEADER_BYTES + noise.length);
    assert.equal(readBlockHeader(block).codec, CodecId.none);
    assert.ok(sameBytes(unpack(codecs.block(id), block, noise.length), noise));
  }
});

Deno.test("a block is read by the codec it names, and bytes after it are left", async () => {
  using codecs = await openCodecs();
  const bytes = text(5000);
  for (const writer of Object.values(CODECS)) {
    const packed = concat(pack(codecs.block(writer.id), bytes), randomBytes(100));
    for (const reader of Object.values(CODECS)) {
      assert.ok(sameBytes(unpack(codecs.block(reader.id), packed, 5000), bytes));
    }
  }
});

Deno.test("a forged raw length is a limit, and costs no memory", async () => {
  using codecs = await openCodecs();
  const dst = new Uint8Array(5000);
  for (const { id } of Object.values(CODECS)) {
    const block = pack(codecs.block(id), text(5000));
    refused(() => codecs.block(id).decompress(withU32(block, 8, 0xffffffff), dst), "codecLimit");
    refused(() => codecs.block(id).decompress(withU32(block, 8, 4999), dst), "codecCorrupt");
    refused(() => codecs.block(id).decompress(withU32(block, 12, 0xffffffff), dst), "codecCorrupt");
    refused(() => codecs.block(id).decompress(withU32(block, 12, 5), dst), "codecCorrupt");
  }
});

Deno.test("a foreign magic number, version, codec or filter is refused", async () => {
  using codecs = await openCodecs();
  const lz4 = codecs.block(CodecId.lz4);
  const block = pack(lz4, text(500));
  for (const [at, value] of [[0, 1], [4, 2], [5, 9], [6, 1], [6, 7], [7, 4]] as const) {
    const forged = block.slice();
    forged[at] = value;
    refused(() => lz4.decompress(forged, new Uint8Array(500)), "codecCorrupt");
  }
});

Deno.test("shuffling makes floats smaller and is undone", async () => {
  using codecs = await openCodecs();
  const field = floatField(50_000);
  for (const name of ["lz4", "zstd", "gzip", "deflate"] as const) {
    const codec = codecs.block(CodecId[name]);
    const plain = pack(codec, field);
    for (const typeSize of [2, 4, 8] as const) {
      const shuffled = new Uint8Array(codec.bound(field.length));
      const block = shuffled.subarray(0, codec.compress(field, shuffled, 0, typeSize));
      if (typeSize === 4) assert.ok(block.length < plain.length, name);
      assert.equal(readBlockHeader(block).typeSize, typeSize);
      assert.ok(sameBytes(unpack(codec, block, field.length), field));
    }
    refused(
      () => codec.compress(field, new Uint8Array(codec.bound(field.length)), 0, 3 as 2),
      "badField",
    );
  }
});

Deno.test("any bytes come back, with any codec, level and filter", async () => {
  using codecs = await openCodecs();
  const codec = fc.constantFrom(...Object.values(CODECS));
  const typeSize = fc.constantFrom(0, 2, 4, 8);
  const pattern = fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 40 }));
  fc.assert(fc.property(codec, typeSize, fc.nat(), pattern, (info, size, pick, [unit, times]) => {
    const bytes = concat(...Array.from({ length: times }, () => unit));
    const level = info.levelMax === 0 ? 0 : 1 + pick % info.levelMax;
    const form = codecs.block(info.id);
    const packed = new Uint8Array(form.bound(bytes.length));
    const packedBytes = form.compress(bytes, packed, level, size as 0);
    const plain = unpack(form, packed.subarray(0, packedBytes), bytes.length);
    assert.ok(sameBytes(plain, bytes));
  }));
});
