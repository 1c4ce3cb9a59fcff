/**
 * Folders that commands are given, and what goes wrong in them.
 *
 * Thread rules: the main isolate.
 */

import { resolve } from "node:path";
import { ChimaeraError } from "../runtime/errors.ts";
import { enclosingRepo } from "../runtime/repo/mod.ts";
import { fileError } from "./packing/file_errors.ts";

/** A folder as a command got it, absolute and without a slash at its end. */
export function folderAt(path: string): string {
  return resolve(path);
}

/**
 * The repo that a command means: the one that the folder it got is, or is in; without a folder, the
 * one around the present one. A folder that is in none is returned for the command to judge. Throws
 * CHI-1301 when there is none around the present one.
 */
export function repoAt(path: string | undefined): string {
  const here = folderAt(path ?? ".");
  const repo = enclosingRepo(here);
  if (repo !== null) return repo;
  if (path !== undefined) return here;
  throw new ChimaeraError("repoNotFound", {
    what: here,
    why: "neither this folder nor one above it is a module repo",
  });
}

/** A word as one types it in a shell. */
export function shellWord(word: string): string {
  return /^[\w./~@%+:,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Does something with files. Throws CHI-1101 to CHI-1106 for what the system says. */
export async function onDisk<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw isOfSystem(thrown) ? fileError(what, thrown) : thrown;
  }
}

function isOfSystem(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || thrown instanceof ChimaeraError) return false;
  return Object.hasOwn(Deno.errors, thrown.name) || "code" in thrown;
}
