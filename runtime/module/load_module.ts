/**
 * Importing a module's code into a worker, and checking that it is what it says.
 *
 * Thread rules: runs in workers; user code never runs in the isolate that assembles the node.
 */

import { ChimaeraError } from "../errors.ts";
import { type LibExec, type LoadedModule, Module, type ModuleSpec } from "../lane/mod.ts";

const loaded = new Map<string, Promise<LoadedModule>>();
/** Library names by the folder of their code. */
const folders = new Map<string, string>();

/** The module's code; imported once per isolate. Throws CHI-4005. */
export function loadModule(spec: ModuleSpec): Promise<LoadedModule> {
  let module = loaded.get(spec.runtimeUrl);
  if (module === undefined) {
    module = importModule(spec);
    loaded.set(spec.runtimeUrl, module);
    folders.set(new URL(".", spec.runtimeUrl).href, spec.libName);
    module.catch(() => loaded.delete(spec.runtimeUrl));
  }
  return module;
}

/** The module whose file comes first in a stack. */
export function moduleInStack(stack: string): string | null {
  let name: string | null = null;
  let first = Infinity;
  for (const [folder, libName] of folders) {
    const at = stack.indexOf(folder);
    if (at < 0 || at >= first) continue;
    first = at;
    name = libName;
  }
  return name;
}

async function importModule(spec: ModuleSpec): Promise<LoadedModule> {
  const what = `load module ${spec.libName}`;
  let runtime: { Server?: unknown };
  let exec: { libExec?: LibExec };
  try {
    [runtime, exec] = await Promise.all([import(spec.runtimeUrl), import(spec.libExecUrl)]);
  } catch (cause) {
    throw new ChimaeraError("moduleLoad", {
      what,
      why: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
  const { Server } = runtime;
  if (typeof Server !== "function" || !(Server.prototype instanceof Module)) {
    throw new ChimaeraError("moduleLoad", {
      what,
      why: `${spec.runtimeUrl} does not export a class Server that extends Module`,
    });
  }
  const libExec = exec.libExec;
  if (libExec === undefined || libExec.libName !== spec.libName) {
    throw new ChimaeraError("moduleLoad", {
      what,
      why: libExec === undefined
        ? `${spec.libExecUrl} does not export libExec`
        : `the code says it is ${libExec.libName}`,
    });
  }
  return { libExec, make: () => new (Server as new () => Module)() };
}
