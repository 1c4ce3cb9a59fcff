/**
 * `defineTask`: from the declaration of a task's fields to its class.
 *
 * @example
 * ```ts
 * import { defineTask, IN, OUT } from "chimaera";
 * class AddTask extends defineTask(10, { a: IN.u64(), b: IN.u64(), sum: OUT.u64() }) {}
 * console.assert(AddTask.layout.fieldsBytes === 24);
 * ```
 */

import { accessorClass, copyFunction } from "./accessors.ts";
import { ChimaeraError } from "../errors.ts";
import { Direction, type Field, type Fields, type ValuesOf } from "./fields.ts";
import { TF_SRL_SYM } from "./header.ts";
import { layOut, type PlacedField } from "./layout.ts";
import { Task } from "./task.ts";
import type { BulkPlace, TaskLayout, TaskType } from "./task_layout.ts";

/** A declaration: fields, and the task's `flags` (TF_SRL_SYM when absent). */
export type TaskSpec = { readonly flags?: number } & Readonly<Record<string, unknown>>;

/** The class that `defineTask` makes: {@linkcode Task} with the declared accessors. */
export type TaskClass<S> = TaskType<Task & ValuesOf<S>>;

/** What of a layout is written as code. */
type LayoutFunctions = {
  -readonly [K in "copyIn" | "copyOut" | "clear" | "assign"]: TaskLayout[K];
};

let taskTypes = 0;

/** Fields of a declaration, without its flags. */
function fieldsOf(spec: TaskSpec): Fields {
  const fields: Record<string, Field<unknown>> = {};
  for (const [name, value] of Object.entries(spec)) {
    if (name !== "flags") fields[name] = value as Field<unknown>;
  }
  return fields;
}

function bulkPlaces(fields: readonly PlacedField[]): BulkPlace[] {
  const wordOf = (name: string | undefined) => {
    const found = fields.find((f) => f.name === name);
    return found === undefined ? -1 : found.offsetBytes / 4;
  };
  return fields.filter((f) => f.kind === "bulk").map((f) => ({
    name: f.name,
    direction: f.field.direction,
    word: f.offsetBytes / 4,
    sizeWord: wordOf(f.field.sizeField),
    capacityWord: wordOf(f.field.capacityField),
  }));
}

/** Word index and words of the defaults, found by writing them once into scratch memory. */
function clearFunction(fields: readonly PlacedField[], words: number): (task: Task) => void {
  let text = "const i = t.$i32, a = t.$at;\n";
  if (words <= 32) { for (let k = 0; k < words; k++) text += `i[a + ${k}] = 0;\n`; }
  else text += `i.fill(0, a, a + ${words});\n`;
  text += defaultStatements(fields, "t");
  return new Function("t", text) as (task: Task) => void;
}

/** Statements that set the defaults, those of structs' members too. */
function defaultStatements(fields: readonly PlacedField[], target: string): string {
  return fields.map((f) => {
    const { initial, bigint } = f.field;
    if (f.kind === "struct") return defaultStatements(f.members, `${target}.${f.name}`);
    if (initial === undefined || initial === 0) return "";
    return `${target}.${f.name} = ${String(initial)}${bigint ? "n" : ""};\n`;
  }).join("");
}

function assignFunction(fields: readonly PlacedField[]): (task: Task, values: object) => void {
  const text = fields.map((f) => `if (v.${f.name} !== undefined) t.${f.name} = v.${f.name};\n`);
  return new Function("t", "v", text.join("")) as (task: Task, values: object) => void;
}

/**
 * Gives a layout its functions. Their text is written and compiled when each is first called: an
 * isolate knows dozens of task types, and uses a few. From then on the layout has the function itself.
 */
function withFunctions(
  facts: Omit<TaskLayout, keyof LayoutFunctions>,
  fields: readonly PlacedField[],
): TaskLayout {
  const layout: LayoutFunctions & typeof facts = {
    ...facts,
    copyIn: (...places) => (layout.copyIn = copyFunction(fields, Direction.in))(...places),
    copyOut: (...places) => (layout.copyOut = copyFunction(fields, Direction.out))(...places),
    clear: (task) => (layout.clear = clearFunction(fields, facts.fieldsBytes / 4))(task),
    assign: (task, values) => (layout.assign = assignFunction(fields))(task, values),
  };
  return layout;
}

/**
 * Declares a task type: its method's number and its fields.
 *
 * @param method The method's id in `*_methods.yaml`.
 * @param spec Fields by name, in the order in which they lie; `flags` is not a field.
 * @returns A class to extend. Throws CHI-3001 for a field that cannot be laid out.
 */
export function defineTask<const S extends TaskSpec>(method: number, spec: S): TaskClass<S> {
  if (method >>> 0 !== method) {
    throw new ChimaeraError("badField", {
      what: `define task ${method}`,
      why: "a method's number is whole, from 0 to 2^32 − 1",
    });
  }
  const fields = fieldsOf(spec);
  const { fields: placed, sizeBytes, hash } = layOut(method, fields);
  const made = accessorClass(Task, `Task${method}`, placed) as unknown as TaskType & {
    layout: TaskLayout;
  };
  const facts = {
    index: taskTypes++,
    method,
    hash,
    flags: spec.flags ?? TF_SRL_SYM,
    fieldsBytes: sizeBytes,
    fields: placed,
    bulks: bulkPlaces(placed),
  };
  made.layout = withFunctions(facts, placed);
  return made as unknown as TaskClass<S>;
}
