/** The error of a subtask, on its way to a caller on another worker. */

import { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Allocator, Segment } from "../memory/mod.ts";
import { writeErrorRecord } from "../task/mod.ts";

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
