/** Errors on their way to another worker: of a subtask to its caller, of a module to a flush. */

import { ChimaeraError, errorNameOf } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { type Allocator, asOffset, type Segment } from "../memory/mod.ts";
import { readErrorRecord, writeErrorRecord } from "../task/mod.ts";

/** A record of its own; 0 when there is no memory for one: its code travels anyway. */
export function errorRecordOf(heap: Allocator, node: Segment, error: ChimaeraError): number {
  try {
    const record = heap.alloc(LIMITS.errorRecordBytes);
    writeErrorRecord(node, record, error);
    return record | 0;
  } catch (thrown) {
    if (thrown instanceof ChimaeraError && thrown.kind === "outOfMemory") return 0;
    throw thrown;
  }
}

/** Takes an error out of its record, which goes back. */
export function takeErrorRecord(
  heap: Allocator,
  node: Segment,
  record: number,
  code: number,
  what: string,
): ChimaeraError {
  if (record === 0) {
    const kind = errorNameOf(code) ?? "handlerThrew";
    return new ChimaeraError(kind, { what, why: `failed with code ${code}` });
  }
  const error = readErrorRecord(node, record >>> 0, code);
  heap.free(asOffset(record >>> 0));
  return error;
}
