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

  constructor(owner: TaskOwner) {
    this.#owner = owner;
  }

  take(type: TaskType): Task {
    const stack = this.#stacks[type.layout.index];
    const task = stack === undefined ? undefined : stack.pop();
    return task !== undefined ? task : new type(this.#owner, type.layout);
  }

  give(task: Task): void {
    const index = task.layout.index;
    const stack = this.#stacks[index];
    if (stack === undefined) this.#stacks[index] = [task];
    else stack.push(task);
  }
}
