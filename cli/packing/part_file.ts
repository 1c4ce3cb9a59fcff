/**
 * Files under way: hidden, beside the output, and locked as long as their writer lives.
 *
 *     .chimaera-1f3a9c2e.part
 *
 * A writer that is killed leaves its file behind; the next one in the folder removes it.
 *
 * Thread rules: the main isolate.
 */

import { realClock, uniqueName, userId } from "../../runtime/platform/mod.ts";

const NAME = /^\.chimaera-.+\.part$/;
/** A writer locks its file right after it made it; younger ones are left alone. */
const LEFT_MS_MIN = 60_000;

/** A file that is not whole yet. */
export interface PartFile {
  readonly path: string;
  /** Closing it gives up the lock. */
  readonly file: Deno.FsFile;
}

/** Makes a part file in the folder, whose path ends in a slash or is empty for the current one. */
export function makePartFile(folder: string): PartFile {
  removeLeftParts(folder);
  const path = `${folder}.chimaera-${uniqueName()}.part`;
  // Nobody else reads it before it is whole and has its own mode.
  const file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
  tryLock(file);
  return { path, file };
}

/** Removes this user's part files whose writers are dead, as far as that is permitted. */
function removeLeftParts(folder: string): void {
  try {
    for (const { name } of Deno.readDirSync(folder === "" ? "." : folder)) {
      if (NAME.test(name) && isLeft(folder + name)) Deno.removeSync(folder + name);
    }
  } catch (thrown) {
    // Somebody else was faster, or may do what this user may not: neither matters to the output.
    if (thrown instanceof Deno.errors.NotFound) return;
    if (thrown instanceof Deno.errors.PermissionDenied) return;
    throw thrown;
  }
}

function isLeft(path: string): boolean {
  const { isFile, uid, mtime } = Deno.lstatSync(path);
  if (!isFile || uid !== userId() || mtime === null) return false;
  if (realClock.wallMs() - mtime.getTime() < LEFT_MS_MIN) return false;
  using file = Deno.openSync(path, { read: true });
  return tryLock(file);
}

/** Takes the file's lock. False when another has it, or the file system has no locks. */
function tryLock(file: Deno.FsFile): boolean {
  try {
    return file.tryLockSync(true);
  } catch {
    return false;
  }
}
