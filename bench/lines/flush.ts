/** `flush.idle`: a flush of a node that has nothing to do, against a no-op's way there and back. */

import { DomainQuery } from "chimaera";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { type BenchContext, type BenchLine, type Measurement, Placement } from "../harness/line.ts";
import { measurePairs, microseconds, timeBlock } from "../harness/pairs.ts";
import { Client as Noop } from "../modules/noop/noop_client.ts";
import { servedSession } from "../ours/engine.ts";

const HERE = DomainQuery.getLocalId();

async function flushLoop(admin: Admin, ops: number): Promise<number> {
  for (let k = 0; k < ops; k++) await admin.flush(HERE);
  return ops;
}

async function noopLoop(noop: Noop, ops: number): Promise<number> {
  let sum = 0;
  for (let value = 0; value < ops; value++) sum += await noop.noop(HERE, value);
  return sum;
}

async function measureFlush(context: BenchContext, workers: number): Promise<Measurement> {
  const { session, close } = await servedSession(context, workers);
  const admin = new Admin(session);
  const noop = new Noop(session);
  await noop.create(HERE, HERE, "bench");
  return await measurePairs(
    { run: (ops) => timeBlock(ops, () => flushLoop(admin, ops)), close },
    { run: (ops) => timeBlock(ops, () => noopLoop(noop, ops)), close: () => Promise.resolve() },
    "a no-op task by await, of the same client and node",
    context.rounds,
    microseconds,
  );
}

function flushLine(name: string, workers: number, placement: Placement): BenchLine {
  return {
    name,
    what: `flush of an idle node of ${workers} workers, by await, across processes`,
    unit: "us",
    better: "lower",
    bar: "ratio<=2",
    placement,
    measure: (context) => measureFlush(context, workers),
  };
}

export const FLUSH_LINES: readonly BenchLine[] = [
  flushLine("flush.idle", 1, Placement.oneCore),
  flushLine("flush.idle.two_workers", 2, Placement.oneCore),
];
