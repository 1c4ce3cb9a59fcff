/**
 * Names of files as their author knows them. Modules are loaded from copies of their folders; what
 * the engine says of a place in one must name the original.
 *
 * Thread rules: one table per isolate.
 */

/** Beginnings of URLs in copies, with the folders that they stand for. */
const folders = new Map<string, string>();
/**
 * What two folders above it is, of each copy, with what finds copies below it: there is one for all
 * versions of all modules of a node, so that a text is looked through once.
 */
const roots = new Map<string, RegExp>();

/**
 * From now on files below `copyUrl` are called as if they were in `folder`.
 *
 * @param copyUrl A `file:` URL that ends in a slash: `<copies>/<library>/<version>/`.
 * @param folder A path without a slash at its end.
 */
export function nameCopy(copyUrl: string, folder: string): void {
  folders.set(copyUrl, folder);
  const root = copyUrl.replace(/[^/]+\/[^/]+\/$/, "");
  if (roots.has(root)) return;
  const literally = root.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  roots.set(root, new RegExp(`${literally}[^/\\s]+/[^/\\s]+/`, "g"));
}

/** A text, such as a stack, with the author's files in place of the copies. */
export function inSources(text: string): string {
  if (!text.includes("file:")) return text;
  let named = text;
  for (const copies of roots.values()) {
    named = named.replaceAll(copies, (copyUrl) => {
      const folder = folders.get(copyUrl);
      return folder === undefined ? copyUrl : `${folder}/`;
    });
  }
  return named;
}

/**
 * The frames of a stack that are in an author's files, by their names; the whole stack when none is.
 */
export function authorFrames(stack: string): string {
  const own = stack.split("\n").filter((line) => isOfCopy(line));
  return inSources(own.length === 0 ? stack : own.join("\n"));
}

/** Where in an author's files something was thrown, as `path:line:column`; null when it was not. */
export function authorPlace(stack: string): string | null {
  const frame = stack.split("\n").find((line) => isOfCopy(line));
  return frame === undefined ? null : placeIn(inSources(frame));
}

/** The last place that a text names; null when it names none. */
export function placeIn(text: string): string | null {
  const places = [...text.matchAll(/(?:file:\/\/)?(\/[^\s()"]+:\d+:\d+)/g)];
  return places.at(-1)?.[1] ?? null;
}

function isOfCopy(line: string): boolean {
  for (const root of roots.keys()) if (line.includes(root)) return true;
  return false;
}
