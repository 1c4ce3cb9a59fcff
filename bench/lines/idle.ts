/** `idle.*`: what a node costs that has nothing to do. */

import { DomainQuery, type Session } from "chimaera";
import { Client as Compressor } from "../../chimods/compressor/compressor_client.ts";
import { Client as SmallMessage } from "../../chimods/small_message/small_message_client.ts";
import { type BenchContext, type BenchLine, type Measurement, Placement } from "../harness/line.ts";
import { processorMs, residentBytes } from "../harness/process_usage.ts";
import { needProgram, Program } from "../ours/program.ts";

const HERE = DomainQuery.getLocalId();

/** Time for what start-up left behind to come to rest. */
const REST_MS = 1_000;

function pause(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
}

/** Pools of every core module; those that a node starts with are there already. */
async function makeCorePools(session: Session): Promise<void> {
  await new SmallMessage(session).create(HERE, HERE, "idle_small_message");
  await new Compressor(session).create(HERE, HERE, "idle_compressor");
}

/** Looks at an idle `serve` to which this process is attached. */
async function watchIdle(look: (pid: number) => number | Promise<number>): Promise<Measurement> {
  needProgram();
  const program = Program.start();
  try {
    const session = await program.connect();
    await makeCorePools(session);
    await pause(REST_MS);
    const figure = await look(program.pid);
    await session.close();
    return { peer: null, samples: [[figure, null]], checksum: 1 };
  } finally {
    await program.stop();
  }
}

/** Processor time over a while, as a percentage of one core. */
async function processorShare(pid: number, { rounds }: BenchContext): Promise<number> {
  const startMs = performance.now();
  const usedMs = processorMs(pid);
  await pause(rounds.idleMs);
  return (processorMs(pid) - usedMs) / (performance.now() - startMs) * 100;
}

export const IDLE_LINES: readonly BenchLine[] = [
  {
    name: "idle.cpu",
    what: "processor time of an idle `serve`, all core pools up, one client attached",
    unit: "% of a core",
    better: "lower",
    bar: "ours<1",
    placement: Placement.free,
    measure: (context) => watchIdle((pid) => processorShare(pid, context)),
  },
  {
    name: "idle.rss",
    what: "RssAnon + RssFile of an idle `serve`, all core pools up, one client attached",
    unit: "MB",
    better: "lower",
    bar: "ours<150",
    placement: Placement.free,
    measure: () => watchIdle((pid) => residentBytes(pid) / 1e6),
  },
];
