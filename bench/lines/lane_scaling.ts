/** `lane.scaling`: what a second worker adds where handlers compute. */

import {
  type BenchContext,
  type BenchLine,
  type Block,
  type Measurement,
  Placement,
} from "../harness/line.ts";
import { timeBlock } from "../harness/pairs.ts";
import { LanesTarget } from "../ours/lanes_target.ts";
import { SpinThreads } from "../peers/spin_threads.ts";

/** Rounds of a task: some 100 µs. */
const ROUNDS = 65_000;
const TASK_MS = 0.1;

/** Runs tasks on as many threads as it is told. */
type Run = (threads: number, tasks: number) => Promise<Block>;

/** Throughput of two threads over that of one; and the sum of all results. */
async function scalingOf(run: Run, tasks: number): Promise<[number, number]> {
  const one = await run(1, tasks);
  const two = await run(2, 2 * tasks);
  return [one.microsPerOp / two.microsPerOp, (one.checksum + two.checksum) >>> 0];
}

async function measureScaling({ rounds }: BenchContext, ours: Run, peer: Run) {
  const tasks = Math.round(rounds.blockMs / TASK_MS);
  for (const run of [ours, peer]) await scalingOf(run, tasks); // Warms up.
  const samples: [number, number][] = [];
  let checksum = 0;
  for (let pair = 0; pair < rounds.pairs; pair++) {
    const early = pair % 2 === 1 ? await scalingOf(peer, tasks) : undefined;
    const [oursScaling, oursSum] = await scalingOf(ours, tasks);
    const [peerScaling, peerSum] = early ?? await scalingOf(peer, tasks);
    if (oursSum !== peerSum) throw new Error(`ours computes ${oursSum}, the peer ${peerSum}`);
    samples.push([oursScaling, peerScaling]);
    checksum = (checksum + oursSum) >>> 0;
  }
  return { samples, checksum };
}

async function measure(context: BenchContext): Promise<Measurement> {
  const peer = await SpinThreads.start(ROUNDS);
  try {
    const target = await LanesTarget.open(context, 2);
    try {
      const ours: Run = (workers, tasks) =>
        timeBlock(tasks, () => target.spinLoop(tasks, ROUNDS, workers));
      const figures = await measureScaling(
        context,
        ours,
        (threads, tasks) => peer.run(threads, tasks),
      );
      return { peer: "the same loop in C, one thread and two", ...figures };
    } finally {
      await target.close();
    }
  } finally {
    await peer.close();
  }
}

export const LANE_SCALING_LINES: readonly BenchLine[] = [{
  name: "lane.scaling",
  what: "throughput of a handler that computes for 100 us: lanes on two workers over one",
  unit: "x",
  better: "higher",
  bar: "ratio>=0.9",
  placement: Placement.free,
  measure,
}];
