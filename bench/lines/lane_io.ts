/** `lane.io`: how long a handler waits for a file while its lane is full of other work. */

import { join } from "node:path";
import {
  type BenchContext,
  type BenchLine,
  type Block,
  type Measurement,
  Placement,
  type Side,
} from "../harness/line.ts";
import { measurePairs } from "../harness/pairs.ts";
import { quantile } from "../harness/statistics.ts";
import { LanesTarget } from "../ours/lanes_target.ts";
import { borrowed } from "../ours/sides.ts";

const PAGE_BYTES = 4096;
const PAGES = 4096;
const FILL = 3;
const PAGE_SUM = PAGE_BYTES * FILL;

/** A place in the file, far from the last one. */
function offsetOf(op: number): number {
  return (op * 1021 % PAGES) * PAGE_BYTES;
}

/** Blocks whose figure is the 99th percentile of what each of `ops` reads took. */
function readSide(target: LanesTarget, readAll: (ops: number) => number[]): Side {
  return {
    run(ops): Promise<Block> {
      const startMs = performance.now();
      const times = readAll(ops);
      const elapsedMs = performance.now() - startMs;
      const microsPerOp = quantile(times, 0.99) * 1000;
      return Promise.resolve({ microsPerOp, elapsedMs, checksum: ops });
    },
    close: () => target.close(),
  };
}

async function measureReads(context: BenchContext): Promise<Measurement> {
  const folder = await Deno.makeTempDir({ prefix: "io-" });
  try {
    const path = join(folder, "pages");
    await Deno.writeFile(path, new Uint8Array(PAGES * PAGE_BYTES).fill(FILL));
    const target = await LanesTarget.open(context, 1, path);
    const alone = (ops: number) =>
      Array.from({ length: ops }, (_, op) => target.read(offsetOf(op), PAGE_SUM));
    return await measurePairs(
      readSide(target, (ops) => target.readsAmongNoops(ops, offsetOf, PAGE_SUM)),
      borrowed(readSide(target, alone)),
      "the same on an idle lane",
      context.rounds,
      (block) => block.microsPerOp / 1000,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

export const LANE_IO_LINES: readonly BenchLine[] = [{
  name: "lane.io",
  what: "p99 of a handler's 4 KiB file read, from its call until it goes on, while no-op tasks " +
    "saturate its lane",
  unit: "ms",
  better: "lower",
  bar: "ours<=2",
  placement: Placement.twoCores,
  measure: measureReads,
}];
