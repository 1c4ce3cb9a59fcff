/**
 * Archives: a task's fields and bulk bytes as one run of bytes, for where memory is not shared.
 *
 *   start   descriptor (64 bytes) · fields · bulks
 *   end     completion (16 bytes) · fields · bulks, or the error as JSON when the code is not 0
 *   bulk    f64 size · f64 room · the bytes, where they are written
 *
 * A task says what travels, in one function for both directions: `serializeStart` before its
 * handler, `serializeEnd` after. By default that follows from the directions of its fields.
 * DT_WRITE sends bytes; DT_EXPOSE sends only how many there is room for.
 *
 * Thread rules: plain values.
 */

import { ChimaeraError } from "../errors.ts";
import type { Bulk } from "./fields.ts";
import { Direction } from "./fields.ts";
import { COMPLETION_WORDS } from "./header.ts";
import type { Task } from "./task.ts";
import type { BulkPlace } from "./task_layout.ts";

/** Bytes before the fields of a result: a completion. */
export const RESULT_HEAD_BYTES: number = COMPLETION_WORDS * 4;

/** Only the room travels. */
export const DT_EXPOSE = 1;
/** The bytes travel. */
export const DT_WRITE = 3;

/** One side of a transfer, as a task's serialize functions see it. */
export interface Archive {
  /** The declared fields that travel in this direction. */
  fields(): void;
  /**
   * A bulk field.
   *
   * @param flags DT_WRITE or DT_EXPOSE.
   * @param name The bulk field.
   */
  bulk(flags: number, name: string, sizeName?: string): void;
}

/** What travels to the handler, unless a task overrides it. */
export function defaultSerializeStart(task: Task, ar: Archive): void {
  ar.fields();
  for (const { name, direction } of task.layout.bulks) {
    ar.bulk(direction === Direction.out ? DT_EXPOSE : DT_WRITE, name);
  }
}

/** What travels back. */
export function defaultSerializeEnd(task: Task, ar: Archive): void {
  ar.fields();
  for (const { name, direction } of task.layout.bulks) {
    if ((direction & Direction.out) !== 0) ar.bulk(DT_WRITE, name);
  }
}

function placeOf(task: Task, name: string): BulkPlace {
  const place = task.layout.bulks.find((bulk) => bulk.name === name);
  if (place === undefined) {
    throw new ChimaeraError("badField", { what: `serialize ${name}`, why: "no such bulk field" });
  }
  return place;
}

function sizeAt(task: Task, word: number): number {
  const at = task.$at + word;
  return task.$u32[at]! + task.$u32[at + 1]! * 4294967296;
}

/** Bytes that a bulk holds, and that there is room for. */
function sizesOf(task: Task, place: BulkPlace): { size: number; room: number } {
  const size = sizeAt(task, place.sizeWord);
  return { size, room: place.capacityWord < 0 ? size : sizeAt(task, place.capacityWord) };
}

/** Writes a task as parts of a message. Bulk bytes are not copied. */
export class OutArchive implements Archive {
  readonly parts: Uint8Array[] = [];
  readonly #task: Task;
  readonly #end: boolean;

  /** @param end The way back: OUT fields and bulks. */
  constructor(task: Task, head: Uint8Array, end: boolean) {
    this.#task = task;
    this.#end = end;
    this.parts.push(head);
  }

  fields(): void {
    const { $i32, $at, layout } = this.#task;
    const words = new Int32Array(layout.fieldsBytes / 4);
    const copy = this.#end ? layout.copyOut : layout.copyIn;
    if (!copy($i32, $at, words, 0)) {
      throw new ChimaeraError("badField", {
        what: "serialize a task",
        why: "a count is too large",
      });
    }
    this.parts.push(new Uint8Array(words.buffer));
  }

  bulk(flags: number, name: string): void {
    const place = placeOf(this.#task, name);
    const { size, room } = sizesOf(this.#task, place);
    const writes = (flags & DT_WRITE) === DT_WRITE;
    if (writes && size > room) {
      throw new ChimaeraError("sizeAboveCapacity", {
        what: `field ${name}`,
        why: `${size} bytes, there is room for ${room}`,
      });
    }
    const head = new Uint8Array(16);
    const view = new DataView(head.buffer);
    view.setFloat64(0, writes ? size : 0, true);
    view.setFloat64(8, room, true);
    this.parts.push(head);
    if (writes && size > 0) {
      const pointer = this.#task.getPointer(place.word);
      this.parts.push(this.#task.owner.segments.bytes(pointer, size));
    }
  }
}

/** Where bulk bytes that came in are put. */
export interface BulkTarget {
  /** A buffer of `roomBytes`. */
  place(name: string, roomBytes: number): Bulk;
}

/** Reads a task from a message; never past its end. */
export class InArchive implements Archive {
  readonly #task: Task;
  readonly #bytes: Uint8Array;
  readonly #end: boolean;
  readonly #target: BulkTarget;
  #at: number;

  constructor(task: Task, bytes: Uint8Array, at: number, end: boolean, target: BulkTarget) {
    this.#task = task;
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
    this.#target = target;
  }

  fields(): void {
    const { $i32, $at, layout } = this.#task;
    const bytes = this.#take(layout.fieldsBytes).slice();
    const words = new Int32Array(bytes.buffer, 0, layout.fieldsBytes / 4);
    const copy = this.#end ? layout.copyOut : layout.copyIn;
    if (!copy(words, 0, $i32, $at)) {
      throw new ChimaeraError("badDescriptor", { what: "task", why: "a count is too large" });
    }
  }

  bulk(flags: number, name: string): void {
    const place = placeOf(this.#task, name);
    const head = this.#take(16);
    const view = new DataView(head.buffer, head.byteOffset, 16);
    const size = view.getFloat64(0, true);
    const room = view.getFloat64(8, true);
    if (!(Number.isSafeInteger(size) && Number.isSafeInteger(room) && size >= 0 && size <= room)) {
      throw new ChimaeraError("badDescriptor", { what: `field ${name}`, why: "its size is wrong" });
    }
    const writes = (flags & DT_WRITE) === DT_WRITE;
    const bytes = this.#take(writes ? size : 0);
    const target = this.#target.place(name, room);
    if (size > target.size) {
      throw new ChimaeraError("sizeAboveCapacity", {
        what: `field ${name}`,
        why: `${size} bytes came in, there is room for ${target.size}`,
      });
    }
    if (bytes.length > 0) target.bytes.set(bytes);
    this.#task.setPointer(place.word, target.pointer);
  }

  #take(sizeBytes: number): Uint8Array {
    const from = this.#at;
    if (from + sizeBytes > this.#bytes.length) {
      throw new ChimaeraError("badDescriptor", { what: "task", why: "the message is cut short" });
    }
    this.#at = from + sizeBytes;
    return this.#bytes.subarray(from, from + sizeBytes);
  }
}
