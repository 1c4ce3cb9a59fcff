/**
 * Sources that change while they are read, as a hostile client can make them: any result or error
 * is right, and not one byte outside the destination may change.
 */

import assert from "node:assert/strict";

import type { Codec, FrameDecoder } from "./mod.ts";
import { isKind } from "./failure.ts";
import { floatField, runs, text } from "./testing/data.ts";
import { BEGUN_AT, CONTROL_BYTES, STOP_AT } from "./testing/scribbler.ts";
import { pack, SUBJECTS } from "./testing/subjects.ts";
import { test } from "../../../tests/permission.ts";

const ROUNDS = 60;
const SOURCE_BYTES = 20_000;
const MARGIN_BYTES = 256;
const GUARD = 0xa5;

/** Runs `body` on a source that a worker scribbles on meanwhile. */
async function whileScribbled(body: (source: Uint8Array) => void): Promise<void> {
  const memory = new Uint8Array(new SharedArrayBuffer(CONTROL_BYTES + SOURCE_BYTES));
  const worker = new Worker(import.meta.resolve("./testing/scribbler.ts"), { type: "module" });
  worker.postMessage(memory);
  try {
    while (memory[BEGUN_AT] === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    body(memory.subarray(CONTROL_BYTES));
  } finally {
    memory[STOP_AT] = 1;
    worker.terminate();
  }
}

function guarded(capacity: number): { dst: Uint8Array; assertIntact: () => void } {
  const memory = new Uint8Array(capacity + 2 * MARGIN_BYTES).fill(GUARD);
  const end = MARGIN_BYTES + capacity;
  return {
    dst: memory.subarray(MARGIN_BYTES, end),
    assertIntact() {
      const margins = [memory.subarray(0, MARGIN_BYTES), memory.subarray(end)];
      assert.ok(margins.every((margin) => margin.every((byte) => byte === GUARD)));
    },
  };
}

function assertOurs(error: unknown): void {
  const kinds = ["codecCorrupt", "codecLimit", "codecFailed", "codecUnavailable"] as const;
  assert.ok(kinds.some((kind) => isKind(error, kind)), String(error));
}

function compressRounds(codec: Codec, source: Uint8Array, level: number): void {
  const { dst, assertIntact } = guarded(codec.bound(SOURCE_BYTES));
  const clean = [text(SOURCE_BYTES), runs(SOURCE_BYTES), floatField(SOURCE_BYTES / 4)];
  for (let round = 0; round < ROUNDS; round++) {
    source.set(clean[round % clean.length]!);
    try {
      codec.compress(source, dst, level);
    } catch (error) {
      assertOurs(error);
    }
    assertIntact();
  }
}

function decompressRounds(codec: Codec, source: Uint8Array): void {
  const { dst, assertIntact } = guarded(SOURCE_BYTES);
  const packed = pack(codec, text(SOURCE_BYTES));
  const changing = source.subarray(0, packed.length);
  for (let round = 0; round < ROUNDS; round++) {
    changing.set(packed);
    try {
      codec.decompress(changing, dst);
    } catch (error) {
      assertOurs(error);
    }
    assertIntact();
  }
}

function decodeRounds(open: () => FrameDecoder, packed: Uint8Array, source: Uint8Array): void {
  const { dst, assertIntact } = guarded(SOURCE_BYTES);
  const changing = source.subarray(0, packed.length);
  for (let round = 0; round < ROUNDS; round++) {
    changing.set(packed);
    using decoder = open();
    try {
      void decoder.push(changing, dst);
    } catch (error) {
      assertOurs(error);
    }
    assertIntact();
  }
}

for (const subject of SUBJECTS) {
  test({
    name: `${subject.label}: a source that changes while it is read does no harm`,
    ignore: subject.missing !== undefined,
    fn: async () => {
      using codecs = await subject.open();
      const frame = codecs.frame(subject.id);
      await whileScribbled((source) => {
        for (const codec of [codecs.block(subject.id), frame]) {
          for (const level of [1, 6, 9]) compressRounds(codec, source, level);
          decompressRounds(codec, source);
        }
        const packed = pack(frame, text(SOURCE_BYTES));
        const open = () => codecs.openDecoder(subject.id);
        // Decoders that work off the thread copy their source; here they would outlive the round.
        using probe = open();
        if (probe.synchronous) decodeRounds(open, packed, source);
      });
    },
  });
}
