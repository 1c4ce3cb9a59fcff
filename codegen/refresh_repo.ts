/**
 * `repo refresh`: brings a module repo in line with its YAML files.
 *
 * A plan is made first, from what is on disk, and written only when nothing in the repo is wrong: a
 * mistake in one module leaves all files as they are. What is planned twice changes nothing.
 *
 * Thread rules: plain functions; one refresh of a repo at a time.
 */

import { ChimaeraError } from "../runtime/errors.ts";
import { kindOf, readText } from "../runtime/platform/mod.ts";
import { type ModuleRepo, surveyRepo } from "../runtime/repo/mod.ts";
import type { UnusedBlock } from "./author_file.ts";
import {
  CONFIG_FILES,
  type ConfigPlan,
  CORE_NAMESPACE,
  newConfig,
  refreshConfig,
} from "./deno_config.ts";
import { Drafts, type FileChange, writeChanges } from "./drafts.ts";
import { memberOf, readJsonObject } from "./json_text.ts";
import { writeKit } from "./kit/mod.ts";
import { planModule, type TempFile } from "./refresh_module.ts";
import { renameImports } from "./rename_imports.ts";

/** What refresh would do, and what keeps it from doing so. */
export interface RefreshPlan {
  readonly repo: ModuleRepo;
  /** Files relative to the repo's folder, by name. A repo without any is up to date. */
  readonly changes: readonly FileChange[];
  /** The files of `temps` that are to be written: aids for the author, and no part of the repo. */
  readonly tempChanges: readonly FileChange[];
  /** Blocks whose methods are not on; with `prune` they are taken out. */
  readonly unused: readonly UnusedBlock[];
  readonly temps: readonly TempFile[];
  /** Files of authors' that are not there, and are among the changes. */
  readonly missing: readonly string[];
  /** While there are any, nothing is written. */
  readonly problems: readonly ChimaeraError[];
}

/** What to plan. */
export interface RefreshOptions {
  /** Whether the blocks of methods that are not on are taken out. */
  readonly prune?: boolean;
  /** Of a folder that is to be a repo, and has no manifest yet. */
  readonly namespace?: string;
}

/**
 * Plans the refresh of a repo. Throws CHI-1301 when the folder is none, CHI-1302 for its manifest.
 *
 * @param folder Absolute, without a slash at its end.
 */
export async function planRefresh(
  folder: string,
  { prune = false, namespace }: RefreshOptions = {},
): Promise<RefreshPlan> {
  const { repo, problems: inManifests } = surveyRepo(folder, namespace);
  const drafts = new Drafts(folder);
  const problems = [...inManifests];
  const unused: UnusedBlock[] = [];
  const temps: TempFile[] = [];
  const missing: string[] = [];
  const old = new Set<string>();
  for (const { name } of repo.modules) {
    await collect(problems, async () => {
      const target = { namespace: repo.namespace, name };
      const plan = await planModule(target, drafts, prune);
      problems.push(...plan.problems);
      unused.push(...plan.unused);
      temps.push(...plan.temps);
      missing.push(...plan.missing);
      if (plan.oldNamespace !== null) old.add(plan.oldNamespace);
    });
  }
  await collect(problems, async () => {
    const { oldNamespaces, foreign } = planConfig(repo, drafts);
    for (const namespace of oldNamespaces) old.add(namespace);
    if (old.size > 0) await renameImports(repo, old, foreign, drafts);
  });
  // What is wrong in one place may make anything look unused elsewhere.
  if (problems.length > 0) {
    return { repo, changes: [], tempChanges: [], unused: [], temps: [], missing: [], problems };
  }
  const tempFiles = new Set(temps.map(({ temp }) => temp));
  const [tempChanges, changes] = split(drafts.changes, ({ file }) => tempFiles.has(file));
  return { repo, changes, tempChanges, unused, temps, missing, problems };
}

/**
 * Writes what a plan changes, and the repo's kit. Throws the first problem that it has.
 *
 * @returns Whether the kit was not current.
 */
export async function writeRefresh(plan: RefreshPlan): Promise<boolean> {
  const { repo, problems } = plan;
  if (problems.length > 0) throw problems[0]!;
  writeChanges(repo.folder, writtenBy(plan));
  return belongsToProject(repo) ? false : await writeKit(repo.folder);
}

/** All files that a plan writes, by name. */
export function writtenBy({ changes, tempChanges }: RefreshPlan): FileChange[] {
  return [...changes, ...tempChanges].toSorted((a, b) => a.file < b.file ? -1 : 1);
}

/** Those for which something holds, and the others. */
function split<T>(all: readonly T[], holds: (one: T) => boolean): [yes: T[], no: T[]] {
  return [all.filter(holds), all.filter((one) => !holds(one))];
}

/** Lists what is thrown with what is wrong. */
async function collect(problems: ChimaeraError[], plan: () => Promise<void>): Promise<void> {
  try {
    await plan();
  } catch (thrown) {
    if (!(thrown instanceof ChimaeraError)) throw thrown;
    problems.push(thrown);
  }
}

const NO_NAMES = { oldNamespaces: [], foreign: new Set<string>() };

/** Plans the repo's `deno.json`; returns what it tells of names from before, and of other repos. */
function planConfig(
  repo: ModuleRepo,
  drafts: Drafts,
): Pick<ConfigPlan, "oldNamespaces" | "foreign"> {
  const file = CONFIG_FILES.find((name) => drafts.read(name) !== null);
  if (file === undefined && belongsToProject(repo)) return NO_NAMES;
  const text = file === undefined ? newConfig() : drafts.read(file)!;
  const isThere = (path: string) => kindOf(`${repo.folder}/${path}`) !== null;
  const plan = refreshConfig(text, file ?? CONFIG_FILES[0], repo, isThere);
  drafts.replace(file ?? CONFIG_FILES[0], plan.text);
  return plan;
}

/**
 * Whether the names of the SDK are somebody else's business: those of the core repo are its
 * project's, and a repo without settings of its own has those of the folder around it.
 */
function belongsToProject({ folder, namespace }: ModuleRepo): boolean {
  if (namespace === CORE_NAMESPACE) return true;
  const hasOwn = (at: string) => CONFIG_FILES.find((name) => kindOf(`${at}/${name}`) === "file");
  if (hasOwn(folder) !== undefined) return false;
  for (let at = folder; at !== "";) {
    at = at.slice(0, at.lastIndexOf("/"));
    const name = hasOwn(at);
    if (name === undefined) continue;
    const file = `${at}/${name}`;
    return memberOf(readJsonObject(readText(file)!, file), "imports", "chimaera") !== undefined;
  }
  return false;
}
