/**
 * A Deno project that calls the modules of a repo from outside: its `deno.json` names the clients
 * and tasks of the repo's modules where they are, and the SDK that these import.
 *
 *   "chimaera": "../my_mods/.chimaera/sdk/mod.js"
 *   "example/compressor_client": "../my_mods/compressor/compressor_client.ts"
 *
 * Deno resolves what a repo's files import by the `deno.json` nearest to them. The project's names
 * lead to the same files, so that there is one SDK in the program. Where a repo's files have no such
 * names, those of the project hold for them, and the SDK stands in `.chimaera/` in the project.
 *
 * Thread rules: plain functions; files are written last, after everything was read and judged.
 */

import { ChimaeraError } from "../../runtime/errors.ts";
import { kindOf, realPath, removeAll, writeText } from "../../runtime/platform/mod.ts";
import { moduleFiles, type ModuleRepo, namedModule, readRepo } from "../../runtime/repo/mod.ts";
import { CONFIG_FILES, refuseImportMap } from "../deno_config.ts";
import { readJsonObject } from "../json_text.ts";
import { KIT_FOLDER, kitImports, writeKit } from "../kit/mod.ts";
import {
  CORE,
  fileOf,
  type FolderSdk,
  isCoreName,
  kitFolderOf,
  sdkOf,
  valueOf,
} from "./import_places.ts";
import { editMap, EMPTY_JSON, type JsonFile, readJsonFile, readMap } from "./json_file.ts";

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
  /**
   * The folder with the SDK in its `.chimaera/`, the repo's or the project's; null when `chimaera`
   * leads elsewhere, and after a removal.
   */
  readonly sdk: string | null;
  /** `own`: the project's `chimaera` leads elsewhere, and was left so. */
  readonly kit: "written" | "current" | "own";
}

/** A project as it was found. */
interface Project {
  readonly app: string;
  readonly repo: ModuleRepo;
  readonly config: JsonFile;
  /** The names of its configuration, and the values as they are written. */
  readonly present: Readonly<Record<string, string>>;
  /** The same with the files that they lead to. */
  readonly files: Readonly<Record<string, string>>;
  /** The SDK that the repo's files have without the project. */
  readonly sdk: FolderSdk | null;
}

function projectOf(request: LinkRequest): Project {
  const { app, repo } = placesOf(request);
  const config = denoConfig(app);
  const present = readMap(config, "imports");
  const files = Object.fromEntries(
    Object.entries(present).map(([name, value]) => [name, fileOf(app, value)]),
  );
  const sdk = repo.namespace === CORE ? null : sdkOf(repo.folder);
  return { app, repo, config, present, files, sdk: sdk?.config === config.path ? null : sdk };
}

/**
 * Links a Deno project to a repo, or brings the link up to date. Throws CHI-1101 without a project's
 * folder, CHI-1301 without a repo, CHI-1302 for a configuration that cannot be read, CHI-4022 when
 * a name of the repo leads to another one's module already, or the program would have two SDKs.
 */
export async function linkApp(request: LinkRequest): Promise<LinkReport> {
  const project = projectOf(request);
  const { app, repo, config, present, files, sdk } = project;
  const kit = Object.fromEntries(
    Object.entries(kitImports()).map(([name, value]) => [name, fileOf(app, value)]),
  );
  const own = files[CORE];
  const isOwnKit = sdk === null && own !== undefined && own !== kit[CORE] &&
    kindOf(own) === "file";
  const names = moduleNames(repo);
  checkFree(config.path, names, files);
  checkOneSdk(project);
  const core = isOwnKit ? {} : sdk === null ? kit : namesOf(sdk);
  const wanted = Object.fromEntries(
    Object.entries({ ...core, ...names }).map(([name, file]) => [name, valueOf(app, file)]),
  );
  const removed = Object.keys(present).filter((name) => {
    if (name in wanted) return false;
    const file = files[name]!;
    if (isCoreName(name)) return !isOwnKit && kitFolderOf(file) !== null;
    if (namedModule(name) === null) return false;
    const isLost = name.startsWith(`${repo.namespace}/`) && kindOf(file) === null;
    return isLost || file.startsWith(`${repo.folder}/`);
  });
  const text = editMap(config, "imports", { set: wanted, drop: removed });
  const home = CORE in core ? kitFolderOf(core[CORE]!) : null;
  const wroteKit = home !== null && await writeKit(home);
  const changed = text !== config.text || kindOf(config.path) === null;
  if (changed) writeText(config.path, text);
  if (sdk !== null && home !== app) removeKit(app);
  return {
    app,
    repo: repo.folder,
    namespace: repo.namespace,
    config: config.path,
    changed,
    names: Object.keys(names),
    removed,
    sdk: home,
    kit: isOwnKit ? "own" : wroteKit ? "written" : "current",
  };
}

/** Takes the names of a repo out of a project, and the SDK when no other repo's modules need it. */
export function unlinkApp(request: LinkRequest): LinkReport {
  const project = projectOf(request);
  const { app, repo, config, present, files, sdk } = project;
  const isOwnProject = sdkOf(repo.folder)?.config === config.path;
  const core = sdk === null ? {} : namesOf(sdk);
  const keepsSdk = isOwnProject || otherModules(project).length > 0;
  const removed = Object.keys(present).filter((name) => {
    const file = files[name]!;
    if (!isCoreName(name)) return namedModule(name) !== null && file.startsWith(`${repo.folder}/`);
    if (keepsSdk) return false;
    const home = kitFolderOf(file);
    return home === app || home === repo.folder || file === core[name];
  });
  const changed = removed.length > 0;
  if (changed) writeText(config.path, editMap(config, "imports", { set: {}, drop: removed }));
  if (!keepsSdk) removeKit(app);
  return {
    app,
    repo: repo.folder,
    namespace: repo.namespace,
    config: config.path,
    changed,
    names: [],
    removed,
    sdk: null,
    kit: "current",
  };
}

/** All names of a repo's SDK: a kit that is made current may have more than its configuration. */
function namesOf({ files }: FolderSdk): Readonly<Record<string, string>> {
  const home = kitFolderOf(files[CORE]!);
  if (home === null) return files;
  const kit = Object.entries(kitImports()).map(([name, value]) => [name, fileOf(home, value)]);
  return { ...Object.fromEntries(kit), ...files };
}

/** Files of the modules of other repos that a project names. */
function otherModules({ repo, files }: Project): string[] {
  return Object.entries(files).filter(([name, file]) =>
    !isCoreName(name) && namedModule(name) !== null && kindOf(file) === "file" &&
    !file.startsWith(`${repo.folder}/`)
  ).map(([, file]) => file);
}

/** Throws CHI-4022 when the repo's files import another SDK than the project or its other repos. */
function checkOneSdk(project: Project): void {
  const { repo, config, files, sdk } = project;
  if (sdk === null) return;
  const wanted = sdk.files[CORE]!;
  const differs = (file: string | undefined) => file !== undefined && file !== wanted;
  for (const module of otherModules(project)) {
    const other = sdkOf(module.slice(0, module.lastIndexOf("/")));
    // Without names of its own it goes along with the project.
    if (other === null || other.config === config.path || !differs(other.files[CORE])) continue;
    throw new ChimaeraError("moduleConflict", {
      what: `link ${repo.folder}`,
      why: `${config.path} has modules of another repo, which import another SDK: its ` +
        `\`chimaera\` is ${other.files[CORE]}, by ${other.config}`,
      hint:
        `a program has one SDK: let the \`chimaera\` names in ${sdk.config} lead to the files ` +
        "that the other repo's lead to, and link again",
    });
  }
  const own = files[CORE];
  if (!differs(own) || kitFolderOf(own!) !== null || kindOf(own!) !== "file") return;
  throw new ChimaeraError("moduleConflict", {
    what: `link ${repo.folder}`,
    why: `in ${config.path} \`chimaera\` leads to ${own}, and the repo's files import ${wanted}`,
    hint: "a program has one SDK: take the `chimaera` names out of the project, and link again",
  });
}

/** Removes the kit that a project was given and has no use for any more. */
function removeKit(app: string): void {
  if (kindOf(`${app}/chimaera_repo.yaml`) !== null) return; // It is a repo's own.
  if (kindOf(`${app}/${KIT_FOLDER}/id`) === "file") removeAll(`${app}/${KIT_FOLDER}`);
}

/** The project's folder and its repo, read. Throws CHI-1101, CHI-1301. */
export function placesOf(request: LinkRequest): { app: string; repo: ModuleRepo } {
  const app = realPath(request.app);
  if (app === null || kindOf(app) !== "folder") {
    throw new ChimaeraError("fileNotFound", {
      what: `link ${request.app}`,
      why: app === null
        ? "there is no such folder; it must be made first"
        : "it is a file, not a project's folder",
      hint: app === null
        ? `run \`mkdir -p ${request.app}\`, and link again`
        : "name the folder of the program's project",
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
  for (const name of CONFIG_FILES) {
    const path = realPath(`${app}/${name}`);
    if (path === null) continue;
    const file = readJsonFile(path, EMPTY_JSON);
    refuseImportMap(readJsonObject(file.text, path), file.text, path);
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
  files: Readonly<Record<string, string>>,
): void {
  for (const [name, file] of Object.entries(names)) {
    const found = files[name] ?? file;
    // A place where nothing is was the repo's before it moved.
    if (found === file || kindOf(found) === null) continue;
    throw new ChimaeraError("moduleConflict", {
      what: `link ${name}`,
      why: `in ${config} it leads to ${found} already`,
      hint: "unlink the other repo, or give one of them another namespace and refresh it",
    });
  }
}
