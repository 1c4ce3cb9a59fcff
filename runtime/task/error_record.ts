/**
 * The error of a failed task in shared memory: a byte count, then JSON, in a record of
 * `LIMITS.errorRecordBytes`. Its code travels in the completion, not here.
 */

import { type ChimaeraError, errorFromElsewhere, errorNameOf, moduleStackOf } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Segment } from "../memory/mod.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * The error that a record and a return code describe. A damaged record loses its text, never the
 * code.
 */
export function readErrorRecord(segment: Segment, at: number, returnCode: number): ChimaeraError {
  const kind = errorNameOf(returnCode) ?? "handlerThrew";
  const length = segment.u32[at >>> 2]!;
  let record: Record<string, unknown> = {};
  if (length > 0 && length <= LIMITS.errorRecordBytes - 4) {
    try {
      record = JSON.parse(decoder.decode(segment.u8.slice(at + 4, at + 4 + length))) ?? {};
    } catch {
      record = {}; // The client's own memory was overwritten; the code below still says what failed.
    }
  }
  const text = (key: string, other: string) =>
    typeof record[key] === "string" && record[key] !== "" ? record[key] as string : other;
  const details = {
    what: text("what", "task"),
    why: text("why", `failed with code ${returnCode}`),
    hint: text("hint", "") || undefined,
  };
  return errorFromElsewhere(kind, details, text("stack", ""));
}

/** Writes an error as a record of {@linkcode LIMITS.errorRecordBytes} bytes. */
export function writeErrorRecord(segment: Segment, at: number, error: ChimaeraError): void {
  const room = LIMITS.errorRecordBytes - 4;
  const stack = moduleStackOf(error);
  let text = "";
  // Longest text that fits: first the stack is cut, then the reason.
  for (const [stackLength, whyLength] of [[600, 300], [200, 200], [0, 120]] as const) {
    text = JSON.stringify({
      what: error.what.slice(0, 120),
      why: error.why.slice(0, whyLength),
      hint: error.hint.slice(0, 160),
      stack: stack.slice(0, stackLength),
    });
    if (encoder.encode(text).length <= room) break;
  }
  const bytes = encoder.encode(text);
  const fits = bytes.length <= room;
  segment.u32[at >>> 2] = fits ? bytes.length : 0;
  if (fits) segment.u8.set(bytes, at + 4);
}
