/**
 * Importing a module's code into a worker, and checking that it is what it says.
 *
 * Thread rules: runs in workers; user code never runs in the isolate that assembles the node.
 */

import { ChimaeraError } from "../errors.ts";
import { readText } from "../platform/mod.ts";
import { authorPlace, inSources, nameCopy, placeIn } from "../source_paths.ts";
import {
  handlerOf,
  type LibExec,
  type LoadedModule,
  Module,
  type ModuleSpec,
} from "../lane/mod.ts";

const loaded = new Map<string, Promise<LoadedModule>>();
/** Library names by the folder of their code. */
const folders = new Map<string, string>();

/** The module's code; imported once per isolate and version. Throws CHI-4005. */
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
  if (spec.source !== undefined) nameCopy(spec.source.copyUrl, spec.source.folder);
  let runtime: { Server?: unknown };
  let exec: { libExec?: LibExec };
  try {
    [runtime, exec] = await Promise.all([import(spec.runtimeUrl), import(spec.libExecUrl)]);
  } catch (cause) {
    throw new ChimaeraError("moduleLoad", {
      what,
      why: cause instanceof Error ? whyOf(cause) : String(cause),
      cause,
    });
  }
  const { Server } = runtime;
  if (typeof Server !== "function" || !(Server.prototype instanceof Module)) {
    throw new ChimaeraError("moduleLoad", {
      what,
      why: `${inSources(spec.runtimeUrl)} does not export a class Server that extends Module`,
    });
  }
  const libExec = exec.libExec;
  if (libExec === undefined || libExec.libName !== spec.libName) {
    throw new ChimaeraError("moduleLoad", {
      what,
      why: libExec === undefined
        ? `${inSources(spec.libExecUrl)} does not export libExec`
        : `the code says it is ${libExec.libName}`,
      hint: "run `chimaera repo refresh` on the module's repo, and load it again",
    });
  }
  checkHandlers(spec, Server.prototype, libExec);
  return { libExec, make: () => new (Server as new () => Module)() };
}

/** Throws CHI-4005 for handlers and monitors that the dispatch calls and the class has not. */
function checkHandlers(spec: ModuleSpec, server: object, libExec: LibExec): void {
  const members = server as Readonly<Record<string, unknown>>;
  const missing = libExec.tasks.flatMap(([method]) => {
    const name = libExec.methodNames[method] ?? `k${method}`;
    return [handlerOf(name), `monitor${name.slice(1)}`]
      .filter((member) => typeof members[member] !== "function")
      .map((member) => `${member}() of ${name}`);
  });
  if (missing.length === 0) return;
  throw new ChimaeraError("moduleLoad", {
    what: `load module ${spec.libName}`,
    why: `${placeOfServer(spec.runtimeUrl)}: class Server has no ${missing.join(", no ")}`,
    hint: "write what is missing, or run `chimaera repo refresh` to have it begun",
  });
}

/** Where a file declares its `Server`: its name and line. */
function placeOfServer(url: string): string {
  const text = readText(decodeURIComponent(new URL(url).pathname)) ?? "";
  const line = text.split("\n").findIndex((line) => /\bclass Server\b/.test(line)) + 1;
  return `${inSources(url)}${line > 0 ? `:${line}` : ""}`;
}

/** Why an import failed, in one line, with the place in the author's files. */
function whyOf(cause: Error): string {
  const message = inSources(cause.message);
  const first = message.split("\n")[0]!;
  // The system says where at the end; what a module throws at its top level, only in its stack.
  const place = placeIn(message) ?? authorPlace(cause.stack ?? "") ?? placeIn(cause.stack ?? "");
  return place === null || first.includes(place) ? first : `${first} (${place})`;
}
