import assert from "node:assert/strict";
import { seededRandom } from "../platform/mod.ts";
import { byteRingBytes, ByteRingConsumer, ByteRingProducer } from "./byte_ring.ts";

Deno.test("byte ring: what goes in comes out, whatever the portions", () => {
  const capacity = 64;
  const random = seededRandom(7);
  const buffer = new SharedArrayBuffer(1024 + byteRingBytes(capacity));
  new Int32Array(buffer).fill(-5, 256, 257); // Positions that wrap soon.
  new Int32Array(buffer).fill(-5, 272, 273);
  const producer = new ByteRingProducer(buffer, 1024, capacity);
  const consumer = new ByteRingConsumer(buffer, 1024, capacity);
  let written = 0;
  let read = 0;
  while (read < 5000) {
    const wanted = random.nextU32() % 100;
    const pushed = producer.push(Uint8Array.from({ length: wanted }, (_, k) => written + k));
    assert.ok(pushed === wanted || producer.room().length === 0);
    written += pushed;
    assert.ok(written - read <= capacity);
    const next = consumer.next();
    assert.equal(next.length === 0, written === read);
    const taken = random.nextU32() % (next.length + 1);
    for (let k = 0; k < taken; k++) assert.equal(next[k], read++ & 255);
    consumer.release(taken);
  }
});
