/**
 * Where each declared field lies: computed once per task type.
 *
 * Fields keep their order and are aligned to their size (at most 8 bytes); a string, bytes or vec
 * is a 32-bit count and then room for the most it may hold; a bulk or pointer is segment and
 * offset, 32 bits each. The **layout hash** covers the method and every field's name, kind, place
 * and direction: two programs that agree on it read the same bytes the same way.
 */

import { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { type Field, type FieldKind, type Fields, type ScalarKind, SCALARS } from "./fields.ts";

/** A field and its place. */
export interface PlacedField {
  /** As declared; the accessor's name. */
  readonly name: string;
  /** Its declaration. */
  readonly field: Field<unknown>;
  /** The declaration's kind. */
  readonly kind: FieldKind;
  /** From the start of the fields. */
  readonly offsetBytes: number;
  /** Bytes that it takes in the task, without what follows to align the next one. */
  readonly sizeBytes: number;
  /** The fields of a struct, with offsets from the task's fields, not the struct's. */
  readonly members: readonly PlacedField[];
}

export interface FieldsLayout {
  readonly fields: readonly PlacedField[];
  /** Multiple of 8. */
  readonly sizeBytes: number;
  readonly hash: number;
}

/** Members of the class `Task`, which accessors of the same name would hide. */
const TAKEN = new Set([
  "constructor",
  "layout",
  "owner",
  "header",
  "prio",
  "method",
  "done",
  "wait",
  "waitSync",
  "submit",
  "free",
  "moveTo",
  "getPointer",
  "setPointer",
  "getBulk",
  "setBulk",
  "serializeStart",
  "serializeEnd",
  "copyStart",
]);
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

function refuse(name: string, why: string): never {
  throw new ChimaeraError("badField", { what: `field ${name}`, why });
}

function sizeOf(name: string, field: Field<unknown>): { align: number; sizeBytes: number } {
  switch (field.kind) {
    case "string":
    case "bytes":
      if (!Number.isInteger(field.max) || field.max < 1) refuse(name, "needs a size above 0");
      return { align: 4, sizeBytes: 4 + field.max };
    case "vec": {
      const element = SCALARS[field.element as ScalarKind];
      if (element === undefined) refuse(name, `cannot hold ${field.element}`);
      if (!Number.isInteger(field.max) || field.max < 1) refuse(name, "needs a count above 0");
      // The count takes 8 bytes, so that wide elements are aligned.
      return { align: 8, sizeBytes: 8 + element * field.max };
    }
    case "pointer":
    case "bulk":
      return { align: 4, sizeBytes: 8 };
    case "struct":
      return { align: 8, sizeBytes: 0 };
    default:
      return { align: SCALARS[field.kind], sizeBytes: SCALARS[field.kind] };
  }
}

function place(fields: Fields, startBytes: number, prefix: string): {
  placed: PlacedField[];
  endBytes: number;
} {
  let at = startBytes;
  const placed: PlacedField[] = [];
  for (const [name, field] of Object.entries(fields)) {
    if (!IDENTIFIER.test(name)) refuse(prefix + name, "is not an identifier");
    if (TAKEN.has(name)) refuse(prefix + name, "every task has a member of this name");
    if (field.kind === "bulk" && prefix !== "") refuse(prefix + name, "cannot be in a struct");
    const { align, sizeBytes } = sizeOf(prefix + name, field);
    at = Math.ceil(at / align) * align;
    let members: readonly PlacedField[] = [];
    let size = sizeBytes;
    if (field.kind === "struct") {
      const inner = place(field.fields ?? {}, at, `${prefix}${name}.`);
      members = inner.placed;
      size = Math.ceil((inner.endBytes - at) / 8) * 8;
    }
    placed.push({ name, field, kind: field.kind, offsetBytes: at, sizeBytes: size, members });
    at += size;
  }
  return { placed, endBytes: at };
}

function describe(fields: readonly PlacedField[], direction: number): string {
  return fields.map((f) => {
    const d = direction || f.field.direction;
    const inner = f.kind === "struct" ? `{${describe(f.members, d)}}` : "";
    return `${f.name}:${f.kind}${
      f.field.element ?? ""
    }${inner}:${f.offsetBytes}:${f.sizeBytes}:${d}` +
      `:${f.field.sizeField ?? ""}:${f.field.capacityField ?? ""}`;
  }).join("|");
}

/** 32-bit FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo). */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let k = 0; k < text.length; k++) {
    hash = Math.imul(hash ^ text.charCodeAt(k), 0x01000193);
  }
  return hash >>> 0;
}

function checkBulk(placed: readonly PlacedField[]): void {
  const byName = new Map(placed.map((f) => [f.name, f]));
  for (const f of placed) {
    if (f.kind !== "bulk") continue;
    for (const other of [f.field.sizeField, f.field.capacityField]) {
      if (other === undefined) continue;
      const field = byName.get(other)?.field;
      if (field?.kind !== "u64" || field.bigint) {
        refuse(f.name, `names \`${other}\`, which is not a u64 field of the task`);
      }
    }
  }
}

/** Places the fields of a task type. Throws CHI-3001 with the field's name. */
export function layOut(method: number, fields: Fields): FieldsLayout {
  const { placed, endBytes } = place(fields, 0, "");
  checkBulk(placed);
  const sizeBytes = Math.ceil(endBytes / 8) * 8;
  if (sizeBytes > LIMITS.taskFieldsBytesMax) {
    refuse(placed.at(-1)?.name ?? "", `ends at ${sizeBytes}, above ${LIMITS.taskFieldsBytesMax}`);
  }
  return { fields: placed, sizeBytes, hash: fnv1a(`${method}|${describe(placed, 0)}`) };
}
