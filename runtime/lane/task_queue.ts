/**
 * A first-in-first-out queue of task objects in a circular array that doubles when it is full.
 *
 * Thread rules: one isolate.
 */

import type { Task } from "../task/mod.ts";

export class TaskQueue {
  #items: (Task | null)[] = new Array(16).fill(null);
  #mask = 15;
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(task: Task): void {
    if (this.#length > this.#mask) this.#grow();
    this.#items[(this.#head + this.#length) & this.#mask] = task;
    this.#length++;
  }

  /** The oldest task. The queue must not be empty. */
  shift(): Task {
    const at = this.#head;
    const task = this.#items[at]!;
    this.#items[at] = null;
    this.#head = (at + 1) & this.#mask;
    this.#length--;
    return task;
  }

  /** A waiting task by its place; 0 is the oldest. */
  at(place: number): Task {
    return this.#items[(this.#head + place) & this.#mask]!;
  }

  /** Calls back with each task, oldest first. */
  forEach(call: (task: Task) => void): void {
    for (let k = 0; k < this.#length; k++) call(this.#items[(this.#head + k) & this.#mask]!);
  }

  /** Takes out the tasks from place `first` on that are `wanted`; the others keep their order. */
  takeFrom(first: number, wanted: (task: Task) => boolean): Task[] {
    const taken: Task[] = [];
    const length = this.#length;
    let kept = Math.min(first, length);
    for (let k = first; k < length; k++) {
      const at = (this.#head + k) & this.#mask;
      const task = this.#items[at]!;
      this.#items[at] = null;
      if (wanted(task)) taken.push(task);
      else this.#items[(this.#head + kept++) & this.#mask] = task;
    }
    this.#length = kept;
    return taken;
  }

  #grow(): void {
    const length = this.#length;
    const items: (Task | null)[] = new Array(length * 2).fill(null);
    for (let k = 0; k < length; k++) items[k] = this.#items[(this.#head + k) & this.#mask]!;
    this.#items = items;
    this.#mask = length * 2 - 1;
    this.#head = 0;
  }
}
