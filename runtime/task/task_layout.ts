/** What is known of a task type: computed once by `defineTask`, used by everyone. */

import type { PlacedField } from "./layout.ts";
import type { Task, TaskOwner } from "./task.ts";

/** A bulk field's place, in words from the first field. */
export interface BulkPlace {
  readonly name: string;
  readonly direction: number;
  readonly word: number;
  readonly sizeWord: number;
  /** −1: the size is also the capacity. */
  readonly capacityWord: number;
}

/** Moves the fields of one task between two segments. Arguments are word arrays and indexes. */
export interface FieldCopiers {
  /** IN and INOUT fields, and zero for OUT. False: a count is above its field's maximum. */
  copyIn(from: Int32Array, fromAt: number, to: Int32Array, toAt: number): boolean;
  /** OUT and INOUT fields. */
  copyOut(from: Int32Array, fromAt: number, to: Int32Array, toAt: number): boolean;
}

export interface TaskLayout extends FieldCopiers {
  /** Number of the task type in this isolate. */
  readonly index: number;
  readonly method: number;
  readonly hash: number;
  readonly flags: number;
  readonly fieldsBytes: number;
  readonly fields: readonly PlacedField[];
  readonly bulks: readonly BulkPlace[];
  /** Zeros the fields and writes their defaults. */
  clear(task: Task): void;
  /** Sets the fields named in `values`. */
  assign(task: Task, values: object): void;
}

/** A class made by `defineTask`, or one that extends it. */
export interface TaskType<T extends Task = Task> {
  /** For the runtime; programs get tasks from a client's stubs. */
  new (owner: TaskOwner, layout: TaskLayout): T;
  /** Places of the fields; the same for all tasks of the type. */
  readonly layout: TaskLayout;
}
