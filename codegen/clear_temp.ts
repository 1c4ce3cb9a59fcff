/**
 * `repo clear-temp`: takes away the files that refresh puts beside an author's, and what a refresh
 * that was killed left of a file that it was writing.
 *
 * Thread rules: plain functions.
 */

import { listFolder, removeAll } from "../runtime/platform/mod.ts";
import { moduleFiles, readRepo, REPO_FILE } from "../runtime/repo/mod.ts";
import { CONFIG_FILES } from "./deno_config.ts";
import { ROLES } from "./print_blocks.ts";

const HALF_WRITTEN = /^(.+)\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.temp$/;

/**
 * Removes them; returns their names, relative to the repo's folder. Throws CHI-1301 for a folder
 * that is no repo.
 *
 * @param folder Absolute, without a slash at its end.
 */
export function clearTemp(folder: string): string[] {
  const { modules } = readRepo(folder);
  const found = tempsIn(folder, "", [], [REPO_FILE, ".gitignore", ...CONFIG_FILES]);
  for (const { name } of modules) {
    const files = moduleFiles(name);
    const beside = ROLES.map((role) => `${files[role]}.temp`);
    found.push(...tempsIn(folder, `${name}/`, beside, Object.values(files)));
  }
  for (const file of found) removeAll(`${folder}/${file}`);
  return found;
}

/** Files of one folder: those named in `beside`, and halves of those named in `written`. */
function tempsIn(
  folder: string,
  under: string,
  beside: readonly string[],
  written: readonly string[],
): string[] {
  return listFolder(`${folder}/${under}`).filter((name) => {
    const half = HALF_WRITTEN.exec(name)?.[1];
    return beside.includes(name) || (half !== undefined && written.includes(half));
  }).map((name) => under + name);
}
