/**
 * The files below a folder, and those of a whole repo.
 *
 * Thread rules: plain functions.
 */

import { kindOf, linkTarget, listFolder, ownerOf } from "../runtime/platform/mod.ts";
import type { ModuleRepo } from "../runtime/repo/mod.ts";

const FOREIGN: readonly string[] = ["node_modules"];

/**
 * Paths of all files below a folder, relative to it, in a fixed order. Folders whose names begin
 * with a dot, and `node_modules`, are other programs'; links to folders may lead in a circle, and
 * are left out too.
 *
 * @param foreign Names to leave out.
 */
export function filesBelow(folder: string, foreign = FOREIGN): string[] {
  const found: string[] = [];
  const visit = (prefix: string) => {
    for (const name of listFolder(`${folder}/${prefix}`)) {
      if (name.startsWith(".") || foreign.includes(name)) continue;
      const path = `${prefix}${name}`;
      if (ownerOf(`${folder}/${path}`)?.isFolder) visit(`${path}/`);
      else if (kindOf(`${folder}/${path}`) === "file") found.push(path);
    }
  };
  visit("");
  return found;
}

/** Paths of a repo's files, relative to its folder. A module's folder may itself be a link. */
export function repoFiles({ folder, modules }: ModuleRepo): string[] {
  const linked = modules.filter((module) => linkTarget(module.folder) !== null);
  return [
    ...filesBelow(folder),
    ...linked.flatMap((module) =>
      filesBelow(module.folder).map((path) => `${module.name}/${path}`)
    ),
  ];
}
