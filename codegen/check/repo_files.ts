/**
 * The files of a repo's modules, and of the whole repo.
 *
 * Thread rules: plain functions.
 */

import { kindOf, listFolder, ownerOf } from "../../runtime/platform/mod.ts";
import type { ModuleRepo } from "../../runtime/repo/mod.ts";

const FOREIGN: readonly string[] = ["node_modules"];

/**
 * Paths of all files below a folder, relative to it, in a fixed order. Folders whose names begin
 * with a dot, and `node_modules`, are other programs'; links to folders may lead in a circle, and
 * are left out too.
 */
export function filesBelow(folder: string): string[] {
  const found: string[] = [];
  const visit = (prefix: string) => {
    for (const name of listFolder(`${folder}/${prefix}`)) {
      if (name.startsWith(".") || FOREIGN.includes(name)) continue;
      const path = `${prefix}${name}`;
      if (ownerOf(`${folder}/${path}`)?.isFolder) visit(`${path}/`);
      else if (kindOf(`${folder}/${path}`) === "file") found.push(path);
    }
  };
  visit("");
  return found;
}

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
