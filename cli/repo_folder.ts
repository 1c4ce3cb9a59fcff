/**
 * Which repo a command means: the one that is named, else the one around the current folder, else
 * `./mods`, which `mod new` makes where there is none.
 *
 * Thread rules: the main isolate.
 */

import { resolve } from "node:path";
import { ChimaeraError } from "../runtime/errors.ts";
import { enclosingRepo, isRepo } from "../runtime/repo/mod.ts";

/** The repo's folder, absolute. Throws CHI-1301 when none is named and none is there. */
export function repoFolder(named: string | undefined): string {
  if (named !== undefined) return resolve(named);
  const here = resolve(".");
  const found = enclosingRepo(here);
  if (found !== null) return found;
  if (isRepo(`${here}/mods`)) return `${here}/mods`;
  throw new ChimaeraError("repoNotFound", {
    what: here,
    why: "neither it, nor a folder around it, nor `mods` in it has a chimaera_repo.yaml",
  });
}
