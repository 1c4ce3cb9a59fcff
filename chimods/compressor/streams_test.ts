import assert from "node:assert/strict";
import type { FrameDecoder } from "./codecs/mod.ts";
import { STREAM_IDLE_MS, Streams, STREAMS_MAX } from "./streams.ts";

/** A decoder that does nothing but be closed. */
class Still implements FrameDecoder {
  readonly provider = "node:zlib";
  readonly synchronous = true;
  closed = false;

  push() {
    return { read: 0, written: 0, done: false };
  }

  finish(): void {}

  [Symbol.dispose](): void {
    this.closed = true;
  }
}

Deno.test("streams: one that is in use makes no room, one that was left behind does", () => {
  let nowMs = 0;
  const streams = new Streams(3, { nowMs: () => nowMs });
  const decoders = Array.from({ length: STREAMS_MAX }, () => new Still());
  const ids = decoders.map((decoder) => {
    streams.makeRoom();
    return streams.add(decoder);
  });
  nowMs = STREAM_IDLE_MS - 1;
  assert.throws(() => streams.makeRoom(), { code: "CHI-6006" });
  assert.ok(decoders.every(({ closed }) => !closed));
  for (const id of ids.slice(1)) streams.get(id);
  nowMs = STREAM_IDLE_MS;
  streams.makeRoom();
  assert.deepEqual(decoders.map(({ closed }) => closed), decoders.map((_, k) => k === 0));
  assert.throws(() => streams.get(ids[0]!), { code: "CHI-3010", message: /idle for 10 minutes/ });
  streams.add(new Still());
  assert.throws(() => streams.makeRoom(), { code: "CHI-6006" });
  streams.closeAll();
  assert.equal(streams.count, 0);
});
