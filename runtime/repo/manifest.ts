/**
 * A module repo and its modules, as their manifests say:
 *
 *   my_mods/chimaera_repo.yaml              namespace: example      layout: 1
 *   my_mods/compressor/chimaera_mod.yaml    name: compressor        version: 0.1.0
 *
 * A folder is a module when it has a `chimaera_mod.yaml`. One that declares methods and has none is a
 * mistake; other folders are the author's own.
 *
 * Thread rules: plain functions.
 */

import { ChimaeraError } from "../errors.ts";
import { kindOf, listFolder, readText } from "../platform/mod.ts";
import { checkName, moduleFiles, nameProblem, TEMPLATE_FOLDERS } from "./names.ts";
import { readYamlEntries, type YamlEntry } from "./yaml_file.ts";

/** The file that makes a folder a module repo. */
export const REPO_FILE = "chimaera_repo.yaml";

/** Version of the repo's layout that this program reads and writes. */
export const REPO_LAYOUT = 1;

/** A module's folder, as its manifest describes it. */
export interface RepoModule {
  readonly name: string;
  /** Absolute, without a slash at its end. */
  readonly folder: string;
  /** Its author's own, for people. */
  readonly version: string;
}

/** A repo's folder, as its manifest describes it. */
export interface ModuleRepo {
  /** Absolute, without a slash at its end. */
  readonly folder: string;
  readonly namespace: string;
  /** By name. */
  readonly modules: readonly RepoModule[];
}

/** Whether a folder is a module repo. */
export function isRepo(folder: string): boolean {
  return readText(`${folder}/${REPO_FILE}`) !== null;
}

/** The repo that a folder is, or is in; null when there is none up to the root. */
export function enclosingRepo(folder: string): string | null {
  for (let at = folder; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
    if (isRepo(at)) return at;
  }
  return null;
}

/** A repo, and what is wrong with those of its folders that are not among its modules. */
export interface RepoSurvey {
  readonly repo: ModuleRepo;
  readonly problems: readonly ChimaeraError[];
}

/**
 * Reads the manifests of a repo. Throws CHI-1301 when the folder is none, CHI-1302 with the place of
 * what is wrong in a manifest.
 *
 * @param folder Absolute, without a slash at its end.
 */
export function readRepo(folder: string): ModuleRepo {
  const { repo, problems } = surveyRepo(folder);
  if (problems.length > 0) throw problems[0]!;
  return repo;
}

/**
 * As {@linkcode readRepo}; tells of all modules that are not well, and throws for none of them.
 *
 * @param namespace Of a folder that is to be a repo, and has no manifest yet.
 */
export function surveyRepo(folder: string, namespace = readRepoManifest(folder)): RepoSurvey {
  const modules: RepoModule[] = [];
  const problems: ChimaeraError[] = [];
  for (const name of listFolder(folder)) {
    if (TEMPLATE_FOLDERS.includes(name) || name.startsWith(".")) continue;
    try {
      const module = readModule(`${folder}/${name}`);
      if (module !== null) modules.push(module);
    } catch (thrown) {
      if (!(thrown instanceof ChimaeraError)) throw thrown;
      problems.push(thrown);
    }
  }
  return { repo: { folder, namespace, modules }, problems };
}

function readRepoManifest(folder: string): string {
  const file = `${folder}/${REPO_FILE}`;
  const text = readText(file);
  if (text === null) {
    const why = kindOf(folder) === null ? "no such folder" : `it has no ${REPO_FILE}`;
    throw new ChimaeraError("repoNotFound", { what: folder, why });
  }
  const entries = readYamlEntries(text, file, "badManifest");
  const namespace = namespaceOf(entries, file);
  checkName("namespace", namespace);
  const layout = entries.find(({ key }) => key === "layout");
  if (layout !== undefined && layout.value !== REPO_LAYOUT) {
    throw new ChimaeraError("badManifest", {
      what: `${file}:${layout.valueAt}`,
      why: `layout ${layout.source} is not one that this program knows (${REPO_LAYOUT})`,
      hint: "run `chimaera repo reformat` on the repo, or use the program it was made with",
    });
  }
  return namespace;
}

/**
 * The module in a folder; null when it is none. Throws CHI-1302, for a folder too that declares
 * methods and has no manifest.
 */
export function readModule(folder: string): RepoModule | null {
  const file = `${folder}/${moduleFiles("").manifest}`;
  const text = readText(file);
  const name = folder.slice(folder.lastIndexOf("/") + 1);
  if (text === null) {
    const { methodsYaml } = moduleFiles(name);
    if (TEMPLATE_FOLDERS.includes(name) || kindOf(`${folder}/${methodsYaml}`) !== "file") {
      return null;
    }
    throw noModuleManifest(folder);
  }
  const entries = readYamlEntries(text, file, "badManifest");
  const declared = entries.find(({ key }) => key === "name");
  if (declared !== undefined && declared.value !== name) {
    throw new ChimaeraError("badManifest", {
      what: `${file}:${declared.valueAt}`,
      why: `it names the module \`${declared.source}\`, and its folder is \`${name}\``,
    });
  }
  const problem = nameProblem(name);
  if (problem !== null) {
    throw new ChimaeraError("badName", { what: `module ${folder}`, why: problem });
  }
  const permissions = entries.find(({ key }) => key === "permissions");
  if (permissions !== undefined) {
    throw new ChimaeraError("badManifest", {
      what: `${file}:${permissions.keyAt}`,
      why: "permissions of single modules are not enforced yet, and so not promised",
      hint: "take the line out: every module has the permissions of the node",
    });
  }
  const version = entries.find(({ key }) => key === "version");
  return { name, folder, version: version?.source ?? "" };
}

function namespaceOf(entries: readonly YamlEntry[], file: string): string {
  const entry = entries.find(({ key }) => key === "namespace");
  if (entry === undefined) throw noNamespace(file);
  if (typeof entry.value === "string") return entry.value;
  throw new ChimaeraError("badManifest", {
    what: `${file}:${entry.valueAt}`,
    why: "`namespace` is no name",
    hint: "write a name in snake_case, as in `namespace: my_mods`",
  });
}

/** CHI-1302 for a folder that declares methods and does not say that it is a module. */
export function noModuleManifest(folder: string): ChimaeraError {
  const name = folder.slice(folder.lastIndexOf("/") + 1);
  const { manifest, methodsYaml } = moduleFiles(name);
  return new ChimaeraError("badManifest", {
    what: `${folder}/${manifest}`,
    why: `it is missing, and ${methodsYaml} beside it declares a module's methods`,
    hint: `make it, with the two lines \`name: ${name}\` and \`version: 0.1.0\``,
  });
}

/** CHI-1302 for a repo's manifest without its namespace. */
export function noNamespace(file: string): ChimaeraError {
  return new ChimaeraError("badManifest", {
    what: file,
    why: "it has no `namespace:` line",
    hint: "add one, with a name of yours in snake_case: `namespace: my_mods`",
  });
}
