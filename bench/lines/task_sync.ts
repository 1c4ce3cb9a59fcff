/** `task.sync.*`: a no-op task by `waitSync`, the lane asleep. */

import { startOnServerCpu } from "../harness/cpus.ts";
import { type BenchContext, type BenchLine, type Measurement, Placement } from "../harness/line.ts";
import { measurePairs, microseconds, startBoth } from "../harness/pairs.ts";
import { nodeInProcess, servedNode } from "../ours/engine.ts";
import { loopSide } from "../ours/sides.ts";
import type { Target } from "../ours/target.ts";
import { futexPingPong } from "../peers/futex_ping_pong.ts";

type Where = "inprocess" | "process";

function startTarget(context: BenchContext, where: Where): Promise<Target> {
  return where === "inprocess" ? nodeInProcess(context, 1) : servedNode(context, 1);
}

async function measureSync(context: BenchContext, where: Where): Promise<Measurement> {
  const parties = where === "inprocess" ? "threads" : "processes";
  const [target, peer] = await startBoth(
    () => futexPingPong(context, parties),
    () => startOnServerCpu(context, () => startTarget(context, where)),
  );
  return await measurePairs(
    loopSide(target, (ops) => target.syncLoop(ops)),
    peer,
    `C futex ping-pong over shared memory, two ${parties}`,
    context.rounds,
    microseconds,
  );
}

function syncLine(where: Where, placement: Placement, name: string, bar: string): BenchLine {
  return {
    name,
    what: `no-op task by waitSync, ${where === "inprocess" ? "in process" : "across processes"}`,
    unit: "us",
    better: "lower",
    bar,
    placement,
    measure: (context) => measureSync(context, where),
  };
}

export const TASK_SYNC_LINES: readonly BenchLine[] = (["inprocess", "process"] as const).flatMap(
  (where) => [
    syncLine(where, Placement.oneCore, `task.sync.${where}`, "ratio<=2"),
    syncLine(where, Placement.twoCores, `task.sync.${where}.two_cores`, "ratio<=1.3"),
  ],
);
