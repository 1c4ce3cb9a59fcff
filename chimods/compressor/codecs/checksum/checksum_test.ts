import assert from "node:assert/strict";
import fc from "fast-check";

import { adler32, crc32, Xxh32, xxh32, xxh64Low } from "./mod.ts";

const encoder = new TextEncoder();

Deno.test("checksums give the published values", () => {
  const none = new Uint8Array(0);
  assert.equal(crc32(encoder.encode("123456789")), 0xcbf43926);
  assert.equal(adler32(none), 1);
  assert.equal(adler32(encoder.encode("Wikipedia")), 0x11e60398);
  assert.equal(xxh32(none), 0x02cc5d05);
  assert.equal(xxh32(encoder.encode("abc")), 0x32d153ff);
  assert.equal(xxh64Low(none), 0x51d8e999);
  assert.equal(xxh64Low(encoder.encode("abc")), 0xad770999);
  const long = encoder.encode("Nobody inspects the spammish repetition");
  assert.equal(xxh32(long), 0xe2293b2f);
});

Deno.test("adler32 does not overflow on the largest sums", () => {
  const high = new Uint8Array(1 << 20).fill(0xff);
  let low = 1;
  let sum = 0;
  for (const byte of high) {
    low = (low + byte) % 65521;
    sum = (sum + low) % 65521;
  }
  assert.equal(adler32(high), sum * 65536 + low);
});

Deno.test("xxh32 and crc32 take their input in any pieces", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 70 })), (pieces) => {
    const whole = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
    const hash = new Xxh32();
    let crc = 0;
    for (const piece of pieces) {
      hash.update(piece);
      crc = crc32(piece, crc);
    }
    assert.equal(hash.digest(), xxh32(whole));
    assert.equal(crc, crc32(whole));
  }));
});
