/** The file seam: whole small files, for the engine and for modules. */

/** A file whose lock says that its holder is alive; the system drops it when the holder dies. */
export class LockFile {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Takes the lock; null when another process holds it. */
  static take(path: string): LockFile | null {
    const file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
    if (file.tryLockSync(true)) return new LockFile(file);
    file.close();
    return null;
  }

  /** Whether a living process holds the lock. */
  static isHeld(path: string): boolean {
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(path, { read: true });
    } catch (thrown) {
      if (thrown instanceof Deno.errors.NotFound) return false;
      throw thrown;
    }
    const free = file.tryLockSync(false);
    file.close(); // Drops the shared lock with it.
    return !free;
  }

  release(): void {
    this.#file.close();
  }
}

/** Makes a folder, and those above it, that only this user can enter; it may be there already. */
export function makePrivateFolder(path: string): void {
  Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
}

/**
 * Writes a file whole, for this user only: beside it, then in its place, so that a reader finds the
 * old text or the new one. It is not flushed to the device.
 */
export function writeWhole(path: string, text: string): void {
  const beside = `${path}.new`;
  Deno.writeTextFileSync(beside, text, { mode: 0o600 });
  Deno.renameSync(beside, path);
}

/** Makes a file that only this user can open; it must not exist. */
export function makeEmptyFile(path: string, sizeBytes: number): void {
  const file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
  file.truncateSync(sizeBytes);
  file.close();
}

/** Whether files can be made in a folder. */
export function isWritableFolder(path: string): boolean {
  const probe = `${path}/.chimaera-${crypto.randomUUID()}`;
  try {
    makeEmptyFile(probe, 0);
    Deno.removeSync(probe);
    return true;
  } catch {
    return false; // Missing, read-only or forbidden: all the same to the caller.
  }
}

/** A file's text; null when there is none, nor could be: what is above it is a file. */
export function readText(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return null;
    if (thrown instanceof Deno.errors.NotADirectory) return null;
    throw thrown;
  }
}

/** Removes a file or a folder with all in it; nothing there is as good. */
export function removeAll(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
  }
}

/** Names in a folder; none when there is no folder, or none that the program may look into. */
export function listFolder(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].map((entry) => entry.name).sort();
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return [];
    if (thrown instanceof Deno.errors.NotADirectory) return [];
    if (thrown instanceof Deno.errors.NotCapable) return [];
    throw thrown;
  }
}

/** Owner and permission bits of a path itself, not of what it links to; null: nothing there. */
export function ownerOf(path: string): { uid: number; mode: number; isFolder: boolean } | null {
  try {
    const info = Deno.lstatSync(path);
    return { uid: info.uid ?? 0, mode: (info.mode ?? 0) & 0o777, isFolder: info.isDirectory };
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return null;
    throw thrown;
  }
}

/** What is at a path, links followed: `other` for pipes, devices and sockets; null: nothing. */
export function kindOf(path: string): "file" | "folder" | "other" | null {
  try {
    const { isDirectory, isFile } = Deno.statSync(path);
    return isDirectory ? "folder" : isFile ? "file" : "other";
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return null;
    if (thrown instanceof Deno.errors.NotADirectory) return null;
    if (thrown instanceof Deno.errors.FilesystemLoop) return null;
    throw thrown;
  }
}

/** Makes a folder, and those above it; it may be there already. */
export function makeFolder(path: string): void {
  Deno.mkdirSync(path, { recursive: true });
}

/**
 * Writes a text file as a program of its user does; a reader finds the old text or the new one. What
 * is a link stays one, and the file keeps its permissions.
 */
export function writeText(path: string, text: string): void {
  const { target, mode } = placeOf(path);
  const beside = `${target}.${crypto.randomUUID()}.temp`;
  try {
    Deno.writeTextFileSync(beside, text);
    if (mode !== null) Deno.chmodSync(beside, mode);
    Deno.renameSync(beside, target);
  } catch (thrown) {
    removeAll(beside);
    throw thrown;
  }
}

/** Where a path leads, and the permissions of what is there. */
function placeOf(path: string): { readonly target: string; readonly mode: number | null } {
  try {
    const target = Deno.realPathSync(path);
    return { target, mode: (Deno.statSync(target).mode ?? 0o666) & 0o777 };
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return { target: path, mode: null };
    throw thrown;
  }
}

/** A file's text, to the byte: null when there is none. Throws a TypeError when it is no UTF-8. */
export function readExactText(path: string): string | null {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(path);
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return null;
    if (thrown instanceof Deno.errors.NotADirectory) return null;
    throw thrown;
  }
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** The size of a file, links followed. */
export function fileSizeBytes(path: string): number {
  return Deno.statSync(path).size;
}

/** A file's bytes. */
export function readBytes(path: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(path);
}

/** Writes a file anew. */
export function writeBytes(path: string, bytes: Uint8Array<ArrayBuffer>): void {
  Deno.writeFileSync(path, bytes);
}

/** Gives a file or folder another name; what has that name already makes it fail. */
export function renamePath(from: string, to: string): void {
  Deno.renameSync(from, to);
}

/** Makes a new folder for things that are not kept, which only this user can enter. */
export function makeTemporaryFolder(prefix: string): string {
  return Deno.makeTempDirSync({ prefix });
}

/** A path in full, with links followed; null when nothing is there. */
export function realPath(path: string): string | null {
  try {
    return Deno.realPathSync(path);
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return null;
    if (thrown instanceof Deno.errors.NotADirectory) return null;
    throw thrown;
  }
}

/** Where a link leads, as it is written in it; null for what is no link. */
export function linkTarget(path: string): string | null {
  try {
    return Deno.lstatSync(path).isSymlink ? Deno.readLinkSync(path) : null;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return null;
    throw thrown;
  }
}

/** Makes a link to a folder. */
export function makeLink(path: string, target: string): void {
  Deno.symlinkSync(target, path, { type: "dir" });
}
