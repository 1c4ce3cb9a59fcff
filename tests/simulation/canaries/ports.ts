/** Ports, and a worker's bell, that are wrong on purpose. */

import { Bell, BellState } from "../../../runtime/memory/mod.ts";
import { Port } from "../../../runtime/session/mod.ts";
import { PortSlots } from "../../../runtime/session/port_slots.ts";
import { type Task, TaskState } from "../../../runtime/task/mod.ts";
import { type PortParts, REAL_PORT } from "../scenarios/port.ts";

/** Takes an answer for the task that has the slot now, whichever it was for. */
class NoGenerations extends PortSlots {
  override end(slot: number, _generation: number): Task | null {
    return super.end(slot, this.generationOf(slot));
  }
}

/** Gives a slot back when its task is freed, though the task still runs. */
class EarlyPort extends Port {
  override free(task: Task): void {
    const { header } = task;
    if (header.state === TaskState.submitted || header.state === TaskState.lapsed) {
      for (const block of header.pinned ?? []) block.unpin();
      header.state = TaskState.done;
    }
    super.free(task);
  }
}

/** Reads the epoch as it lies down: what rang since it said that it would is forgotten. */
class LateBell extends Bell {
  override sleep(timeoutMs: number): boolean {
    this.prepare(BellState.futex);
    return super.sleep(timeoutMs);
  }
}

export const NO_GENERATIONS: PortParts = { ...REAL_PORT, slots: NoGenerations };
export const EARLY_SLOT: PortParts = { ...REAL_PORT, port: EarlyPort };
export const LOST_WAKE: PortParts = {
  ...REAL_PORT,
  workerBell: (words, line) => new LateBell(words, line),
};
