/**
 * `mod new`: puts a new module into a repo. It type-checks, passes its test and loads at once.
 *
 * Thread rules: plain functions.
 */

import { ChimaeraError } from "../runtime/errors.ts";
import { kindOf } from "../runtime/platform/mod.ts";
import { checkName, readRepo } from "../runtime/repo/mod.ts";
import { writeChanges } from "./drafts.ts";
import { planRefresh, writeRefresh, writtenBy } from "./refresh_repo.ts";
import { freshModule } from "./template.ts";

/** What was made. */
export interface NewModule {
  readonly name: string;
  readonly namespace: string;
  /** Absolute. */
  readonly folder: string;
  /** Files that were written, relative to the repo's folder. */
  readonly written: readonly string[];
}

/**
 * Makes a module, and refreshes its repo. Throws CHI-1301 for a folder that is no repo, CHI-1303 for
 * a name that cannot be one, CHI-1306 for a folder that is there already, and what is wrong in the
 * repo before it writes anything.
 *
 * @param repoFolder Absolute, without a slash at its end.
 */
export async function newModule(repoFolder: string, name: string): Promise<NewModule> {
  checkName("module", name);
  const { namespace } = readRepo(repoFolder);
  const folder = `${repoFolder}/${name}`;
  const there = kindOf(folder);
  if (there !== null) {
    throw new ChimaeraError("repoNotWritten", {
      what: folder,
      why: there === "file" ? "a file has this name" : "there is such a folder already",
    });
  }
  const { problems } = await planRefresh(repoFolder);
  if (problems.length > 0) throw problems[0]!;
  const files = [...freshModule(namespace, name)].map(([file, after]) => {
    return { file: `${name}/${file}`, before: null, after };
  });
  writeChanges(repoFolder, files);
  const plan = await planRefresh(repoFolder);
  await writeRefresh(plan);
  const written = [...files, ...writtenBy(plan)].map(({ file }) => file);
  return { name, namespace, folder, written };
}
