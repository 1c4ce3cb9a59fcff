/**
 * Reuse of task objects: a stack per task type, so that a task costs no allocation.
 *
 * Thread rules: one per owner, in its isolate.
 */

import type { Task, TaskOwner } from "./task.ts";
import type { TaskType } from "./task_layout.ts";

export class TaskPool {
  readonly #owner: TaskOwner;
  readonly #stacks: (Task[] | undefined)[] = [];

  /** Tasks that were taken and not given back; null where nobody wants to know. */
  readonly #out: Set<Task> | null;

  constructor(owner: TaskOwner, out: Set<Task> | null = null) {
    this.#owner = owner;
    this.#out = out;
  }

  take(type: TaskType): Task {
    const stack = this.#stacks[type.layout.index];
    const task = stack?.pop() ?? new type(this.#owner, type.layout);
    this.#out?.add(task);
    return task;
  }

  give(task: Task): void {
    this.#out?.delete(task);
    const index = task.layout.index;
    const stack = this.#stacks[index];
    if (stack === undefined) this.#stacks[index] = [task];
    else stack.push(task);
  }
}
