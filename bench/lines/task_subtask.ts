/** `task.subtask`: a handler that awaits a no-op task on another lane. */

import { type BenchContext, type BenchLine, type Measurement, Placement } from "../harness/line.ts";
import { measurePairs, microseconds } from "../harness/pairs.ts";
import { nodeInProcess } from "../ours/engine.ts";
import { borrowed, loopSide } from "../ours/sides.ts";

async function measureSubtask(context: BenchContext, workers: number): Promise<Measurement> {
  const target = await nodeInProcess(context, workers);
  return await measurePairs(
    loopSide(target, (ops) => target.subtaskLoop(ops, workers > 1)),
    borrowed(loopSide(target, (ops) => target.syncLoop(ops))),
    "our own no-op task in process by waitSync",
    context.rounds,
    microseconds,
  );
}

export const TASK_SUBTASK_LINES: readonly BenchLine[] = [
  {
    name: "task.subtask",
    what: "a handler awaiting one no-op task on another lane of its worker",
    unit: "us",
    better: "lower",
    bar: "ours<=2",
    placement: Placement.oneCore,
    measure: (context) => measureSubtask(context, 1),
  },
  {
    name: "task.subtask.two_workers",
    what: "a handler awaiting one no-op task on a lane of another worker",
    unit: "us",
    better: "lower",
    bar: "ratio<=2",
    placement: Placement.oneCore,
    measure: (context) => measureSubtask(context, 2),
  },
];
