/**
 * What a module's generated `*_lib_exec.ts` gives the runtime: its name, its task types, and the
 * dispatch from method numbers to handlers.
 */

import type { Task, TaskType } from "../task/mod.ts";
import type { Module } from "./module.ts";
import type { MonitorMode, RunContext } from "./run_context.ts";
import type { SavedState } from "./saved_state.ts";

/** The generated half of a module: everything that the runtime needs besides its `Server`. */
export interface LibExec {
  /** `<namespace>_<module>`. */
  readonly libName: string;
  /** Type of the module's CreateTask. */
  readonly create: TaskType;
  /** Method number and task type of every other method. */
  readonly tasks: readonly (readonly [number, TaskType])[];
  /** Runs the handler of a method; undefined for a synchronous one. */
  run(server: Module, method: number, task: Task, rctx: RunContext): void | Promise<void>;
  /** Runs the monitor of a method. */
  monitor(server: Module, mode: MonitorMode, method: number, task: Task, rctx: RunContext): void;
  /**
   * Has an instance take over what one of the version before it saved, in place of `restoreState`.
   * Only of a module whose `kUpgrade` is on.
   */
  upgrade?(server: Module, saved: SavedState, rctx: RunContext): void | Promise<void>;
  /** Names by number, for messages. */
  readonly methodNames: Readonly<Record<number, string>>;
}
