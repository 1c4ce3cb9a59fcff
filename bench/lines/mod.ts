/** Every line of the bench, in the order of the table. */

import type { BenchLine } from "../harness/line.ts";
import { CANARY_LINES } from "./canary.ts";
import { CODEGEN_LINES } from "./codegen.ts";
import { COMUTEX_LINES } from "./comutex.ts";
import { FLUSH_LINES } from "./flush.ts";
import { IDLE_LINES } from "./idle.ts";
import { LANE_FANOUT_LINES } from "./lane_fanout.ts";
import { LANE_IO_LINES } from "./lane_io.ts";
import { LANE_MIXED_LINES } from "./lane_mixed.ts";
import { LANE_MOVE_LINES } from "./lane_move.ts";
import { LANE_SCALING_LINES } from "./lane_scaling.ts";
import { MOD_UPGRADE_LINES } from "./mod_upgrade.ts";
import { SERVE_LINES } from "./serve.ts";
import { TASK_AWAIT_LINES } from "./task_await.ts";
import { TASK_BULK_LINES } from "./task_bulk.ts";
import { TASK_PIPE_LINES } from "./task_pipe.ts";
import { TASK_PROMISE_LINES } from "./task_promise.ts";
import { TASK_SUBTASK_LINES } from "./task_subtask.ts";
import { TASK_SYNC_LINES } from "./task_sync.ts";

export const LINES: readonly BenchLine[] = [
  ...TASK_SYNC_LINES,
  ...TASK_AWAIT_LINES,
  ...TASK_PIPE_LINES,
  ...TASK_PROMISE_LINES,
  ...TASK_BULK_LINES,
  ...TASK_SUBTASK_LINES,
  ...COMUTEX_LINES,
  ...LANE_SCALING_LINES,
  ...LANE_FANOUT_LINES,
  ...LANE_MIXED_LINES,
  ...LANE_IO_LINES,
  ...LANE_MOVE_LINES,
  ...FLUSH_LINES,
  ...CODEGEN_LINES,
  ...MOD_UPGRADE_LINES,
  ...SERVE_LINES,
  ...IDLE_LINES,
  ...CANARY_LINES,
];
