import assert from "node:assert/strict";
import fc from "fast-check";
import { Client as Admin } from "chimaera/admin_client";
import { type Block, type Bulk, DomainQuery, type Session } from "chimaera";
import { startNode } from "chimaera/test";
import { test } from "../../tests/permission.ts";
import { openCodecs } from "./codecs/mod.ts";
import { Client, CodecId, type CodecName, compressBound, Form } from "./compressor_client.ts";
import { STREAMS_MAX } from "./streams.ts";

const LOCAL = DomainQuery.getLocalId();
const CODEC_NAMES = ["lz4", "zstd", "gzip", "deflate", "none"] as const;
const FRAME_NAMES = ["lz4", "zstd", "gzip", "deflate"] as const;

/** Text-like bytes: a codec makes them smaller, and they never repeat as a whole. */
function sample(sizeBytes: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let state = seed;
  for (let k = 0; k < sizeBytes; k++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[k] = 97 + (state >>> 16) % 7 + (k >> 10) % 5;
  }
  return bytes;
}

function blockOf(session: Session, bytes: Uint8Array): Block {
  const block = session.alloc(Math.max(1, bytes.length));
  block.bytes.set(bytes);
  return block;
}

async function poolIn(codec: CodecName = "lz4", level = 0, lanes = 2) {
  const { node, session, [Symbol.asyncDispose]: dispose } = await startNode();
  const client = new Client(session);
  await client.create(LOCAL, LOCAL, "packer", undefined, CodecId[codec], level, lanes);
  return { node, session, client, [Symbol.asyncDispose]: dispose };
}

/** Rejects with the code. */
async function failsWith(code: string, call: () => Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error: { code?: string }) => {
    assert.equal(error.code, code, String(error));
    return true;
  });
}

test("compressor: what goes in comes out, by every codec in both forms", async () => {
  await using pool = await poolIn();
  const { session, client } = pool;
  for (const sizeBytes of [0, 1, 1000, 300_000]) {
    const raw = sample(sizeBytes);
    const src = blockOf(session, raw);
    const packed = session.alloc(compressBound(sizeBytes));
    const back = session.alloc(sizeBytes + 1);
    for (const form of [Form.block, Form.frame]) {
      for (const name of form === Form.block ? CODEC_NAMES : FRAME_NAMES) {
        const options = { form, codec: CodecId[name] };
        const source = src.slice(0, sizeBytes);
        const packedBytes = await client.compress(LOCAL, source, packed, options);
        const backBytes = await client.decompress(
          LOCAL,
          packed.slice(0, packedBytes),
          back,
          options,
        );
        assert.equal(backBytes, sizeBytes, `${name}, form ${form}`);
        assert.deepEqual(back.bytes.subarray(0, backBytes), src.bytes.subarray(0, sizeBytes));
      }
    }
    for (const block of [src, packed, back]) block.free();
  }
});

test("compressor: source and destination may be the same block", async () => {
  await using pool = await poolIn("zstd");
  const { session, client } = pool;
  const raw = sample(100_000);
  const block = session.alloc(compressBound(raw.length));
  block.bytes.set(raw);
  const packedBytes = await client.compress(LOCAL, block.slice(0, raw.length), block);
  assert.ok(packedBytes < raw.length);
  const backBytes = await client.decompress(LOCAL, block.slice(0, packedBytes), block);
  assert.equal(backBytes, raw.length);
  assert.deepEqual(new Uint8Array(block.bytes.subarray(0, backBytes)), raw);
  block.free();
});

test("compressor: many blocks at once are spread over the lanes", async () => {
  await using pool = await poolIn();
  const { session, client } = pool;
  const jobs = Array.from({ length: 40 }, (_, k) => {
    const src = blockOf(session, sample(50_000, k + 1));
    const dst = session.alloc(compressBound(50_000));
    return { src, dst, done: client.compress(LOCAL, src, dst) };
  });
  await Promise.all(jobs.map(({ done }) => done));
  const info = (await new Admin(session).listPools(LOCAL)).find(({ name }) => name === "packer");
  const done = info!.lanes.map((lane) => lane.done);
  assert.equal(done.reduce((sum, count) => sum + count, 0), 40);
  assert.ok(done.every((count) => count >= 10), `tasks of the lanes: ${done}`);
  assert.equal(new Set(info!.lanes.map(({ worker }) => worker)).size, 2);
  for (const { src, dst } of jobs) [src, dst].forEach((block) => block.free());
});

test("compressor: no room, damage and nonsense are errors with a code", async () => {
  await using pool = await poolIn();
  const { session, client } = pool;
  const src = blockOf(session, sample(10_000));
  const packed = session.alloc(compressBound(10_000));
  const small = session.alloc(16);
  const frame = { form: Form.frame, codec: CodecId.zstd };
  await failsWith("CHI-3003", () => client.compress(LOCAL, src, small, frame));
  const packedBytes = await client.compress(LOCAL, src, packed, frame);
  await failsWith(
    "CHI-6004",
    () => client.decompress(LOCAL, packed.slice(0, packedBytes), small, frame),
  );
  await failsWith(
    "CHI-6002",
    () => client.decompress(LOCAL, packed.slice(0, packedBytes - 9), src, frame),
  );
  await failsWith("CHI-6001", () => client.compress(LOCAL, src, packed, { codec: 77 }));
  await failsWith("CHI-3001", () => client.compress(LOCAL, src, packed, { level: 99 }));
  await failsWith(
    "CHI-3001",
    () => client.compress(LOCAL, src, packed, { form: 9 as unknown as Form }),
  );
  const blockBytes = await client.compress(LOCAL, src, packed);
  packed.bytes[blockBytes - 5]! ^= 1;
  await failsWith("CHI-6002", () => client.decompress(LOCAL, packed.slice(0, blockBytes), src));
  for (const block of [src, packed, small]) block.free();
});

test("compressor: a pool has a codec and a level of its own", async () => {
  await using pool = await poolIn("gzip", 9);
  const { session, client } = pool;
  const src = blockOf(session, sample(10_000));
  const packed = session.alloc(compressBound(10_000));
  const own = await client.compress(LOCAL, src, packed, { form: Form.frame });
  assert.deepEqual([...packed.bytes.subarray(0, 2)], [0x1f, 0x8b]);
  const fast = await client.compress(LOCAL, src, packed, { form: Form.frame, level: 1 });
  assert.ok(own < fast, `${own} bytes by level 9, ${fast} by level 1`);
  // Level 9 is none of zstd's that the pool meant: it takes that codec's default.
  await client.compress(LOCAL, src, packed, { codec: CodecId.zstd });
  const again = new Client(session);
  await again.create(LOCAL, LOCAL, "packer", undefined, CodecId.gzip, 9, 2);
  assert.equal(again.poolId, client.poolId);
  await failsWith("CHI-4002", () => again.create(LOCAL, LOCAL, "packer", undefined, CodecId.lz4));
  await failsWith("CHI-6001", () => again.create(LOCAL, LOCAL, "other", undefined, 50));
  for (const block of [src, packed]) block.free();
});

/** Decompresses `packed` as a stream, in pieces of the given sizes. */
async function streamed(
  { session, client }: { session: Session; client: Client },
  codec: number,
  packed: Uint8Array,
  pieceBytes: number,
  roomBytes: number,
): Promise<Uint8Array> {
  const { id } = await client.openStream(LOCAL, codec);
  const src = session.alloc(pieceBytes);
  const dst = session.alloc(roomBytes);
  const parts: Uint8Array[] = [];
  try {
    for (let at = 0, full = false; at < packed.length || full;) {
      const piece = packed.subarray(at, at + pieceBytes);
      src.bytes.set(piece);
      const given: Bulk = src.slice(0, piece.length);
      const { read, written } = await client.pushStream(LOCAL, id, given, dst);
      parts.push(dst.bytes.slice(0, written));
      at += read;
      full = written === roomBytes;
    }
    await client.closeStream(LOCAL, id, true);
  } catch (thrown) {
    await client.closeStream(LOCAL, id, false).catch(() => {});
    throw thrown;
  } finally {
    src.free();
    dst.free();
  }
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

test("compressor: streams of frames are decompressed piece by piece", async () => {
  await using pool = await poolIn();
  using codecs = await openCodecs();
  const raw = [sample(70_000, 1), sample(3, 2), sample(140_000, 3)];
  for (const name of FRAME_NAMES) {
    const codec = codecs.frame(CodecId[name]);
    // A zlib stream has no follower.
    const frames = (name === "deflate" ? raw.slice(0, 1) : raw).map((bytes) => {
      const packed = new Uint8Array(codec.bound(bytes.length));
      return packed.slice(0, codec.compress(bytes, packed));
    });
    const packed = new Uint8Array(await new Blob(frames).arrayBuffer());
    const back = await streamed(pool, CodecId[name], packed, 10_007, 32_768);
    const expected = name === "deflate" ? raw.slice(0, 1) : raw;
    assert.equal(back.length, expected.reduce((sum, { length }) => sum + length, 0), name);
    assert.deepEqual(back.subarray(-1000), expected.at(-1)!.subarray(-1000));
    await failsWith(
      "CHI-6002",
      () => streamed(pool, CodecId[name], packed.subarray(0, -3), 50_000, 50_000),
    );
  }
});

test("compressor: a stream that is not there, and more streams than a lane holds", async () => {
  await using pool = await poolIn("lz4", 0, 1);
  const { session, client } = pool;
  const block = session.alloc(64);
  const piece = block.slice(0, 0);
  await failsWith("CHI-3010", () => client.pushStream(LOCAL, 12345, piece, block));
  const { id: first, provider } = await client.openStream(LOCAL);
  assert.match(provider, /^lib|wasm/);
  const { id: second } = await client.openStream(LOCAL);
  await client.pushStream(LOCAL, first, piece, block);
  for (let k = 2; k < STREAMS_MAX; k++) await client.openStream(LOCAL);
  await failsWith("CHI-6006", () => client.openStream(LOCAL));
  await client.pushStream(LOCAL, first, piece, block);
  await client.closeStream(LOCAL, second, false);
  await client.openStream(LOCAL);
  await client.closeStream(LOCAL, first, false);
  await failsWith("CHI-3010", () => client.closeStream(LOCAL, first, false));
  block.free();
});

test("compressor: a lane moves when no stream is open on it", async () => {
  await using pool = await poolIn("gzip", 0, 1);
  const { node, session, client } = pool;
  const admin = new Admin(session);
  const raw = sample(100_000);
  using src = blockOf(session, raw);
  using packed = session.alloc(compressBound(raw.length));
  const from = node.pools.get(client.poolId).homeWorker;
  const { id } = await client.openStream(LOCAL, CodecId.gzip);
  await failsWith("CHI-4017", () => admin.moveLane(LOCAL, client.poolId, 0, 0, 1 - from));
  await client.closeStream(LOCAL, id, false);
  const { isCarried } = await admin.moveLane(LOCAL, client.poolId, 0, 0, 1 - from);
  assert.equal(isCarried, true);
  const packedBytes = await client.compress(LOCAL, src, packed);
  using back = session.alloc(raw.length);
  await client.decompress(LOCAL, packed.slice(0, packedBytes), back);
  assert.deepEqual(new Uint8Array(back.bytes), raw);
});

test("compressor: says which implementations it uses", async () => {
  await using pool = await poolIn();
  const report = await pool.client.listCodecs(LOCAL);
  assert.deepEqual(report.map(({ codec }) => codec), [...FRAME_NAMES]);
  for (const { provider } of report) assert.match(provider, /^[a-z0-9:-]+$/);
});

test("compressor: the bound holds for every codec and form", async () => {
  using codecs = await openCodecs();
  fc.assert(fc.property(fc.integer({ min: 0, max: 1 << 28 }), (rawBytes) => {
    for (const name of CODEC_NAMES) {
      assert.ok(codecs.block(CodecId[name]).bound(rawBytes) <= compressBound(rawBytes), name);
      if (name === "none") continue;
      assert.ok(codecs.frame(CodecId[name]).bound(rawBytes) <= compressBound(rawBytes), name);
    }
  }));
});
