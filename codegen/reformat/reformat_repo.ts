/**
 * `repo reformat`: makes a C++ Chimaera repo, or a repo of an older layout of ours, one of this
 * program's layout. Of a C++ repo the namespace, the modules' names and their declared methods stay,
 * and the TypeScript module is written beside the C++ one, with every declared method.
 *
 * A plan is made first and written only when nothing is in its way. No file is removed, and none
 * that is there is changed but `chimaera_repo.yaml` (its `layout:` line) and names in `deno.json`.
 *
 * Thread rules: plain functions.
 */

import { ChimaeraError } from "../../runtime/errors.ts";
import { kindOf, listFolder, readText } from "../../runtime/platform/mod.ts";
import {
  checkName,
  moduleFiles,
  nameProblem,
  noModuleManifest,
  noNamespace,
  readYamlEntries,
  REPO_FILE,
  REPO_LAYOUT,
  TEMPLATE_FOLDERS,
} from "../../runtime/repo/mod.ts";
import { CONFIG_FILES, CORE_NAMESPACE } from "../deno_config.ts";
import { Drafts, type FileChange, writeChanges } from "../drafts.ts";
import { readJsonObject } from "../json_text.ts";
import { readMethods } from "../method_model.ts";
import { ROLES } from "../print_blocks.ts";
import { printLibExec } from "../print_lib_exec.ts";
import { printMethods } from "../print_methods.ts";
import { planModule } from "../refresh_module.ts";
import { planRefresh, writeRefresh, writtenBy } from "../refresh_repo.ts";
import { freshFile, freshModule } from "../template.ts";
import { type CppFile, type CppModule, cppModules, strayCppFiles } from "./cpp_module.ts";
import { withFieldHints } from "./field_hints.ts";

/** What reformat would do, and what keeps it from doing so. */
export interface ReformatPlan {
  /** Absolute. */
  readonly folder: string;
  readonly namespace: string;
  /** Modules that get their TypeScript. */
  readonly modules: readonly string[];
  /** Modules that have it. */
  readonly ready: readonly string[];
  /** Files relative to the repo's folder. */
  readonly changes: readonly FileChange[];
  /** C++ files that a person has to carry over, as long as they are there. */
  readonly forPeople: readonly CppFile[];
  /** While there are any, nothing is written. */
  readonly problems: readonly ChimaeraError[];
}

/**
 * Plans the reformatting of a repo. Throws CHI-1308 for a folder that is no repo of a known kind,
 * CHI-1301 for one that is not there.
 *
 * @param folder Absolute, without a slash at its end.
 */
export async function planReformat(folder: string): Promise<ReformatPlan> {
  const found = cppModules(folder);
  const drafts = new Drafts(folder);
  const problems: ChimaeraError[] = [];
  const manifest = drafts.read(REPO_FILE);
  if (manifest === null) throw notARepo(folder, found);
  const namespace = planManifest(manifest, drafts, problems);
  const modules = found.filter(({ name }) => !hasOwnMethods(folder, name));
  const names = new Set(modules.map(({ name }) => name));
  const { ready, missing } = otherModules(folder, names);
  problems.push(...missing);
  for (const module of modules) {
    await planCppModule(module, namespace, drafts, problems);
  }
  if (problems.length === 0) await checkRest(folder, namespace, ready, problems);
  return {
    folder,
    namespace,
    modules: [...names],
    ready,
    changes: drafts.changes,
    forPeople: [...found.flatMap(({ files }) => files), ...strayCppFiles(folder, found)],
    problems,
  };
}

/**
 * Writes what a plan changes, and refreshes the repo. Throws the first problem that it has.
 *
 * @returns The files that were written, relative to the repo's folder.
 */
export async function writeReformat(plan: ReformatPlan): Promise<string[]> {
  if (plan.problems.length > 0) throw plan.problems[0]!;
  writeChanges(plan.folder, plan.changes);
  const refresh = await planRefresh(plan.folder);
  await writeRefresh(refresh);
  return [...new Set([...plan.changes, ...writtenBy(refresh)].map(({ file }) => file))].sort();
}

function notARepo(folder: string, found: readonly CppModule[]): ChimaeraError {
  if (kindOf(folder) === null) {
    return new ChimaeraError("repoNotFound", { what: folder, why: "no such folder" });
  }
  const isCpp = found.length > 0;
  return new ChimaeraError("notReformatted", {
    what: folder,
    why: isCpp
      ? `it has C++ modules, and no ${REPO_FILE} that tells their namespace`
      : `it has no ${REPO_FILE}, and no module of a known kind`,
    hint: isCpp
      ? `put a line \`namespace: my_mods\` into ${folder}/${REPO_FILE}`
      : "name the folder of a module repo; a new one is made by `chimaera repo new`",
  });
}

/** Reads the repo's manifest, and plans its `layout:` line. Returns the namespace. */
function planManifest(text: string, drafts: Drafts, problems: ChimaeraError[]): string {
  const file = `${drafts.folder}/${REPO_FILE}`;
  try {
    const entries = readYamlEntries(text, file, "badManifest");
    const named = entries.find(({ key }) => key === "namespace");
    const namespace = named?.source ?? "";
    if (named === undefined) {
      problems.push(noNamespace(file));
    } else checkNamespace(namespace);
    const layout = entries.find(({ key }) => key === "layout");
    if (layout === undefined) {
      const eol = text.includes("\r\n") ? "\r\n" : "\n";
      const gap = text === "" || text.endsWith("\n") ? "" : eol;
      drafts.replace(REPO_FILE, `${text}${gap}layout: ${REPO_LAYOUT}${eol}`);
    } else if (layout.value !== REPO_LAYOUT) {
      throw new ChimaeraError("notReformatted", {
        what: `${file}:${layout.valueAt}`,
        why:
          `layout ${layout.source} is none that this program knows: there is only ${REPO_LAYOUT}`,
        hint: "use the program that the repo was made with",
      });
    }
    return namespace;
  } catch (thrown) {
    if (!(thrown instanceof ChimaeraError)) throw thrown;
    problems.push(thrown);
    return "";
  }
}

function checkNamespace(namespace: string): void {
  checkName("namespace", namespace);
  if (namespace !== CORE_NAMESPACE) return;
  throw new ChimaeraError("badName", {
    what: `namespace \`${namespace}\``,
    why: "it is that of the core modules",
    hint: `choose another one in ${REPO_FILE}, and reformat again`,
  });
}

function hasOwnMethods(folder: string, name: string): boolean {
  return kindOf(`${folder}/${name}/${moduleFiles(name).methodsYaml}`) === "file";
}

/** The modules besides the C++ ones: those of our layout, and folders that say so and are none. */
function otherModules(folder: string, cpp: ReadonlySet<string>) {
  const ready: string[] = [];
  const missing: ChimaeraError[] = [];
  for (const name of moduleFolders(folder)) {
    if (cpp.has(name)) continue;
    const { manifest, methodsYaml } = moduleFiles(name);
    if (kindOf(`${folder}/${name}/${manifest}`) === null) {
      missing.push(noModuleManifest(`${folder}/${name}`));
      continue;
    }
    const bad = nameProblem(name);
    if (bad !== null) {
      missing.push(new ChimaeraError("badName", { what: `module ${folder}/${name}`, why: bad }));
    } else if (hasOwnMethods(folder, name)) ready.push(name);
    else {
      missing.push(
        new ChimaeraError("notReformatted", {
          what: `${folder}/${name}`,
          why: `it has a ${manifest}, and neither ${methodsYaml} nor ` +
            `include/${name}/${methodsYaml}`,
          hint: `declare its methods there, or take ${manifest} out`,
        }),
      );
    }
  }
  return { ready, missing };
}

function moduleFolders(folder: string): string[] {
  return listFolder(folder).filter((name) =>
    !TEMPLATE_FOLDERS.includes(name) && !name.startsWith(".") &&
    (kindOf(`${folder}/${name}/${moduleFiles(name).manifest}`) === "file" ||
      hasOwnMethods(folder, name))
  );
}

/** Plans the TypeScript of a C++ module. */
async function planCppModule(
  module: CppModule,
  namespace: string,
  drafts: Drafts,
  problems: ChimaeraError[],
): Promise<void> {
  const { name, methodsYaml } = module;
  const bad = nameProblem(name);
  if (bad !== null) {
    problems.push(new ChimaeraError("badName", { what: `module ${name}`, why: bad }));
    return;
  }
  const yaml = drafts.read(methodsYaml)!;
  const { methods, problems: inYaml } = readMethods(yaml, `${drafts.folder}/${methodsYaml}`);
  const names = moduleFiles(name);
  const files = new Map<string, string>();
  if (inYaml.length > 0) problems.push(...inYaml);
  else {
    for (const [file, text] of freshModule(namespace, name)) files.set(file, text);
    for (const role of ROLES) {
      files.set(names[role], await freshFile({ namespace, module: name, role, methods }));
    }
    // Its fields are a hint; what is no UTF-8 stands in its comments.
    const header = readText(`${drafts.folder}/${module.tasks}`);
    if (header !== null) {
      files.set(names.tasks, withFieldHints(files.get(names.tasks)!, header, methods));
    }
    files.set(names.methodsYaml, yaml);
    files.set(names.methods, printMethods(name, methods));
    files.set(names.libExec, printLibExec(name, methods));
  }
  for (const [file, text] of files) {
    const path = `${name}/${file}`;
    if (drafts.read(path) === null) drafts.replace(path, text);
    else if (file !== names.manifest) problems.push(isThere(`${drafts.folder}/${path}`));
  }
}

function isThere(path: string): ChimaeraError {
  return new ChimaeraError("notReformatted", {
    what: path,
    why: "there is such a file already, in a module that has no TypeScript yet",
    hint: "move it away, and reformat again",
  });
}

/** What refresh will read besides: the settings, and the modules that are ours already. */
async function checkRest(
  folder: string,
  namespace: string,
  ready: readonly string[],
  problems: ChimaeraError[],
): Promise<void> {
  const drafts = new Drafts(folder);
  const collect = async (check: () => Promise<void> | void) => {
    try {
      await check();
    } catch (thrown) {
      if (!(thrown instanceof ChimaeraError)) throw thrown;
      problems.push(thrown);
    }
  };
  await collect(() => {
    const config = CONFIG_FILES.find((name) => drafts.read(name) !== null);
    if (config !== undefined) readJsonObject(drafts.read(config)!, config);
  });
  for (const name of ready) {
    await collect(async () => {
      const plan = await planModule({ namespace, name }, drafts, false);
      problems.push(...plan.problems);
    });
  }
}
