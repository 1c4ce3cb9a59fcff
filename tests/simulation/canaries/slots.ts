/** Slot tables that are wrong on purpose. */

import { SlotTable, type TaskId } from "../models/slot_table.ts";

/** Takes a completion for the task that has the slot now, whichever it was about. */
export class NoGenerations extends SlotTable {
  protected override isCurrent(id: TaskId): boolean {
    return this.isBusy(id.slot);
  }
}
