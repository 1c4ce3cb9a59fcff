/**
 * `repo new`: makes a folder a module repo. It may have anything in it already; nothing of that is
 * changed but names that are added to a `deno.json`, and lines to a `.gitignore`.
 *
 * Thread rules: plain functions.
 */

import { ChimaeraError } from "../runtime/errors.ts";
import { kindOf, makeFolder, readText } from "../runtime/platform/mod.ts";
import { checkName, isRepo, REPO_FILE, REPO_LAYOUT, snakeCase } from "../runtime/repo/mod.ts";
import { CORE_NAMESPACE } from "./deno_config.ts";
import { type FileChange, writeChanges } from "./drafts.ts";
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
 * Makes a repo. Throws CHI-1303 for a namespace that cannot be one, CHI-1306 where a repo is already.
 *
 * @param folder Absolute, without a slash at its end; made when it is not there.
 * @param namespace The folder's name in snake case when absent.
 */
export async function newRepo(folder: string, namespace?: string): Promise<NewRepo> {
  const name = namespace ?? snakeCase(folder.slice(folder.lastIndexOf("/") + 1));
  checkNamespace(name, folder, namespace === undefined);
  if (kindOf(folder) === "file") refuse(folder, "it is a file");
  if (isRepo(folder)) refuse(folder, `it is a module repo already: it has a ${REPO_FILE}`);
  makeFolder(folder);
  const own: FileChange[] = [
    { file: REPO_FILE, before: null, after: repoFile(name) },
    ...ignoreChange(folder),
  ];
  writeChanges(folder, own);
  const plan = await planRefresh(folder);
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

/** The lines that a `.gitignore` lacks. */
function ignoreChange(folder: string): FileChange[] {
  const file = ".gitignore";
  const before = readText(`${folder}/${file}`);
  const lines = (before ?? "").split(/\r?\n/).map((line) => line.trim());
  const missing = IGNORED.filter((line) => !lines.includes(line));
  if (missing.length === 0) return [];
  const eol = before?.includes("\r\n") ? "\r\n" : "\n";
  const gap = before === null || before === "" || before.endsWith("\n") ? "" : eol;
  const after = `${before ?? ""}${gap}${missing.join(eol)}${eol}`;
  return [{ file, before, after }];
}
