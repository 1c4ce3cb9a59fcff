/**
 * The tasks of a lane that moves: which worker answers for them, and who has their objects.
 *
 * From the moment when they are packed they are the other worker's to answer for, whether it has
 * them yet or not: when it is lost they fail with what else it had.
 *
 * Thread rules: one worker's isolate.
 */

import { H, type Task } from "../task/mod.ts";
import type { Lane } from "./lane.ts";
import type { Periodics } from "./periodics.ts";
import type { Parcel } from "./saved_state.ts";
import type { WorkerState } from "./worker_state.ts";

/** Says which worker answers for the tasks of a lane. */
export function entrust(
  { node }: WorkerState,
  lane: Lane,
  periodics: Periodics,
  worker: number,
): void {
  const words = node.i32;
  const note = (task: Task) => words[task.header.block + H.custodian] = worker;
  lane.low.forEach(note);
  lane.high.forEach(note);
  periodics.forEach(lane, note);
}

/** Has a worker answer for the tasks of a parcel. */
export function entrustParcel(words: Int32Array, parcel: Parcel, worker: number): void {
  for (const { block } of parcel.tasks) words[block + H.custodian] = worker;
  for (const { block } of parcel.periodics) words[block + H.custodian] = worker;
}

/** Forgets the tasks of a lane that are another worker's by now. */
export function giveUpTasks(state: WorkerState, lane: Lane, periodics: Periodics): void {
  const giveUp = (task: Task) => {
    lane.container.active--;
    task.header.context = null;
    state.tasks.give(task);
  };
  while (lane.low.length > 0) giveUp(lane.low.shift());
  while (lane.high.length > 0) giveUp(lane.high.shift());
  for (const task of periodics.leave(lane)) giveUp(task);
}
