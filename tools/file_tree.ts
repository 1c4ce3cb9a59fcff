/** Walks folders in a fixed order, so that the same tree always gives the same bytes. */

/** Paths of all files below `root`, relative to it, sorted by code point. */
export function listFiles(root: string): string[] {
  const found: string[] = [];
  const visit = (folder: string) => {
    for (const entry of Deno.readDirSync(`${root}/${folder}`)) {
      const path = folder + entry.name;
      if (entry.isDirectory) visit(`${path}/`);
      else found.push(path);
    }
  };
  visit("");
  return found.sort();
}

/** Makes the folder that `path` is in. */
export function makeParent(path: string): void {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
}

export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
