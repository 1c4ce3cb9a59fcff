/** `task.pipe.*`: no-op tasks at full rate, many under way. */

import { startOnServerCpu } from "../harness/cpus.ts";
import { type BenchContext, type BenchLine, type Measurement, Placement } from "../harness/line.ts";
import { measurePairs, perSecond, startBoth } from "../harness/pairs.ts";
import { nodeInProcess, servedNode } from "../ours/engine.ts";
import { loopSide } from "../ours/sides.ts";
import { PIPE_OUTSTANDING } from "../ours/target.ts";
import { ringInProcess, ringToProcess } from "../peers/spsc_ring_side.ts";

type Where = "inprocess" | "process";

async function measurePipe(
  context: BenchContext,
  where: Where,
  batch: number,
): Promise<Measurement> {
  const inProcess = where === "inprocess";
  const makeRing = inProcess ? ringInProcess : ringToProcess;
  const startNode = inProcess ? nodeInProcess : servedNode;
  const [target, peer] = await startBoth(
    () => makeRing(context, batch),
    () => startOnServerCpu(context, () => startNode(context, 1)),
  );
  return await measurePairs(
    loopSide(target, (ops) => target.pipeLoop(ops, batch)),
    peer,
    `bare JavaScript SPSC ring of 64-byte slots, batch ${batch}`,
    context.rounds,
    perSecond,
  );
}

function pipeLine(where: Where, batch: number, bar: string): BenchLine {
  return {
    name: `task.pipe.${where}.b${batch}`,
    what: `no-op tasks, ${PIPE_OUTSTANDING} outstanding, submitted ${batch} at a time`,
    unit: "op/s",
    better: "higher",
    bar,
    placement: Placement.twoCores,
    measure: (context) => measurePipe(context, where, batch),
  };
}

export const TASK_PIPE_LINES: readonly BenchLine[] = [
  pipeLine("inprocess", 1, "ratio>=0.3 && ours>=2e6"),
  pipeLine("inprocess", 64, "ratio>=0.4 && ours>=8e6"),
  pipeLine("process", 1, "ratio>=0.3 && ours>=8e5"),
  pipeLine("process", 64, "ratio>=0.4 && ours>=6e6"),
];
