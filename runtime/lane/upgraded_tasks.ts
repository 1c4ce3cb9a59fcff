/**
 * Tasks that wait while their module is upgraded: the old version judged and named them, the new one
 * runs them.
 *
 * Thread rules: one worker's isolate.
 */

import { ChimaeraError } from "../errors.ts";
import { H, type Task } from "../task/mod.ts";
import type { Answers } from "./answers.ts";
import type { ContainerOnWorker } from "./container.ts";
import { LANE_COUNTER } from "./counters.ts";
import type { Lane } from "./lane.ts";
import type { Periodics } from "./periodics.ts";
import { layoutChanged } from "./router.ts";
import type { TaskQueue } from "./task_queue.ts";
import type { WorkerState } from "./worker_state.ts";

export class UpgradedTasks {
  readonly #state: WorkerState;
  readonly #periodics: Periodics;
  readonly #answers: Answers;

  constructor(state: WorkerState, periodics: Periodics, answers: Answers) {
    this.#state = state;
    this.#periodics = periodics;
    this.#answers = answers;
  }

  /** Hands the tasks that wait on a lane to the one that takes its place. */
  hand(from: Lane, to: Lane): void {
    const periodics = this.#periodics;
    const moving = new Map(periodics.rest(from).map((one) => [one.block, one]));
    const resting = periodics.leave(from);
    const take = (queue: TaskQueue, push: (task: Task) => void) => {
      while (queue.length > 0) {
        const old = queue.shift();
        const task = this.judge(to.container, old);
        if (task === null) continue;
        const periodic = moving.get(task.header.block);
        if (periodic !== undefined) periodics.adopt(to, task, periodic);
        push(task);
      }
    };
    take(from.low, (task) => to.low.push(task));
    take(from.high, (task) => to.high.push(task));
    for (const old of resting) {
      const task = this.judge(to.container, old);
      if (task !== null) periodics.adopt(to, task, moving.get(task.header.block)!);
    }
    this.#state.counters.words[to.counter + LANE_COUNTER.waiting] = to.waiting;
  }

  /** A task that waited, as the new version's own; null when it has failed, as that has no such. */
  judge(next: ContainerOnWorker, old: Task): Task | null {
    const { node, tasks } = this.#state;
    const { block, state, context } = old.header;
    const type = next.typeOf(node.i32[block + H.method]!);
    if (type === undefined || layoutChanged(type, node.i32, block)) {
      this.#answers.fail(old, unfit(next, old, type === undefined));
      return null;
    }
    const task = this.#state.view(next, type, block);
    task.header.state = state;
    task.header.context = context;
    old.header.context = null;
    tasks.give(old);
    return task;
  }
}

function unfit(next: ContainerOnWorker, task: Task, isUnknown: boolean): ChimaeraError {
  const what = `${next.libExec.libName}.${
    next.libExec.methodNames[task.layout.method] ?? task.layout.method
  }`;
  return isUnknown
    ? new ChimaeraError("methodNotFound", {
      what,
      why: "the module was upgraded while the task waited, and has no such method any more",
    })
    : new ChimaeraError("layoutMismatch", {
      what,
      why: "the module was upgraded while the task waited, and the task's fields have changed",
    });
}
