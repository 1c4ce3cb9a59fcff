/** `lane.fanout`: a handler that awaits many subtasks at once. */

import { type BenchContext, type BenchLine, type Measurement, Placement } from "../harness/line.ts";
import { measureAlone, perSecond, timeBlock } from "../harness/pairs.ts";
import { LanesTarget } from "../ours/lanes_target.ts";

/** Subtasks of one task. */
const WIDTH = 64;

async function measureFanout(context: BenchContext, workers: number): Promise<Measurement> {
  const target = await LanesTarget.open(context, workers);
  const loop = (ops: number) => target.fanoutLoop(ops, WIDTH, workers > 1);
  return await measureAlone(
    { run: (ops) => timeBlock(ops, () => loop(ops)), close: () => target.close() },
    context.rounds,
    (block) => WIDTH * perSecond(block),
  );
}

function fanoutLine(name: string, where: string, workers: number, placement: Placement): BenchLine {
  return {
    name,
    what: `subtasks of handlers that await ${WIDTH} no-op tasks by Promise.all, on ${where}`,
    unit: "op/s",
    better: "higher",
    bar: "ours>=5e5",
    placement,
    measure: (context) => measureFanout(context, workers),
  };
}

export const LANE_FANOUT_LINES: readonly BenchLine[] = [
  fanoutLine("lane.fanout", "another lane of the worker", 1, Placement.oneCore),
  fanoutLine("lane.fanout.two_workers", "a lane of another worker", 2, Placement.free),
];
