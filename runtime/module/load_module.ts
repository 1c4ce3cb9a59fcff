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

const CREATE = "kCreate";
const UPGRADE = "kUpgrade";

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

/** The two files by which a module is entered. */
interface ModuleEntry {
  readonly runtime: { readonly Server?: unknown };
  readonly exec: { readonly libExec?: LibExec };
}

/** One import for both where there is a file for that: each has a price of its own. */
async function importEntry({ source, runtimeUrl, libExecUrl }: ModuleSpec): Promise<ModuleEntry> {
  if (source !== undefined) return await import(source.entryUrl);
  const [runtime, exec] = await Promise.all([import(runtimeUrl), import(libExecUrl)]);
  return { runtime, exec };
}

async function importModule(spec: ModuleSpec): Promise<LoadedModule> {
  const what = `load module ${spec.libName}`;
  if (spec.source !== undefined) nameCopy(spec.source.copyUrl, spec.source.folder);
  let entry: ModuleEntry;
  try {
    entry = await importEntry(spec);
  } catch (cause) {
    throw new ChimaeraError("moduleLoad", {
      what,
      why: cause instanceof Error ? whyOf(cause, spec.source?.entryUrl) : String(cause),
      cause,
    });
  }
  const { Server } = entry.runtime;
  if (typeof Server !== "function" || !(Server.prototype instanceof Module)) {
    throw new ChimaeraError("moduleLoad", {
      what,
      why: `${
        placeOfServer(spec.runtimeUrl)
      }: it does not export a class Server that extends Module`,
    });
  }
  const { libExec } = entry.exec;
  if (libExec === undefined || libExec.libName !== spec.libName) {
    throw new ChimaeraError("moduleLoad", {
      what,
      why: libExec === undefined
        ? `${inSources(spec.libExecUrl)}:1: it does not export libExec`
        : `${placeOfName(spec.libExecUrl)}: the code says it is ${libExec.libName}`,
      hint: "run `chimaera repo refresh` on the module's repo, and load it again",
    });
  }
  checkHandlers(spec, Server.prototype, libExec);
  return { libExec, make: () => new (Server as new () => Module)() };
}

/** Throws CHI-4005 for what the dispatch calls and the class has not. */
function checkHandlers(spec: ModuleSpec, server: object, libExec: LibExec): void {
  const members = server as Readonly<Record<string, unknown>>;
  const missing = calledBy(libExec)
    .filter(([member]) => typeof members[member] !== "function")
    .map(([member, method]) => `${member}() of ${method}`);
  if (missing.length === 0) return;
  throw new ChimaeraError("moduleLoad", {
    what: `load module ${spec.libName}`,
    why: `${placeOfServer(spec.runtimeUrl)}: class Server has no ${missing.join(", no ")}`,
    hint: "write what is missing, or run `chimaera repo refresh` to have it begun",
  });
}

/** Members of a `Server` that the dispatch calls and its base has not, with their methods. */
function calledBy({ tasks, methodNames, upgrade }: LibExec): [member: string, method: string][] {
  const monitorOf = (name: string) => `monitor${name.slice(1)}`;
  const found = tasks.flatMap(([method]): [string, string][] => {
    const name = methodNames[method] ?? `k${method}`;
    return [[handlerOf(name), name], [monitorOf(name), name]];
  });
  // Both are dispatched, and have no task type of their own.
  if (Object.values(methodNames).includes(CREATE)) found.unshift([monitorOf(CREATE), CREATE]);
  if (upgrade !== undefined) found.push([handlerOf(UPGRADE), UPGRADE]);
  return found;
}

/** Where a file declares its `Server`, else its first line. */
function placeOfServer(url: string): string {
  return `${inSources(url)}:${lineOf(url, /\bclass Server\b/) ?? 1}`;
}

/** Where a module's library name is declared: in its tasks, or beside the dispatch itself. */
function placeOfName(libExecUrl: string): string {
  const tasksUrl = libExecUrl.replace(/_lib_exec\.ts$/, "_tasks.ts");
  const line = lineOf(tasksUrl, /\blibName\s*[=:]/);
  if (line !== null) return `${inSources(tasksUrl)}:${line}`;
  return `${inSources(libExecUrl)}:${lineOf(libExecUrl, /\blibName\b/) ?? 1}`;
}

/** The first line of a file that has such text; null when none has. */
function lineOf(url: string, text: RegExp): number | null {
  const lines = (readText(decodeURIComponent(new URL(url).pathname)) ?? "").split("\n");
  const at = lines.findIndex((line) => text.test(line));
  return at < 0 ? null : at + 1;
}

/** A message without the place in a file that is ours and not the author's. */
function withoutEntry(message: string, entryUrl: string | undefined): string {
  if (entryUrl === undefined) return message;
  return message.split("\n").filter((line) => !line.includes(`at ${entryUrl}:`)).join("\n");
}

/** Why an import failed, in one line, with the place in the author's files. */
function whyOf(cause: Error, entryUrl?: string): string {
  const message = inSources(withoutEntry(cause.message, entryUrl));
  const first = message.split("\n")[0]!;
  // The system says where at the end; what a module throws at its top level, only in its stack.
  const stack = withoutEntry(cause.stack ?? "", entryUrl);
  const place = placeIn(message) ?? authorPlace(stack) ?? placeIn(stack);
  return place === null || first.includes(place) ? first : `${first} (${place})`;
}
