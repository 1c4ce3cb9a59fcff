/** The suite that every provider of every codec passes, in both forms. */

import assert from "node:assert/strict";

import { type Codec, CODECS, type CodecSet } from "./mod.ts";
import { isKind } from "./failure.ts";
import { INPUTS, randomBytes, runs, sameBytes, shared, text } from "./testing/data.ts";
import { pack, type Subject, SUBJECTS, unpack } from "./testing/subjects.ts";
import { test } from "../../../tests/permission.ts";

const MARGIN_BYTES = 64;
const GUARD = 0xa5;

function suite(
  subject: Subject,
  name: string,
  body: (codec: Codec, form: "block" | "frame", codecs: CodecSet) => void,
): void {
  for (const form of ["block", "frame"] as const) {
    test({
      name: `${subject.label}, ${form}: ${name}`,
      ignore: subject.missing !== undefined,
      fn: async () => {
        using codecs = await subject.open();
        const codec = codecs[form](subject.id);
        assert.equal(codec.provider, subject.provider);
        body(codec, form, codecs);
      },
    });
  }
}

/** What the provider is asked for in one call stays below its own limit. */
function inputsFor(subject: Subject): typeof INPUTS {
  return INPUTS.filter(([, bytes]) => subject.provider !== "zstd-codec" || bytes.length < 4 << 20);
}

function assertRefused(call: () => unknown, ...kinds: Parameters<typeof isKind>[1][]): void {
  assert.throws(call, (error: unknown) => kinds.some((kind) => isKind(error, kind)));
}

for (const subject of SUBJECTS) {
  suite(subject, "brings every input back", (codec) => {
    for (const [name, bytes] of inputsFor(subject)) {
      const packed = pack(codec, bytes);
      assert.ok(packed.length <= codec.bound(bytes.length), name);
      assert.ok(sameBytes(unpack(codec, packed, bytes.length), bytes), name);
      assert.ok(sameBytes(unpack(codec, packed, bytes.length + 100), bytes), name);
    }
  });

  suite(subject, "brings every level back", (codec) => {
    const { levelMin, levelMax } = CODECS[subject.name];
    const bytes = text(30_000);
    for (let level = levelMin; level <= levelMax; level++) {
      assert.ok(sameBytes(unpack(codec, pack(codec, bytes, level), bytes.length), bytes));
    }
    assertRefused(() => pack(codec, bytes, levelMax + 1), "badField");
    assertRefused(() => pack(codec, bytes, 1.5), "badField");
  });

  suite(subject, "takes another form and level after data that did not fit", (_, __, codecs) => {
    const bytes = text(3000);
    for (const form of ["block", "frame", "block"] as const) {
      const codec = codecs[form](subject.id);
      assertRefused(() => codec.compress(bytes, new Uint8Array(30)), "sizeAboveCapacity");
      const other = codecs[form === "block" ? "frame" : "block"](subject.id);
      assert.ok(sameBytes(unpack(other, pack(other, bytes, 5), bytes.length), bytes));
      assert.ok(sameBytes(unpack(other, pack(other, bytes, 2), bytes.length), bytes));
    }
  });

  suite(subject, "shrinks what can be shrunk", (codec) => {
    assert.ok(pack(codec, text(70_000)).length < 40_000);
    assert.ok(pack(codec, runs(300_000)).length < 10_000);
  });

  suite(subject, "works on shared memory, at any offset", (codec) => {
    for (const [name, bytes] of inputsFor(subject)) {
      const packed = shared(new Uint8Array(codec.bound(bytes.length)));
      const packedBytes = codec.compress(shared(bytes), packed);
      const unpacked = shared(new Uint8Array(bytes.length));
      const written = codec.decompress(packed.subarray(0, packedBytes), unpacked);
      assert.equal(written, bytes.length);
      assert.ok(sameBytes(unpacked, bytes), name);
    }
  });

  suite(subject, "writes nothing outside the destination", (codec) => {
    for (const bytes of [text(5000), randomBytes(5000)]) {
      const packed = pack(codec, bytes);
      for (const capacity of [0, 1, 23, 30, packed.length - 1, packed.length, codec.bound(5000)]) {
        const memory = new Uint8Array(capacity + 2 * MARGIN_BYTES).fill(GUARD);
        const dst = memory.subarray(MARGIN_BYTES, MARGIN_BYTES + capacity);
        try {
          const written = codec.compress(bytes, dst);
          assert.ok(sameBytes(unpack(codec, dst.subarray(0, written), 5000), bytes));
        } catch (error) {
          assert.ok(isKind(error, "sizeAboveCapacity"), String(error));
          assert.ok(capacity < codec.bound(5000));
        }
        assertGuarded(memory, capacity);
      }
      for (const capacity of [0, 1, 4999]) {
        const memory = new Uint8Array(capacity + 2 * MARGIN_BYTES).fill(GUARD);
        const dst = memory.subarray(MARGIN_BYTES, MARGIN_BYTES + capacity);
        assertRefused(() => codec.decompress(packed, dst), "codecLimit");
        assertGuarded(memory, capacity);
      }
    }
  });

  suite(subject, "refuses overlapping views", (codec) => {
    const memory = new Uint8Array(1000);
    const [low, high] = [memory.subarray(0, 600), memory.subarray(599)];
    assertRefused(() => codec.compress(low, high), "badField");
    assertRefused(() => codec.decompress(high, low), "badField");
  });

  suite(subject, "finds truncation at every length", (codec) => {
    for (const bytes of [new Uint8Array(0), text(300), randomBytes(100)]) {
      const packed = pack(codec, bytes);
      const dst = new Uint8Array(1000);
      for (let length = 0; length < packed.length; length++) {
        const cut = packed.subarray(0, length);
        assertRefused(() => codec.decompress(cut, dst), "codecCorrupt", "codecLimit");
      }
    }
  });

  suite(subject, "never takes a flipped bit for other data", (codec, form) => {
    const bytes = text(300);
    const packed = pack(codec, bytes);
    const dst = new Uint8Array(1000);
    for (let bit = 0; bit < packed.length * 8; bit++) {
      const damaged = packed.slice();
      damaged[bit >>> 3]! ^= 1 << (bit & 7);
      let written: number;
      try {
        written = codec.decompress(damaged, dst);
      } catch (error) {
        assert.ok(
          ["codecCorrupt", "codecLimit", "codecUnavailable"].some((kind) =>
            isKind(error, kind as Parameters<typeof isKind>[1])
          ),
          `bit ${bit}: ${error}`,
        );
        continue;
      }
      // A frame has bits that carry no data, as the time and the system in a gzip header.
      assert.equal(form, "frame", `bit ${bit} went unseen`);
      assert.ok(sameBytes(dst.subarray(0, written), bytes), `bit ${bit}`);
    }
  });

  suite(subject, "refuses what is of no format", (codec) => {
    const dst = new Uint8Array(100_000);
    for (let seed = 1; seed <= 200; seed++) {
      const noise = randomBytes(seed * 3, seed);
      assertRefused(() => codec.decompress(noise, dst), "codecCorrupt", "codecLimit");
    }
  });

  suite(subject, "is refused once its set is closed", (codec, _form, codecs) => {
    const packed = pack(codec, text(300));
    codecs[Symbol.dispose]();
    codecs[Symbol.dispose]();
    assertRefused(() => pack(codec, text(300)), "codecFailed");
    assertRefused(() => codec.decompress(packed, new Uint8Array(300)), "codecFailed");
  });
}

function assertGuarded(memory: Uint8Array, capacity: number): void {
  const outside = [
    memory.subarray(0, MARGIN_BYTES),
    memory.subarray(MARGIN_BYTES + capacity),
  ];
  assert.ok(outside.every((margin) => margin.every((byte) => byte === GUARD)));
}

for (const form of ["block", "frame"] as const) {
  for (const writer of SUBJECTS) {
    const readers = SUBJECTS.filter((reader) => reader.name === writer.name && reader !== writer);
    for (const reader of readers) {
      test({
        name: `${writer.label} writes a ${form} that ${reader.provider} reads`,
        ignore: (writer.missing ?? reader.missing) !== undefined,
        fn: async () => {
          using writing = await writer.open();
          using reading = await reader.open();
          for (const [name, bytes] of INPUTS) {
            if (bytes.length > 1 << 20) continue;
            const packed = pack(writing[form](writer.id), bytes);
            const unpacked = unpack(reading[form](reader.id), packed, bytes.length);
            assert.ok(sameBytes(unpacked, bytes), name);
          }
        },
      });
    }
  }
}
