/**
 * Prints `<module>_lib_exec.ts`: a module's task types, and the way from a method's number to its
 * handler. The dispatch is a `switch`: it is on the way of every task.
 *
 * Thread rules: none; pure functions.
 */

import { blockName, handlerName, moduleFiles } from "../runtime/repo/mod.ts";
import { hasTask, isUpgrade, type Method } from "./method_model.ts";
import { generatedHeader } from "./print_methods.ts";
import { Printer } from "./printer.ts";

const RESULT = "void | Promise<void>";

/** The text of `<module>_lib_exec.ts`. */
export function printLibExec(module: string, methods: readonly Method[]): string {
  const out = new Printer();
  const called = methods.filter(hasTask);
  const upgrades = methods.some(isUpgrade);
  const files = moduleFiles(module);
  const saved = upgrades ? ["SavedState"] : [];
  const types = ["LibExec", "Module", "MonitorMode", "RunContext", ...saved, "Task"];
  out.line(generatedHeader(module), "");
  out.list("import type { ", types, ' } from "chimaera";');
  out.line(`import { Method } from "./${files.methods}";`);
  out.line(`import type { Server } from "./${files.runtime}";`);
  out.line(`import * as tasks from "./${files.tasks}";`, "");
  out.block("export const libExec: LibExec = {", () => {
    out.line("libName: tasks.libName,", "create: tasks.CreateTask,");
    printTasks(out, called);
    printNames(out, methods);
    out.line("");
    printRun(out, called);
    out.line("");
    printMonitor(out, methods);
    if (upgrades) printUpgrade(out);
  }, "};");
  return `${out}`;
}

function printTasks(out: Printer, called: readonly Method[]): void {
  if (called.length === 0) return out.line("tasks: [],");
  out.block("tasks: [", () => {
    for (const { name } of called) {
      out.list("[", [`Method.${name}`, `tasks.${blockName(name)}Task`], "],");
    }
  }, "],");
}

function printNames(out: Printer, methods: readonly Method[]): void {
  out.block("methodNames: {", () => {
    for (const { name } of methods) out.pair(`[Method.${name}]:`, `"${name}",`);
  }, "},");
}

function printRun(out: Printer, called: readonly Method[]): void {
  if (called.length === 0) {
    const unused = ["_module: Module", "_method: number", "_task: Task", "_rctx: RunContext"];
    return out.list("run(", unused, `): ${RESULT} {},`);
  }
  const parameters = ["module: Module", "method: number", "task: Task", "rctx: RunContext"];
  out.block(`run(${parameters.join(", ")}): ${RESULT} {`, () => {
    printSwitch(out, called, (name) => {
      const task = `task as tasks.${blockName(name)}Task`;
      out.list(`return server.${handlerName(name)}(`, [task, "rctx"], ");");
    });
  }, "},");
}

function printMonitor(out: Printer, methods: readonly Method[]): void {
  const watched = methods.filter((method) => method.name === "kCreate" || hasTask(method));
  const parameters = [
    "module: Module",
    "mode: MonitorMode",
    "method: number",
    "task: Task",
    "rctx: RunContext",
  ];
  // They would fit a line; one below the other they are easier to tell from those of `run`.
  out.block("monitor(", () => out.line(...parameters.map((one) => `${one},`)), "): void {");
  out.nested(() =>
    printSwitch(out, watched, (name) => {
      const block = blockName(name);
      const task = `task as tasks.${block}Task`;
      out.list(`return server.monitor${block}(`, ["mode", task, "rctx"], ");");
    })
  );
  out.line("},");
}

function printSwitch(
  out: Printer,
  methods: readonly Method[],
  printCase: (name: string) => void,
): void {
  out.line("const server = module as Server;");
  out.block("switch (method) {", () => {
    for (const { name } of methods) {
      out.line(`case Method.${name}:`);
      out.nested(() => printCase(name));
    }
  }, "}");
}

function printUpgrade(out: Printer): void {
  out.line("");
  out.block(`upgrade(module: Module, saved: SavedState, rctx: RunContext): ${RESULT} {`, () => {
    out.line("return (module as Server).upgrade(saved, rctx);");
  }, "},");
}
