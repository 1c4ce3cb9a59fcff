import assert from "node:assert/strict";
import fc from "fast-check";
import { openCodecs } from "../../chimods/compressor/codecs/mod.ts";
import { CodecId } from "../../chimods/compressor/compressor_client.ts";
import { test } from "../../tests/permission.ts";
import { FrameReader, type FrameSource } from "./frame_reader.ts";

/** A source that gives what it has in pieces of these sizes, as a pipe may. */
function sourceOf(bytes: Uint8Array, name = "input"): FrameSource {
  return {
    name,
    bytesRead: 0,
    fill(view) {
      const count = Math.min(view.length, bytes.length - this.bytesRead);
      view.set(bytes.subarray(this.bytesRead, this.bytesRead + count));
      this.bytesRead += count;
      return Promise.resolve(count);
    },
  };
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

test("frame reader: takes apart what was put together", async () => {
  using codecs = await openCodecs();
  const names = ["lz4", "zstd", "gzip"] as const;
  const datas = fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 1, maxLength: 6 });
  await fc.assert(fc.asyncProperty(fc.constantFrom(...names), datas, async (name, pieces) => {
    const codec = codecs.frame(CodecId[name]);
    const frames = pieces.map((piece) => {
      const frame = new Uint8Array(codec.bound(piece.length));
      return frame.slice(0, codec.compress(piece, frame));
    });
    const reader = new FrameReader(sourceOf(concat(frames)));
    let position = 0;
    for (const [k, frame] of frames.entries()) {
      const piece = await reader.next();
      assert.ok(piece.kind === "frame");
      assert.deepEqual(new Uint8Array(piece.frame), frame);
      assert.equal(piece.rawBytes, pieces[k]!.length);
      assert.equal(piece.codec.name, name);
      assert.equal(piece.position, position);
      position += frame.length;
    }
    assert.equal((await reader.next()).kind, "end");
  }));
});

test("frame reader: whatever comes in, it ends with an answer", async () => {
  const magics = [[0x04, 0x22, 0x4d, 0x18], [0x28, 0xb5, 0x2f, 0xfd], [0x1f, 0x8b, 8, 0], [
    0x50,
    0x2a,
    0x4d,
    0x18,
  ]];
  const input = fc.tuple(fc.constantFrom(...magics), fc.uint8Array({ maxLength: 200 }))
    .map(([magic, rest]) => new Uint8Array([...magic, ...rest]));
  await fc.assert(
    fc.asyncProperty(input, async (bytes) => {
      const reader = new FrameReader(sourceOf(bytes));
      try {
        while ((await reader.next()).kind === "frame");
      } catch (thrown) {
        assert.equal((thrown as { code?: string }).code, "CHI-6002", String(thrown));
      }
    }),
    { numRuns: 500 },
  );
});

test("frame reader: a stream gets what is held first, then the rest", async () => {
  // A member without our size field: where it ends is not known.
  const member = new Uint8Array(100_000).fill(1);
  member.set([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
  const reader = new FrameReader(sourceOf(member));
  assert.equal((await reader.next()).kind, "stream");
  const back = new Uint8Array(100_001);
  assert.equal(await reader.fill(back), 100_000);
  assert.deepEqual(back.subarray(0, 100_000), member);
});
