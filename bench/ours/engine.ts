/** Nodes for our side of a pair: one in this process, or one beside it. */

import { connect, type Session } from "chimaera";
import { startNode } from "chimaera/node";
import { ControlledProcess } from "../harness/controlled_process.ts";
import { denoScript } from "../harness/cpus.ts";
import type { BenchContext } from "../harness/line.ts";
import { BENCH_MODULES } from "./modules.ts";
import { NoopTarget } from "./noop_target.ts";
import { placeWorkers } from "./placement.ts";
import type { Target } from "./target.ts";

/** A node in this process. */
export async function nodeInProcess(context: BenchContext, workers: number): Promise<Target> {
  const node = await startNode({ workers, modules: BENCH_MODULES });
  const session = await node.connect();
  await placeWorkers(session, context);
  return await NoopTarget.open(session, () => node.close());
}

/** A node in a process of its own, to which this one is attached by shared memory. */
export async function servedNode(context: BenchContext, workers: number): Promise<Target> {
  const { session, close } = await servedSession(context, workers);
  return await NoopTarget.open(session, close);
}

/** As {@linkcode servedNode}, without a pool; `close` ends session and node. */
export async function servedSession(
  context: BenchContext,
  workers: number,
): Promise<{ readonly session: Session; readonly close: () => Promise<void> }> {
  await using started = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "n-" });
  started.defer(() => Deno.remove(folder, { recursive: true }));
  // This process looks for the node in the same place.
  Deno.env.set("CHIMAERA_RUNTIME_DIR", folder);
  const script = new URL("./serve.ts", import.meta.url);
  const server = new ControlledProcess(denoScript(script, [String(workers)]));
  started.defer(() => server.close());
  await server.receive();
  const session = await connect({ transport: "shm" });
  started.defer(() => session.close());
  await placeWorkers(session, context);
  const parts = started.move();
  return { session, close: () => parts.disposeAsync() };
}
