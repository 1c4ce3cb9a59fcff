/**
 * Prints the blocks of a method that stand in its author's files: its task, its stubs, its handler
 * with the monitor. They are where the author begins; refresh never looks at them again.
 *
 * Thread rules: none; pure functions.
 */

import { blockName, handlerName, moduleFiles } from "../runtime/repo/mod.ts";
import { hasTask, isUpgrade, type Method } from "./method_model.ts";
import { type Layout, Printer } from "./printer.ts";

/** The author's files that have a block for each method. */
export const ROLES = ["tasks", "client", "runtime"] as const;
/** One of {@linkcode ROLES}. */
export type Role = typeof ROLES[number];

/** The file that a block goes into, as far as its text depends on it. */
export interface BlockPlace {
  readonly module: string;
  readonly layout: Layout;
  /** The name by which the file knows what another one exports; sees to it that it does. */
  name(specifier: string, exported: string, use: "type" | "value"): string;
}

/** Whether the files of a role have a block for a method. */
export function hasBlock(role: Role, method: Method): boolean {
  return hasTask(method) || (role === "runtime" && isUpgrade(method));
}

/** The lines of a method's block, marks included. */
export function printBlock(role: Role, method: Method, place: BlockPlace): readonly string[] {
  const out = new Printer(place.layout);
  const block = blockName(method.name);
  out.line(`// CHI_BEGIN(${block})`);
  if (isUpgrade(method)) printUpgrade(out, place);
  else PRINT[role](out, method.name, place);
  out.line(`// CHI_END(${block})`);
  return out.lines;
}

const PRINT = { tasks: printTask, client: printStubs, runtime: printHandler } as const;

function printTask(out: Printer, name: string, place: BlockPlace): void {
  const { methods } = moduleFiles(place.module);
  const defineTask = place.name("chimaera", "defineTask", "value");
  const flag = place.name("chimaera", "TF_SRL_SYM", "value");
  const method = `${place.name(`./${methods}`, "Method", "value")}.${name}`;
  const open = `export class ${blockName(name)}Task`;
  const base = `extends ${defineTask}(${method}, {`;
  const fields = () =>
    out.line(
      `flags: ${flag},`,
      '// Its fields, with IN, OUT and INOUT from "chimaera":',
      '//   words: OUT.u32(), text: IN.bulk("size"), size: IN.u64(),',
    );
  out.line(`/** The ${blockName(name)} task. */`);
  if (out.fits(`${open} ${base}`)) return out.block(`${open} ${base}`, fields, "}) {}");
  out.line(open);
  out.nested(() => out.block(base, fields, "}) {}"));
}

function printStubs(out: Printer, name: string, place: BlockPlace): void {
  const query = place.name("chimaera", "DomainQuery", "type");
  const taskMethod = place.name("chimaera", "taskMethod", "value");
  const task = taskType(name, place, "value");
  const stub = `async${blockName(name)}`;
  out.line(`/** Calls ${blockName(name)}, and waits until it is done. */`);
  out.list(`async ${handlerName(name)}(`, [`dom: ${query}`], "): Promise<void> {");
  out.nested(() => {
    const call = `using task = await this.${stub}`;
    if (out.fits(`${call}.paced(dom);`)) out.line(`${call}.paced(dom);`);
    else {
      out.line(call);
      out.nested(() => out.line(".paced(dom);"));
    }
    out.line("await task.wait();");
  });
  out.line("}");
  out.list(`${stub} = ${taskMethod}(`, [task], ");");
}

function printHandler(out: Printer, name: string, place: BlockPlace): void {
  const task = taskType(name, place, "type");
  const mode = place.name("chimaera", "MonitorMode", "value");
  const context = place.name("chimaera", "RunContext", "type");
  out.line(`/** The ${blockName(name)} method. */`);
  const parameters = [`_task: ${task}`, `_rctx: ${context}`];
  out.list(`${handlerName(name)}(`, parameters, "): void {}");
  const watching = [`mode: ${mode}`, `_task: ${task}`, `rctx: ${context}`];
  out.list(`monitor${blockName(name)}(`, watching, "): void {");
  out.nested(() =>
    out.block(`if (mode === ${mode}.kReplicaAgg) {`, () => {
      out.line("// The tasks of a replicated one: make one result of theirs.");
      out.line("const _replicas = rctx.replicas;");
    }, "}")
  );
  out.line("}");
}

function printUpgrade(out: Printer, place: BlockPlace): void {
  const saved = place.name("chimaera", "SavedState", "type");
  const context = place.name("chimaera", "RunContext", "type");
  const module = place.name("chimaera", "Module", "type");
  out.line(
    "/**",
    " * Takes over what the version before this one saved. Its `saveState` returned `saved`:",
    " * `{ v, state, pointers }`, the number of the form, a plain value, and blocks of memory.",
    " */",
  );
  const parameters = [`saved: ${saved}`, `rctx: ${context}`];
  out.list("async upgrade(", parameters, "): Promise<void> {");
  out.nested(() => {
    out.line(
      "// Without a saveState in that version, and a restoreState, nothing is carried over.",
    );
    out.line(`await (this as ${module}).restoreState?.(saved, rctx);`);
  });
  out.line("}");
}

function taskType(name: string, place: BlockPlace, use: "type" | "value"): string {
  return place.name(`./${moduleFiles(place.module).tasks}`, `${blockName(name)}Task`, use);
}
