/**
 * Node's built-in modules, loaded at once and by those who need one.
 *
 * `import process from "node:process"` costs every isolate that has it in its graph 22 ms of its
 * start (docs/decisions.md), which is as much as an empty isolate takes. The global of the same name
 * is made by the runtime when it is first looked at.
 *
 * Thread rules: any thread.
 */

type Process = Pick<typeof import("node:process"), "getBuiltinModule">;

/**
 * A module of Node's, without waiting for it.
 *
 * @param name `node:fs`, with the prefix.
 */
export const nodeBuiltin: Process["getBuiltinModule"] = (name: string) =>
  (globalThis as unknown as { process: Process }).process.getBuiltinModule(name);
