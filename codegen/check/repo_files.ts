/**
 * The files of a repo's modules.
 *
 * Thread rules: plain functions.
 */

import type { ModuleRepo } from "../../runtime/repo/mod.ts";
import { filesBelow } from "../files_below.ts";

/** TypeScript files of a repo's modules, relative to the repo's folder. */
export function moduleSources(repo: ModuleRepo): string[] {
  return repo.modules.flatMap(({ name, folder }) =>
    filesBelow(folder).filter((path) => path.endsWith(".ts")).map((path) => `${name}/${path}`)
  );
}

/** Test files among them. */
export function moduleTests(repo: ModuleRepo): string[] {
  return moduleSources(repo).filter((path) => /(^|[/_.])test\.ts$/.test(path));
}
