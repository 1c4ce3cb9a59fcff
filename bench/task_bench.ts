/**
 * The loops of `task.*` under `deno bench`, for a quick look while working on the engine: no-op
 * tasks in process. Peers, bars, and everything across processes: `deno task bench`.
 */

import { bench, permitted } from "../tests/permission.ts";
import { Placement } from "./harness/line.ts";
import { QUICK_ROUNDS } from "./harness/rounds.ts";
import { nodeInProcess } from "./ours/engine.ts";

const TASKS = 64;

if (permitted()) {
  const target = await nodeInProcess({
    rounds: QUICK_ROUNDS,
    submitterCpu: 0,
    serverCpu: 0,
    placement: Placement.free,
  }, 1);
  bench("no-op task by waitSync", () => void target.syncLoop(1));
  bench("no-op task by await", async () => void await target.awaitLoop(1));
  bench(`${TASKS} no-op tasks in one batch`, () => void target.pipeLoop(TASKS, TASKS));
  bench(`${TASKS} subtasks of one handler`, () => void target.subtaskLoop(TASKS, false));
  globalThis.addEventListener("unload", () => void target.close());
} else {
  bench("no-op tasks", () => {});
}
