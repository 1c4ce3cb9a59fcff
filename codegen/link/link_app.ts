/**
 * A Deno project that calls the modules of a repo from outside: its `deno.json` names the SDK, which
 * stands in `.chimaera/` beside it, and the clients and tasks of the repo's modules where they are.
 *
 *   "chimaera": "./.chimaera/sdk/mod.js"
 *   "example/compressor_client": "../my_mods/compressor/compressor_client.ts"
 *
 * The modules' files import `chimaera` too, and the project's names hold for them: there is one SDK.
 *
 * Thread rules: plain functions; files are written last, after everything was read and judged.
 */

import { ChimaeraError } from "../../runtime/errors.ts";
import { kindOf, readText, realPath, writeText } from "../../runtime/platform/mod.ts";
import { moduleFiles, type ModuleRepo, namedModule, readRepo } from "../../runtime/repo/mod.ts";
import { kitImports, writeKit } from "../kit/mod.ts";
import { editMap, EMPTY_JSON, type JsonFile, readMap, refuseKey } from "./json_file.ts";

/** The namespace of the modules that every program has. */
const CORE = "chimaera";

/** What to link. */
export interface LinkRequest {
  /** The project's folder. */
  readonly app: string;
  /** The repo's folder. */
  readonly repo: string;
}

/** What was done to a project. */
export interface LinkReport {
  /** The project's folder, absolute and without links. */
  readonly app: string;
  readonly repo: string;
  readonly namespace: string;
  /** The project's configuration. */
  readonly config: string;
  /** Whether the configuration was another one before. */
  readonly changed: boolean;
  /** Names that the project can import from the repo. */
  readonly names: readonly string[];
  /** Names of the repo that the configuration had and has no more. */
  readonly removed: readonly string[];
  /** `own`: the project's `chimaera` leads elsewhere, and was left so. */
  readonly kit: "written" | "current" | "own";
}

/**
 * Links a Deno project to a repo, or brings the link up to date. Throws CHI-1101 without a project's
 * folder, CHI-1301 without a repo, CHI-1302 for a configuration that cannot be read, CHI-4022 when
 * a name of the repo leads to another one's module already.
 */
export async function linkApp(request: LinkRequest): Promise<LinkReport> {
  const { app, repo } = placesOf(request);
  const config = denoConfig(app);
  const present = readMap(config, "imports");
  const leadsTo = (value: string) => fileOf(app, value);
  const kit = kitImports();
  const isOwnKit = CORE in present && present[CORE] !== kit[CORE] &&
    kindOf(leadsTo(present[CORE]!)) === "file";
  const names = moduleNames(repo);
  const wanted = Object.fromEntries(
    Object.entries(names).map(([name, file]) => [name, relativeUrl(app, file)]),
  );
  checkFree(config.path, names, present, leadsTo);
  const removed = Object.keys(present).filter((name) => {
    if (name in wanted) return false;
    const value = present[name]!;
    if (value.startsWith("./.chimaera/")) return !isOwnKit && isCoreName(name) && !(name in kit);
    if (namedModule(name) === null) return false;
    const isLost = name.startsWith(`${repo.namespace}/`) && kindOf(leadsTo(value)) === null;
    return isLost || leadsTo(value).startsWith(`${repo.folder}/`);
  });
  const text = editMap(config, "imports", {
    set: { ...isOwnKit ? {} : kit, ...wanted },
    drop: removed,
  });
  const wroteKit = !isOwnKit && await writeKit(app);
  const changed = text !== config.text || kindOf(config.path) === null;
  if (changed) writeText(config.path, text);
  return {
    app,
    repo: repo.folder,
    namespace: repo.namespace,
    config: config.path,
    changed,
    names: Object.keys(wanted),
    removed,
    kit: isOwnKit ? "own" : wroteKit ? "written" : "current",
  };
}

/** Takes the names of a repo out of a project. The SDK stays: the project may use it without. */
export function unlinkApp(request: LinkRequest): LinkReport {
  const { app, repo } = placesOf(request);
  const config = denoConfig(app);
  const present = readMap(config, "imports");
  const removed = Object.keys(present).filter((name) =>
    namedModule(name) !== null && fileOf(app, present[name]!).startsWith(`${repo.folder}/`)
  );
  const changed = removed.length > 0;
  if (changed) writeText(config.path, editMap(config, "imports", { set: {}, drop: removed }));
  return {
    app,
    repo: repo.folder,
    namespace: repo.namespace,
    config: config.path,
    changed,
    names: [],
    removed,
    kit: "current",
  };
}

/** The project's folder and its repo, read. Throws CHI-1101, CHI-1301. */
export function placesOf(request: LinkRequest): { app: string; repo: ModuleRepo } {
  const app = realPath(request.app);
  if (app === null || kindOf(app) !== "folder") {
    throw new ChimaeraError("fileNotFound", {
      what: `link ${request.app}`,
      why: app === null ? "there is no such folder" : "it is a file, not a project's folder",
      hint: "make the project's folder first, and name it here",
    });
  }
  const repo = readRepo(realPath(request.repo) ?? request.repo);
  if (app === repo.folder) {
    throw new ChimaeraError("usage", {
      what: `link ${request.app}`,
      why: "it is the repo itself, whose files know its modules already",
      hint: "name the folder of the program that is to call the repo's modules",
    });
  }
  return { app, repo };
}

/** The project's configuration; an empty one where there is none yet. */
function denoConfig(app: string): JsonFile {
  for (const name of ["deno.json", "deno.jsonc"]) {
    const path = realPath(`${app}/${name}`);
    if (path === null) continue;
    const text = readText(path) ?? "";
    const file = { path, text: text.trim() === "" ? EMPTY_JSON : text };
    refuseKey(
      file,
      "importMap",
      "the project's names are in another file, and Deno then looks at no `imports` here",
      "move them to `imports` in this file, and link again",
    );
    return file;
  }
  return { path: `${app}/deno.json`, text: EMPTY_JSON };
}

/** The client and the tasks of each module of a repo: name, and file. */
function moduleNames(repo: ModuleRepo): Record<string, string> {
  if (repo.namespace === CORE) return {}; // The SDK's folder has them.
  const names: Record<string, string> = {};
  for (const { name, folder } of repo.modules) {
    const files = moduleFiles(name);
    for (const [role, file] of [["client", files.client], ["tasks", files.tasks]]) {
      if (kindOf(`${folder}/${file}`) !== "file") continue;
      names[`${repo.namespace}/${name}_${role}`] = `${folder}/${file}`;
    }
  }
  return names;
}

/** Throws CHI-4022 when a name of the repo is another repo's in the project. */
function checkFree(
  config: string,
  names: Readonly<Record<string, string>>,
  present: Readonly<Record<string, string>>,
  leadsTo: (value: string) => string,
): void {
  for (const [name, file] of Object.entries(names)) {
    const found = present[name] === undefined ? file : leadsTo(present[name]);
    // A place where nothing is was the repo's before it moved.
    if (found === file || kindOf(found) === null) continue;
    throw new ChimaeraError("moduleConflict", {
      what: `link ${name}`,
      why: `in ${config} it leads to ${found} already`,
      hint: "unlink the other repo, or give one of them another namespace and refresh it",
    });
  }
}

function isCoreName(name: string): boolean {
  return name === CORE || name.startsWith(`${CORE}/`);
}

/** The file that a value of an import map in `folder` leads to; the value itself for another kind. */
function fileOf(folder: string, value: string): string {
  if (!/^(\.{0,2}\/|file:)/.test(value)) return value;
  const base = new URL("file:///");
  base.pathname = `${encoded(folder)}/`;
  const path = decodeURIComponent(new URL(value, base).pathname);
  return realPath(path) ?? path;
}

/** A file as an import map in `folder` names it. Both absolute and without links. */
function relativeUrl(folder: string, file: string): string {
  const from = folder.split("/");
  const to = file.split("/");
  let same = 0;
  while (same < from.length && from[same] === to[same]) same++;
  const up = "../".repeat(from.length - same);
  return `${up === "" ? "./" : up}${encoded(to.slice(same).join("/"))}`;
}

function encoded(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
