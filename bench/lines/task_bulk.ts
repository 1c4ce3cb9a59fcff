/** `task.bulk.*`: a buffer passed by pointer costs no more than a task without one. */

import { type BenchContext, type BenchLine, type Measurement, Placement } from "../harness/line.ts";
import { measurePairs, microseconds } from "../harness/pairs.ts";
import { servedNode } from "../ours/engine.ts";
import { borrowed, medianSide } from "../ours/sides.ts";

const MEBIBYTE = 1 << 20;

/** Passes a buffer from another process, against the no-op task there. */
async function measureBulk(context: BenchContext, sizeBytes: number): Promise<Measurement> {
  const target = await servedNode(context, 1);
  const buffer = target.makeBuffer(sizeBytes);
  return await measurePairs(
    medianSide(target, () => buffer.pass()),
    borrowed(medianSide(target, () => target.syncLoop(1))),
    "our own 64-byte no-op task, across processes by waitSync (p50)",
    context.rounds,
    microseconds,
  );
}

function bulkLine(mebibytes: number): BenchLine {
  return {
    name: `task.bulk.${mebibytes}MiB`,
    what: `p50 of passing ${mebibytes} MiB by pointer to another process, by waitSync`,
    unit: "us",
    better: "lower",
    bar: "ratio<=1.3",
    placement: Placement.oneCore,
    measure: (context) => measureBulk(context, mebibytes * MEBIBYTE),
  };
}

export const TASK_BULK_LINES: readonly BenchLine[] = [bulkLine(1), bulkLine(16)];
