/**
 * Names of files as their author knows them. Modules are loaded from copies of their folders; what
 * the engine says of a place in one must name the original.
 *
 * Thread rules: one table per isolate.
 */

/** Beginnings of URLs in copies, with the folders that they stand for. */
const folders = new Map<string, string>();

/**
 * From now on files below `copyUrl` are called as if they were in `folder`.
 *
 * @param copyUrl A `file:` URL that ends in a slash.
 * @param folder A path without a slash at its end.
 */
export function nameCopy(copyUrl: string, folder: string): void {
  folders.set(copyUrl, folder);
}

/** A text, such as a stack, with the author's files in place of the copies. */
export function inSources(text: string): string {
  if (!text.includes("file:")) return text;
  let named = text;
  for (const [copyUrl, folder] of folders) {
    if (named.includes(copyUrl)) named = named.replaceAll(copyUrl, `${folder}/`);
  }
  return named;
}
