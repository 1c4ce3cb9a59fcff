/**
 * `canary.*`: lines that are sabotaged on purpose and must then miss their bar. They are held
 * against the opposite of it: `ok` says that the bench noticed.
 */

import { oppositeBar } from "../harness/bar.ts";
import { type BenchLine, Placement } from "../harness/line.ts";
import { BULK_BAR, measureBulk } from "./task_bulk.ts";
import { measureSync, SYNC_ONE_CORE_BAR } from "./task_sync.ts";

export const CANARY_LINES: readonly BenchLine[] = [
  {
    name: "canary.slow_handler",
    what: "task.sync.inprocess with a handler slowed by 10 us: its bar must be missed",
    unit: "us",
    better: "lower",
    bar: oppositeBar(SYNC_ONE_CORE_BAR),
    placement: Placement.oneCore,
    measure: (context) =>
      measureSync(context, "inprocess", (target) => (ops) => target.slowLoop(ops)),
  },
  {
    name: "canary.copying_client",
    what: "task.bulk.16MiB with a client that copies: its bar must be missed",
    unit: "us",
    better: "lower",
    bar: oppositeBar(BULK_BAR),
    placement: Placement.oneCore,
    measure: (context) => measureBulk(context, 16 << 20, (buffer) => buffer.copyIn()),
  },
];
