/**
 * A node as a process: `serve.ts '{"workers":2}'`. Says `ready`; answers `stats` and `stop`; ends
 * when it is told to, by a task or by a line.
 */

import { Instance, type NodeOptions, startNode } from "chimaera/node";
import { liveBlocks } from "../../../runtime/memory/mod.ts";
import { listen, say } from "./lines.ts";
import { TEST_MODULES } from "./test_modules.ts";

/** What a test may ask of the node. */
export interface ServeConfig {
  readonly workers: number;
  readonly instance?: string;
  readonly memoryBytes?: number;
  readonly stallAbandonMs?: number;
  readonly backing?: NonNullable<NodeOptions["backing"]>;
}

if (import.meta.main) {
  const config: ServeConfig = JSON.parse(Deno.args[0]!);
  const instance = Instance.claim(config.instance);
  const node = await startNode({
    workers: config.workers,
    memoryBytes: config.memoryBytes ?? 256 << 20,
    debugHeap: true,
    modules: TEST_MODULES,
    instance,
    ...config.backing === undefined ? {} : { backing: config.backing },
    onStall: (stall) => say({ kind: "stall", stall }),
    ...config.stallAbandonMs === undefined ? {} : { stallAbandonMs: config.stallAbandonMs },
    onWorkerLost: (lost) => say({ kind: "lost", ...lost }),
  });
  void listen(async ({ kind }) => {
    if (kind === "stats") {
      say({ kind, stats: node.stats(), blocks: liveBlocks(node.segment) });
    } else if (kind === "stop") {
      await node.close();
      Deno.exit(0);
    }
  });
  say({ kind: "ready", pid: Deno.pid, takenOver: instance.takenOver });
  await node.stopAsked;
  await node.close();
  say({ kind: "stopped" });
  Deno.exit(0);
}
