/** `serve.ready`: how long a user waits for the first answer. */

import { DomainQuery } from "chimaera";
import { Client as SmallMessage } from "../../chimods/small_message/small_message_client.ts";
import { type BenchLine, type Measurement, Placement } from "../harness/line.ts";
import type { BenchContext } from "../harness/line.ts";
import type { CommandLine } from "../harness/cpus.ts";
import { builtProgram, needProgram, Program } from "../ours/program.ts";

const HERE = DomainQuery.getLocalId();

/** Milliseconds from the start of `serve` until a task of a pool made for it has returned. */
async function firstTaskMs(served: CommandLine): Promise<number> {
  const startMs = performance.now();
  const program = Program.start(served);
  try {
    const session = await program.connect();
    const client = new SmallMessage(session);
    await client.create(HERE, HERE, "first");
    await client.md(HERE, 0);
    const elapsedMs = performance.now() - startMs;
    await session.close();
    return elapsedMs;
  } finally {
    await program.stop();
  }
}

async function measureReady({ rounds }: BenchContext): Promise<Measurement> {
  needProgram();
  const { served, note } = builtProgram();
  await firstTaskMs(served); // Warms the caches of files and of compiled code.
  const samples: [number, null][] = [];
  for (let launch = 0; launch < rounds.launches; launch++) {
    samples.push([await firstTaskMs(served), null]);
  }
  return { peer: null, note, samples, checksum: samples.length };
}

export const SERVE_LINES: readonly BenchLine[] = [{
  name: "serve.ready",
  what: "start of `serve` until this, another process has connected, made a pool, and had its " +
    "first task returned; warm",
  unit: "ms",
  better: "lower",
  bar: "ours<=400",
  placement: Placement.free,
  measure: measureReady,
}];
