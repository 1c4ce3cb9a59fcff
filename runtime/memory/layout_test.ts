import assert from "node:assert/strict";
import { LIMITS } from "../limits.ts";
import {
  BELL_BYTES,
  BELL_LINES,
  checkHeader,
  HEADER,
  HEAP_OFFSET,
  HEAP_STATE_OFFSET,
  LINE_BYTES,
  PAGE_BYTES,
  PORT,
  PORT_ENTRY_BYTES,
  PORT_TABLE_OFFSET,
  SCRATCH_OFFSET,
  SegmentKind,
  writeHeader,
} from "./mod.ts";

const HEADER_BYTES = 64;
const HEAP_STATE_BYTES = 512;

Deno.test("layout: the parts of a segment follow one another without overlap", () => {
  const parts: readonly [string, number, number][] = [
    ["header", 0, HEADER_BYTES],
    ["port table", PORT_TABLE_OFFSET, LIMITS.portsPerSession * PORT_ENTRY_BYTES],
    ["heap state", HEAP_STATE_OFFSET, HEAP_STATE_BYTES],
    ["scratch", SCRATCH_OFFSET, HEAP_OFFSET - SCRATCH_OFFSET],
    ["heap", HEAP_OFFSET, PAGE_BYTES],
  ];
  let end = 0;
  for (const [name, offset, sizeBytes] of parts) {
    assert.ok(offset >= end, `${name} begins at ${offset}, before ${end}`);
    assert.equal(offset % LINE_BYTES, 0, name);
    end = offset + sizeBytes;
  }
  assert.equal(HEAP_OFFSET, LIMITS.segmentReservedBytes);
});

Deno.test("layout: fields lie inside their parts, each in a word of its own", () => {
  for (const [fields, bytes] of [[HEADER, HEADER_BYTES], [PORT, PORT_ENTRY_BYTES]] as const) {
    const words = Object.values(fields) as number[];
    assert.equal(new Set(words).size, words.length);
    assert.ok(words.every((word) => word >= 0 && word < bytes / 4));
  }
  assert.equal(BELL_LINES * LINE_BYTES, BELL_BYTES);
  assert.ok(BELL_LINES > LIMITS.workersMax + LIMITS.sessionsMax * LIMITS.portsPerSession);
});

Deno.test("layout: a header that was written is one that passes", () => {
  for (const kind of Object.values(SegmentKind)) {
    for (const sizeBytes of [65536, 1 << 20, LIMITS.segmentBytesMax]) {
      const words = new Int32Array(16);
      writeHeader(words, { segmentId: 9, kind, sizeBytes, workers: 3 });
      checkHeader(words, kind, sizeBytes, "test");
      assert.throws(() => checkHeader(words, kind, sizeBytes + 65536, "test"), {
        code: "CHI-2006",
      });
    }
  }
});
