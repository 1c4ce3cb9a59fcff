/** What is known of a task type: computed once by `defineTask`, used by everyone. */

import type { PlacedField } from "./layout.ts";
import type { Task, TaskOwner } from "./task.ts";

/** A bulk field's place, in words from the first field. */
export interface BulkPlace {
  /** The field's name. */
  readonly name: string;
  /** 1 to the handler, 2 back, 3 both. */
  readonly direction: number;
  /** Of the pointer's two words, the first. */
  readonly word: number;
  /** The low word of the size. */
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

/** Where a task type's fields lie, and what moves and fills them. */
export interface TaskLayout extends FieldCopiers {
  /** Number of the task type in this isolate. */
  readonly index: number;
  /** The method's number. */
  readonly method: number;
  /** Of the method and the declared fields: the same on both sides, or CHI-3002. */
  readonly hash: number;
  /** TF_SRL_SYM, TF_SRL_ASYM and TF_LOCAL, as declared. */
  readonly flags: number;
  /** Bytes of all fields. */
  readonly fieldsBytes: number;
  /** In the order in which they lie. */
  readonly fields: readonly PlacedField[];
  /** The bulk fields' places. */
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
