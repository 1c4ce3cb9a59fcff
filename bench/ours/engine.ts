/** Nodes for our side of a pair. */

import { moduleInFolder, startNode } from "chimaera/node";
import type { BenchContext } from "../harness/line.ts";
import { CannotRun } from "../harness/line.ts";
import { NoopTarget } from "./noop_target.ts";
import { placeWorkers } from "./placement.ts";
import type { Target } from "./target.ts";

const NAMESPACE = "bench";
const MODULES = ["noop", "placement"].map((name) =>
  moduleInFolder(new URL(`../modules/${name}/`, import.meta.url), NAMESPACE)
);

/** A node in this process. */
export async function nodeInProcess(context: BenchContext, workers: number): Promise<Target> {
  const node = await startNode({ workers, modules: MODULES });
  const session = await node.connect();
  await placeWorkers(session, context);
  return await NoopTarget.open(session, () => node.close());
}

export function servedNode(_context: BenchContext, _workers: number): Promise<Target> {
  return Promise.reject(new CannotRun("sessions from another process are not built yet"));
}
