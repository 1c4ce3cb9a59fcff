/**
 * Writes, once per task type, the code that reads and writes its fields.
 *
 * The code is text for `new Function`, with offsets as constants: accessors made from closures
 * share one feedback slot in the engine and turn megamorphic as soon as a program has a handful
 * of task types. Names come from the declaration and were checked to be identifiers; nothing from
 * outside the program reaches the text.
 */

import {
  bytesRead,
  bytesWrite,
  signedRead,
  signedWrite,
  vecRead,
  vecWrite,
  wideRead,
  wideWrite,
} from "./field_access.ts";
import { Direction, type ScalarKind, SCALARS } from "./fields.ts";
import type { PlacedField } from "./layout.ts";
import type { FieldCopiers } from "./task_layout.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** What the generated text calls. */
const helpers = {
  wideRead,
  wideWrite,
  signedRead,
  signedWrite,
  bytesRead,
  bytesWrite,
  vecRead,
  vecWrite,
  decode: (bytes: Uint8Array): string => decoder.decode(bytes),
  encode: (text: string): Uint8Array => encoder.encode(text),
};

/** Getter body and setter body of one field; `t` is the task, `path` what leads to the field. */
function bodies(f: PlacedField, all: readonly PlacedField[], path: string): [string, string] {
  if (f.kind === "struct") return structBodies(f, path);
  return f.kind in SCALARS ? scalarBodies(f) : compoundBodies(f, all);
}

/** A view of the struct's members, made once per task object. */
function structBodies(f: PlacedField, path: string): [string, string] {
  // `$` is in no field's name, so neither name can be that of a field or of the task's own words.
  return [
    `return (this.$struct_${f.name} ??= new ${path}$${f.name}(t));`,
    `Object.assign(this.${f.name}, v);`,
  ];
}

function scalarBodies(f: PlacedField): [string, string] {
  const at = `t.$at + ${Math.floor(f.offsetBytes / 4)}`;
  const byte = `t.$at * 4 + ${f.offsetBytes}`;
  const name = JSON.stringify(f.name);
  const dataView = (type: string) =>
    [
      `return t.$view.get${type}(${byte}, true);`,
      `t.$view.set${type}(${byte}, v, true);`,
    ] as [string, string];
  switch (f.kind) {
    case "bool":
      return [`return t.$u8[${byte}] !== 0;`, `t.$u8[${byte}] = v ? 1 : 0;`];
    case "u8":
      return [`return t.$u8[${byte}];`, `t.$u8[${byte}] = v;`];
    case "i8":
      return dataView("Int8");
    case "u16":
      return dataView("Uint16");
    case "i16":
      return dataView("Int16");
    case "f32":
      return dataView("Float32");
    case "u32":
      return [`return t.$u32[${at}];`, `t.$u32[${at}] = v;`];
    case "i32":
      return [`return t.$i32[${at}];`, `t.$i32[${at}] = v;`];
    case "f64":
      return [`return t.$f64[(${at}) >> 1];`, `t.$f64[(${at}) >> 1] = v;`];
    case "u64":
      if (f.field.bigint) return dataView("BigUint64");
      return [
        `const w = ${at}, low = t.$u32[w], high = t.$u32[w + 1];` +
        `return high === 0 ? low : h.wideRead(low, high, ${name});`,
        `const w = ${at}, low = v >>> 0;` +
        `if (low === v) { t.$u32[w] = low; t.$u32[w + 1] = 0; }` +
        `else h.wideWrite(t.$u32, w, v, ${name});`,
      ];
    case "i64":
      if (f.field.bigint) return dataView("BigInt64");
      return [
        `return h.signedRead(t.$view, ${byte}, ${name});`,
        `h.signedWrite(t.$view, ${byte}, v, ${name});`,
      ];
    default:
      throw new Error(`${f.kind} is not a scalar`);
  }
}

function compoundBodies(f: PlacedField, all: readonly PlacedField[]): [string, string] {
  const word = f.offsetBytes / 4;
  const at = `t.$at + ${word}`;
  const name = JSON.stringify(f.name);
  const max = f.field.max;
  switch (f.kind) {
    case "string":
      return [
        `return h.decode(h.bytesRead(t.$u32, t.$u8, ${at}, ${max}));`,
        `h.bytesWrite(t.$u32, t.$u8, ${at}, h.encode(v), ${max}, ${name});`,
      ];
    case "bytes":
      return [
        `return h.bytesRead(t.$u32, t.$u8, ${at}, ${max});`,
        `h.bytesWrite(t.$u32, t.$u8, ${at}, v, ${max}, ${name});`,
      ];
    case "vec":
      return [
        `return h.vecRead(t.$view, ${at}, ${JSON.stringify(f.field.element)}, ${max});`,
        `h.vecWrite(t.$view, ${at}, ${JSON.stringify(f.field.element)}, v, ${max}, ${name});`,
      ];
    case "pointer":
      return [`return t.getPointer(${word});`, `t.setPointer(${word}, v);`];
    case "bulk": {
      const limit = f.field.direction === Direction.in
        ? f.field.sizeField
        : f.field.capacityField ?? f.field.sizeField;
      const known = all.some((other) => other.name === limit);
      return [
        `return t.getBulk(${word}, ${known ? `this.${limit}` : "0"});`,
        `t.setBulk(${word}, v);`,
      ];
    }
    default:
      throw new Error(`${f.kind} is no compound`);
  }
}

function classBody(fields: readonly PlacedField[], task: string, path: string): string {
  return fields.map((f) => {
    const [get, set] = bodies(f, fields, path);
    return `get ${f.name}() { const t = ${task}; ${get} }\n` +
      `set ${f.name}(v) { const t = ${task}; ${set} }`;
  }).join("\n");
}

/** A class per struct, named by the path to it: structs in different places may be called alike. */
function structClasses(fields: readonly PlacedField[], path: string): string {
  return fields.filter((f) => f.kind === "struct").map((f) => {
    const name = `${path}$${f.name}`;
    return `${structClasses(f.members, name)}class ${name} { constructor(t) { this.$task = t; }\n` +
      `${classBody(f.members, "this.$task", name)} }\n`;
  }).join("");
}

/** A subclass of `base` with an accessor per field. */
// deno-lint-ignore ban-types -- any class that accessors can be added to
export function accessorClass<B extends Function>(
  base: B,
  className: string,
  fields: readonly PlacedField[],
): B {
  const source = `"use strict";\n${structClasses(fields, "Struct")}` +
    `return class ${className} extends Base {\n${classBody(fields, "this", "Struct")}\n};`;
  return new Function("Base", "h", source)(base, helpers) as B;
}

/** Copy statements for the fields that travel in one direction. */
function copyStatements(
  fields: readonly PlacedField[],
  travels: number,
  inherited: number,
): string {
  let text = "";
  for (const f of fields) {
    const direction = inherited || f.field.direction;
    const moves = (direction & travels) !== 0;
    if (f.kind === "struct") {
      text += copyStatements(f.members, travels, direction);
      continue;
    }
    const word = Math.floor(f.offsetBytes / 4);
    if (f.kind === "string" || f.kind === "bytes" || f.kind === "vec") {
      text += moves
        ? copyCounted(f, word)
        : travels === Direction.in
        ? `to[d + ${word}] = 0;\n`
        : "";
      continue;
    }
    const words = Math.ceil((f.offsetBytes % 4 + f.sizeBytes) / 4);
    for (let k = 0; k < words; k++) {
      text += copyWord(f, word + k, moves, travels);
    }
  }
  return text;
}

/** One word; fields below 4 bytes share theirs with neighbours and are masked. */
function copyWord(f: PlacedField, word: number, moves: boolean, travels: number): string {
  const to = `to[d + ${word}]`;
  // A bulk's pointer goes in, whatever its direction, and never back: it is the caller's memory.
  const carried = f.kind === "bulk" ? travels === Direction.in : moves;
  if (f.sizeBytes >= 4) {
    if (carried) return `${to} = from[s + ${word}];\n`;
    return travels === Direction.in ? `${to} = 0;\n` : "";
  }
  const shift = (f.offsetBytes % 4) * 8;
  const mask = (f.sizeBytes === 1 ? 0xff : 0xffff) << shift;
  if (carried) return `${to} = (${to} & ${~mask}) | (from[s + ${word}] & ${mask});\n`;
  return travels === Direction.in ? `${to} &= ${~mask};\n` : "";
}

/** A count and as many bytes. The last word may hold a neighbour's bytes too, which stay. */
function copyCounted(f: PlacedField, word: number): string {
  const first = word + (f.kind === "vec" ? 2 : 1);
  const element = f.kind === "vec" ? SCALARS[f.field.element as ScalarKind] : 1;
  return `{ const n = from[s + ${word}];\n` +
    `if (n < 0 || n > ${f.field.max}) return false;\n` +
    `to[d + ${word}] = n;\n` +
    `const bytes = n * ${element}, words = bytes >>> 2, rest = (bytes & 3) << 3;\n` +
    `const at = s + ${first}, last = d + ${first} + words;\n` +
    `if (words > 0) to.set(from.subarray(at, at + words), d + ${first});\n` +
    `if (rest > 0) to[last] = (to[last] & (-1 << rest)) | (from[at + words] & ~(-1 << rest)); }\n`;
}

/** A function that moves what travels in a direction between a slot and a block. */
export function copyFunction(
  fields: readonly PlacedField[],
  travels: number,
): FieldCopiers["copyIn"] {
  const text = `${copyStatements(fields, travels, 0)}return true;`;
  return new Function("from", "s", "to", "d", text) as FieldCopiers["copyIn"];
}
