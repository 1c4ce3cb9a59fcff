/**
 * A node as a process of the bench. Argument: the number of workers. Says `ready`, and ends at the
 * end of its input, so that it never outlives the bench.
 */

import { Instance, startNode } from "chimaera/node";
import { BENCH_MODULES } from "./modules.ts";

if (import.meta.main) {
  const [workers = "1"] = Deno.args;
  const node = await startNode({
    workers: Number(workers),
    modules: BENCH_MODULES,
    instance: Instance.claim(),
  });
  console.log("ready");
  for await (const _ of Deno.stdin.readable);
  await node.close();
  Deno.exit(0);
}
