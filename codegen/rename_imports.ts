/**
 * A repo got another namespace: the names by which its own files import its modules follow.
 *
 * Thread rules: plain functions.
 */

import { importStatementsOf, type ModuleRepo, namedModule } from "../runtime/repo/mod.ts";
import type { Drafts } from "./drafts.ts";
import { repoFiles } from "./files_below.ts";
import type { TextEdit } from "./text_edit.ts";

const SOURCE = /\.(?:[mc]?ts|tsx|[mc]?js|jsx)$/;

/**
 * Notes in `drafts` the imports that change.
 *
 * @param old Namespaces that the repo's modules had.
 * @param foreign Names that lead to other repos' modules, whatever they are called.
 */
export async function renameImports(
  repo: ModuleRepo,
  old: ReadonlySet<string>,
  foreign: ReadonlySet<string>,
  drafts: Drafts,
): Promise<void> {
  const modules = new Set(repo.modules.map(({ name }) => name));
  for (const file of repoFiles(repo).filter((path) => SOURCE.test(path))) {
    const text = drafts.readIfText(file); // No import can be read in what is no text.
    if (text === null || ![...old].some((namespace) => text.includes(`${namespace}/`))) continue;
    const edits: TextEdit[] = [];
    for (const { specifier, specifierAt } of await importStatementsOf(text, file)) {
      const named = foreign.has(specifier) ? null : namedModule(specifier);
      if (named === null || !old.has(named.namespace) || !modules.has(named.module)) continue;
      edits.push({ ...specifierAt, text: `${repo.namespace}/${named.file}` });
    }
    drafts.edit(file, edits);
  }
}
