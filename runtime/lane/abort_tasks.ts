/**
 * Firing the signals of tasks whose caller gave up.
 *
 * A task that runs has its signal fired. One that still waits on a lane is marked, and begins with
 * its signal fired: it runs all the same, so that what it must clean up is cleaned up.
 *
 * Thread rules: one worker's isolate.
 */

import { H, type Task, TaskState } from "../task/mod.ts";
import { HELD } from "./lane.ts";
import type { RunContext } from "./run_context.ts";
import type { TaskQueue } from "./task_queue.ts";
import type { WorkerState } from "./worker_state.ts";

/**
 * Aborts a task of this worker.
 *
 * @param running Handlers under way.
 * @param origin OriginKind of the caller.
 * @param from The caller's port, wire session or worker.
 * @param slot The caller's slot or ticket of it; −1: all tasks from there.
 * @returns Whether that one task is here.
 */
export function abortTasks(
  state: WorkerState,
  running: ReadonlyMap<RunContext, Task>,
  origin: number,
  from: number,
  slot: number,
  generation: number,
): boolean {
  const words = state.node.i32;
  const comesFromThere = ({ header: { block } }: Task) =>
    words[block + H.origin] === origin && words[block + H.port] === from;
  const isTheOne = ({ header: { block } }: Task) =>
    words[block + H.slot] === slot && words[block + H.generation] === generation;
  for (const [rctx, task] of running) {
    if (!comesFromThere(task)) continue;
    const found = isTheOne(task);
    if (found || slot < 0) rctx.abort();
    if (found) return true;
  }
  const mark = (queue: TaskQueue): boolean => {
    for (let place = 0; place < queue.length; place++) {
      const task = queue.at(place);
      if (!comesFromThere(task)) continue;
      const found = isTheOne(task);
      if (found || slot < 0) task.header.state = TaskState.lapsed;
      if (found) return true;
    }
    return false;
  };
  const { ready, plugged } = state;
  if (ready.some(({ low, high }) => mark(low) || mark(high))) return true;
  // The tasks of a lane that is on its way are another worker's, unless they come back.
  return plugged !== null && (mark(plugged.low) || mark(plugged.high)) && plugged.sendTo !== HELD;
}
