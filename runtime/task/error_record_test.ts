/** Errors in shared memory and as JSON: the code always arrives, the text as far as it fits. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { ChimaeraError, type ErrorName, ERRORS, moduleStackOf } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Segment } from "../memory/mod.ts";
import { readErrorRecord, writeErrorRecord } from "./error_record.ts";

const AT = 4096;
const buffer = new SharedArrayBuffer(3 * 4096);
const segment = {
  u8: new Uint8Array(buffer),
  u32: new Uint32Array(buffer),
  i32: new Int32Array(buffer),
} as unknown as Segment;

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 2000 }),
  fc.string({ maxLength: 50 }),
  fc.constantFrom("", "\u0000".repeat(3000), "😀".repeat(900), '"'.repeat(2000)),
);
const kind = fc.constantFrom(...Object.keys(ERRORS) as ErrorName[]);

Deno.test("error record: the code arrives, and the text as far as it fits", () => {
  fc.assert(
    fc.property(kind, text, text, fc.option(text, { nil: undefined }), (name, what, why, hint) => {
      segment.u8.fill(0xee);
      const error = new ChimaeraError(name, { what, why, hint, cause: new Error(why) });
      writeErrorRecord(segment, AT, error);
      // The records beside it are somebody else's.
      assert.ok(segment.u8.subarray(0, AT).every((byte) => byte === 0xee));
      const behind = segment.u8.subarray(AT + LIMITS.errorRecordBytes);
      assert.ok(behind.every((byte) => byte === 0xee));
      const read = readErrorRecord(segment, AT, error.number);
      assert.equal(read.code, error.code);
      const short = JSON.stringify([what, why, hint]).length < 200;
      if (short && what !== "" && why !== "") {
        assert.deepEqual([read.what, read.why], [what, why]);
        if (hint) assert.equal(read.hint, hint);
        assert.match(moduleStackOf(read), /error_record_test\.ts/);
      }
    }),
  );
});

Deno.test("error record: a damaged one loses its text and not its code", () => {
  fc.assert(
    fc.property(kind, fc.uint8Array({ maxLength: 200 }), fc.integer(), (name, bytes, size) => {
      segment.u8.fill(0);
      segment.u8.set(bytes, AT + 4);
      segment.i32[AT >>> 2] = size;
      const read = readErrorRecord(segment, AT, ERRORS[name].code);
      assert.equal(read.kind, name);
      assert.ok(read.message.length > 0 && read.hint.length > 0);
    }),
  );
  const valid = ["null", "[]", "7", '{"what":7,"why":null,"hint":{},"stack":[]}'];
  for (const json of valid) {
    const bytes = new TextEncoder().encode(json);
    segment.u32[AT >>> 2] = bytes.length;
    segment.u8.set(bytes, AT + 4);
    assert.equal(readErrorRecord(segment, AT, 3004).code, "CHI-3004", json);
  }
});

Deno.test("error record: a code that nobody knows is a handler's", () => {
  segment.u32[AT >>> 2] = 0;
  const error = readErrorRecord(segment, AT, 99999);
  assert.equal(error.code, "CHI-3004");
  assert.match(error.message, /code 99999/);
});
