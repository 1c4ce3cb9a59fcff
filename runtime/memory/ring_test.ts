import assert from "node:assert/strict";
import fc from "fast-check";
import { askPeer, newSegment } from "../../tests/torture/memory_harness.ts";
import { test } from "../../tests/permission.ts";
import { formatRing, ringBytes, RingConsumer, RingProducer, type RingShape } from "./mod.ts";

const HEAD = 0;
const TAIL = 16;
const SLOTS = 32;

function ends(capacity: number, slotWords = 4, start = 0) {
  const shape: RingShape = { baseWord: 16, capacity, slotWords };
  const words = new Int32Array(new SharedArrayBuffer(64 + ringBytes(capacity, slotWords) + 64));
  words[shape.baseWord + HEAD] = start;
  words[shape.baseWord + TAIL] = start;
  return {
    words,
    shape,
    producer: new RingProducer(words, shape),
    consumer: new RingConsumer(words, shape),
  };
}

/** Sends a number; false when the ring is full. */
function push(ring: RingProducer, value: number): boolean {
  const slot = ring.claim();
  if (slot < 0) return false;
  ring.words[slot] = value;
  ring.commit();
  return true;
}

function take(ring: RingConsumer): number {
  return ring.words[ring.next()]!;
}

Deno.test("ring: what is committed shows only when it is published, all at once", () => {
  const { producer, consumer } = ends(8);
  assert.equal(producer.publish(), false);
  for (const value of [1, 2, 3]) push(producer, value);
  assert.equal(consumer.available(), 0);
  assert.equal(producer.publish(), true);
  assert.equal(producer.publish(), false);
  assert.equal(consumer.available(), 3);
  assert.deepEqual([take(consumer), take(consumer), take(consumer)], [1, 2, 3]);
  assert.equal(consumer.available(), 0);
});

Deno.test("ring: it holds its capacity, and room comes back with a release", () => {
  const { producer, consumer } = ends(4);
  for (const value of [1, 2, 3, 4]) assert.ok(push(producer, value));
  assert.equal(push(producer, 5), false);
  producer.publish();
  assert.equal(producer.pending, 4);
  take(consumer);
  take(consumer);
  assert.equal(push(producer, 5), false, "taken, but not released");
  consumer.release();
  assert.equal(producer.pending, 2);
  assert.ok(push(producer, 5));
  assert.ok(push(producer, 6));
  assert.equal(push(producer, 7), false);
  producer.publish();
  assert.deepEqual([3, 4, 5, 6].map(() => take(consumer)), [3, 4, 5, 6]);
});

Deno.test("ring: slots are apart and inside the ring", () => {
  const { words, shape, producer } = ends(4, 8);
  const slots = [0, 1, 2, 3].map(() => {
    const slot = producer.claim();
    producer.commit();
    return slot - shape.baseWord - SLOTS;
  });
  assert.deepEqual(slots, [0, 8, 16, 24]);
  assert.equal(ringBytes(4, 8), (SLOTS + 32) * 4);
  assert.ok(words.length * 4 > shape.baseWord * 4 + ringBytes(4, 8));
});

Deno.test("ring: an end goes on where the words stand", () => {
  const { words, shape, producer, consumer } = ends(4);
  push(producer, 1);
  push(producer, 2);
  producer.publish();
  take(consumer);
  consumer.release();
  const secondProducer = new RingProducer(words, shape);
  const secondConsumer = new RingConsumer(words, shape);
  push(secondProducer, 3);
  secondProducer.publish();
  assert.equal(secondConsumer.available(), 2);
  assert.deepEqual([take(secondConsumer), take(secondConsumer)], [2, 3]);
});

Deno.test("ring: formatting makes an empty ring of anything", () => {
  const { words, shape } = ends(4);
  const u8 = new Uint8Array(words.buffer);
  u8.fill(0xab);
  formatRing({ u8 }, shape.baseWord * 4);
  const consumer = new RingConsumer(words, shape);
  assert.equal(consumer.available(), 0);
  assert.equal(new RingProducer(words, shape).pending, 0);
  assert.equal(words[shape.baseWord - 1], 0xabababab | 0);
});

Deno.test("ring: any order of batches arrives as a queue would, across the wrap of the counters", () => {
  const action = fc.record({
    push: fc.nat(9),
    publish: fc.boolean(),
    take: fc.nat(9),
    release: fc.boolean(),
  });
  const starts = fc.constantFrom(0, -4, 0x7fffffff - 3, 0x7fffffff);
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 4, 8),
      starts,
      fc.array(action, { maxLength: 60 }),
      (capacity, start, actions) => {
        const { producer, consumer } = ends(capacity, 4, start);
        const hidden: number[] = [];
        const shown: number[] = [];
        let taken = 0;
        let next = 1;
        for (const step of actions) {
          for (let k = 0; k < step.push; k++) {
            const room = hidden.length + shown.length + taken < capacity;
            assert.equal(push(producer, next), room);
            if (room) hidden.push(next++);
          }
          if (step.publish) {
            assert.equal(producer.publish(), hidden.length > 0);
            shown.push(...hidden.splice(0));
          }
          assert.equal(consumer.available(), shown.length);
          for (let k = 0; k < step.take && shown.length > 0; k++, taken++) {
            assert.equal(take(consumer), shown.shift());
          }
          if (step.release) {
            consumer.release();
            taken = 0;
          }
        }
      },
    ),
  );
});

Deno.test("ring: a hostile tail is seen as impossible, and moves nobody", () => {
  const { words, shape, producer, consumer } = ends(8);
  push(producer, 42);
  producer.publish();
  for (const tail of [9, 1000, -1, -0x80000000, 0x7fffffff]) {
    words[shape.baseWord + TAIL] = tail;
    const available = consumer.available();
    assert.ok(available < 0 || available > shape.capacity, `${tail}: ${available}`);
  }
  push(producer, 43);
  producer.publish();
  assert.equal(consumer.available(), 2);
  assert.deepEqual([take(consumer), take(consumer)], [42, 43]);
});

Deno.test("ring: whatever a peer writes to the counters, no slot lies outside the ring", () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { maxLength: 40 }), (values) => {
      const { words, shape, producer, consumer } = ends(8);
      const first = shape.baseWord + SLOTS;
      const inside = (slot: number) =>
        slot >= first && slot <= first + (shape.capacity - 1) * shape.slotWords;
      for (const value of values) {
        words[shape.baseWord + (value & 1 ? HEAD : TAIL)] = value;
        const slot = producer.claim();
        assert.ok(slot === -1 || inside(slot));
        if (slot !== -1) producer.commit();
        assert.ok(inside(producer.claimUnchecked()));
        producer.publish();
        assert.ok(inside(consumer.next()));
        consumer.release();
        assert.ok(Number.isInteger(producer.pending));
      }
    }),
  );
});

test("ring: entries cross between processes, in both directions", async () => {
  using segment = newSegment(1 << 20);
  const shape: RingShape = { baseWord: 65536, capacity: 16, slotWords: 16 };
  const count = 3000;

  const consumer = new RingConsumer(segment.i32, shape);
  const producing = askPeer("produce", segment.path(), count);
  for (let k = 0; k < count;) {
    const available = consumer.available();
    assert.ok(available >= 0 && available <= shape.capacity);
    for (let n = 0; n < available; n++, k++) {
      const slot = consumer.next();
      assert.ok(segment.i32.subarray(slot, slot + 16).every((word) => word === k));
    }
    consumer.release();
    if (available === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await producing;

  const producer = new RingProducer(segment.i32, shape);
  const consuming = askPeer("consume", segment.path(), count);
  for (let k = 0; k < count;) {
    const slot = producer.claim();
    if (slot < 0) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      continue;
    }
    segment.i32.fill(k++, slot, slot + 16);
    producer.commit();
    producer.publish();
  }
  assert.deepEqual((await consuming).json, { sum: count * (count - 1) / 2 });
});
