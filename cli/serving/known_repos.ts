/**
 * The module repos that `serve` knows: those that were added for this user, and the one where it is
 * called.
 *
 *   $CHIMAERA_CONFIG_DIR/repos.json     else $XDG_CONFIG_HOME/chimaera, else ~/.config/chimaera
 *     {"repos": ["/srv/my_mods"]}
 *
 * Thread rules: the main isolate.
 */

import { ChimaeraError } from "../../runtime/errors.ts";
import {
  environment,
  kindOf,
  makeFolder,
  readText,
  realPath,
  writeText,
} from "../../runtime/platform/mod.ts";
import { enclosingRepo, isRepo } from "../../runtime/repo/mod.ts";
import { folderAt } from "../folders.ts";

/** Where `serve` looks when it is told of no repo, nor called in one. */
const MODS_FOLDER = "mods";

/** The repos that were added, in the order in which they were. */
export function addedRepos(): string[] {
  const file = configFile();
  const text = file === null ? null : readText(file);
  if (text === null) return [];
  try {
    const { repos } = JSON.parse(text) as { repos?: unknown };
    if (Array.isArray(repos) && repos.every((repo) => typeof repo === "string")) return repos;
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
  }
  throw new ChimaeraError("badManifest", {
    what: file!,
    why: 'it is not of the form {"repos": ["/path"]}',
    hint: "mend the file, or remove it and add the repos again",
  });
}

/** Adds a repo. Returns its folder in full, and whether it was new. Throws CHI-1301. */
export function addRepo(path: string): { readonly folder: string; readonly isNew: boolean } {
  const folder = repoFolder(path);
  const repos = addedRepos();
  if (repos.includes(folder)) return { folder, isNew: false };
  write([...repos, folder]);
  return { folder, isNew: true };
}

/** Removes a repo from those that were added, whether it is still there or not. False: it was not. */
export function removeRepo(path: string): { readonly folder: string; readonly wasThere: boolean } {
  const folder = realPath(path) ?? folderAt(path);
  const repos = addedRepos();
  if (!repos.includes(folder)) return { folder, wasThere: false };
  write(repos.filter((repo) => repo !== folder));
  return { folder, wasThere: true };
}

function write(repos: readonly string[]): void {
  const file = configFile();
  if (file === null) {
    throw new ChimaeraError("fileIo", {
      what: "remember a repo",
      why: "there is no folder for it",
      hint: "set CHIMAERA_CONFIG_DIR, or HOME",
    });
  }
  const folder = file.slice(0, file.lastIndexOf("/"));
  if (kindOf(folder) === "file") {
    throw new ChimaeraError("fileIo", {
      what: `write ${file}`,
      why: `${folder} is a file`,
      hint: "move it away, or set CHIMAERA_CONFIG_DIR to a folder",
    });
  }
  makeFolder(folder);
  writeText(file, `${JSON.stringify({ repos }, null, 2)}\n`);
}

function configFile(): string | null {
  const chosen = environment("CHIMAERA_CONFIG_DIR");
  const xdg = environment("XDG_CONFIG_HOME");
  const home = environment("HOME");
  if (chosen !== undefined) return `${chosen.replace(/\/+$/, "")}/repos.json`;
  if (xdg !== undefined) return `${xdg}/chimaera/repos.json`;
  return home === undefined ? null : `${home}/.config/chimaera/repos.json`;
}

/** A repo's folder in full. Throws CHI-1301. */
export function repoFolder(path: string): string {
  const folder = realPath(path);
  if (folder !== null && isRepo(folder)) return folder;
  const why = folder === null ? "no such folder" : "it has no chimaera_repo.yaml";
  throw new ChimaeraError("repoNotFound", { what: path, why });
}

/**
 * The repos that `serve` loads: the named ones, or the one that encloses `cwd`, or `./mods`; and those
 * that were added. Throws CHI-1301 for a named one that is none; an added one that has gone is left
 * out, and `onGone` told.
 */
export function reposToServe(
  named: readonly string[],
  cwd: string,
  onGone: (folder: string) => void,
): string[] {
  const chosen = named.length > 0 ? named.map(repoFolder) : reposHere(cwd);
  const added = addedRepos().filter((repo) => {
    const isThere = isRepo(repo);
    if (!isThere) onGone(repo);
    return isThere;
  });
  return [...new Set([...chosen, ...added])];
}

function reposHere(cwd: string): string[] {
  const around = enclosingRepo(realPath(cwd) ?? cwd);
  if (around !== null) return [around];
  const mods = realPath(`${cwd}/${MODS_FOLDER}`);
  return mods !== null && isRepo(mods) ? [mods] : [];
}
