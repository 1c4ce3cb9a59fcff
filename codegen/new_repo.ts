/**
 * `repo new`: makes a folder a module repo. It may have anything in it already; nothing of that is
 * changed but names that are added to a `deno.json`, and lines to a `.gitignore`.
 *
 * Thread rules: plain functions.
 */

import { ChimaeraError } from "../runtime/errors.ts";
import { kindOf } from "../runtime/platform/mod.ts";
import { checkName, isRepo, REPO_FILE, REPO_LAYOUT, snakeCase } from "../runtime/repo/mod.ts";
import { CORE_NAMESPACE } from "./deno_config.ts";
import { Drafts, writeChanges } from "./drafts.ts";
import { planRefresh, writeRefresh, writtenBy } from "./refresh_repo.ts";

const IGNORED = [".chimaera/", "*.temp"];

/** What was made. */
export interface NewRepo {
  /** Absolute. */
  readonly folder: string;
  readonly namespace: string;
  /** Files that were written, relative to the folder. */
  readonly written: readonly string[];
}

/**
 * Makes a repo. Throws CHI-1303 for a namespace that cannot be one, CHI-1306 where a repo is already,
 * and what is wrong with what is there, before it writes anything.
 *
 * @param folder Absolute, without a slash at its end; made when it is not there.
 * @param namespace The folder's name in snake case when absent.
 */
export async function newRepo(folder: string, namespace?: string): Promise<NewRepo> {
  const name = namespace ?? snakeCase(folder.slice(folder.lastIndexOf("/") + 1));
  checkNamespace(name, folder, namespace === undefined);
  if (kindOf(folder) === "file") refuse(folder, "it is a file");
  if (isRepo(folder)) refuse(folder, `it is a module repo already: it has a ${REPO_FILE}`);
  const plan = await planRefresh(folder, { namespace: name });
  if (plan.problems.length > 0) throw plan.problems[0]!;
  const drafts = new Drafts(folder);
  drafts.replace(REPO_FILE, repoFile(name));
  planIgnored(drafts);
  const own = drafts.changes;
  writeChanges(folder, own);
  await writeRefresh(plan);
  return { folder, namespace: name, written: [...own, ...writtenBy(plan)].map(({ file }) => file) };
}

function checkNamespace(name: string, folder: string, isFromFolder: boolean): void {
  const hint = isFromFolder ? `name one: \`chimaera repo new ${folder} my_mods\`` : undefined;
  if (name === CORE_NAMESPACE) {
    const why = "it is that of the core modules";
    throw new ChimaeraError("badName", { what: `namespace \`${name}\``, why, hint });
  }
  try {
    checkName("namespace", name);
  } catch (thrown) {
    if (!(thrown instanceof ChimaeraError) || hint === undefined) throw thrown;
    throw new ChimaeraError("badName", { what: thrown.what, why: thrown.why, hint });
  }
}

function refuse(what: string, why: string): never {
  throw new ChimaeraError("repoNotWritten", { what, why });
}

function repoFile(namespace: string): string {
  return [
    "# Makes this folder a module repo. Better left alone; after a change of the namespace, run",
    "# `chimaera repo refresh`.",
    `namespace: ${namespace}`,
    `layout: ${REPO_LAYOUT}`,
    "",
  ].join("\n");
}

/** Plans the lines that a `.gitignore` lacks. */
function planIgnored(drafts: Drafts): void {
  const file = ".gitignore";
  const before = drafts.read(file) ?? "";
  const lines = before.split(/\r?\n/).map((line) => line.trim());
  const missing = IGNORED.filter((line) => !lines.includes(line));
  if (missing.length === 0) return;
  const eol = before.includes("\r\n") ? "\r\n" : "\n";
  const gap = before === "" || before.endsWith("\n") ? "" : eol;
  drafts.replace(file, `${before}${gap}${missing.join(eol)}${eol}`);
}
