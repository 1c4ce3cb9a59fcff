/**
 * A project's JSON file, as its author wrote it: single entries of one of its maps are set and
 * taken out, and everything else, comments too, stays byte for byte.
 *
 * Thread rules: plain functions.
 */

import { ChimaeraError } from "../../runtime/errors.ts";
import { readExactText } from "../../runtime/platform/mod.ts";
import { changeMembers, memberOf, objectText, placeAt, readJsonObject } from "../json_text.ts";
import { applyEdits, type TextEdit } from "../text_edit.ts";

/** A JSON file's text, with the name that errors give it. */
export interface JsonFile {
  readonly path: string;
  readonly text: string;
}

/** Entries to set, and to take out, of one map. */
export interface MapEdit {
  readonly set: Readonly<Record<string, string>>;
  readonly drop: readonly string[];
}

/** What a file is before anybody wrote to it. */
export const EMPTY_JSON = "{}\n";

/**
 * Reads a file that is to be edited: one whose bytes are no text would not come out as it was. Throws
 * CHI-1302 for such a one.
 *
 * @param fresh The text of a file in which nothing is.
 */
export function readJsonFile(path: string, fresh: string): JsonFile {
  try {
    const text = readExactText(path) ?? "";
    return { path, text: text.trim() === "" ? fresh : text };
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
    const why = "it is no text in UTF-8";
    throw new ChimaeraError("badManifest", { what: path, why, hint: "save it in UTF-8" });
  }
}

function refuse(file: JsonFile, offset: number, why: string): never {
  const what = `${file.path}:${placeAt(file.text, offset)}`;
  throw new ChimaeraError("badManifest", { what, why });
}

/** The members of a map in the file's top object; null when there is no such map. */
function mapOf(file: JsonFile, key: string) {
  const map = memberOf(readJsonObject(file.text, file.path), key)?.value;
  if (map !== undefined && map.members === null) {
    refuse(file, map.start, `\`${key}\` is no JSON object`);
  }
  return map ?? null;
}

/**
 * The entries of a map in the file's top object that are texts; none when there is no such map.
 * Throws CHI-1302 with the line of what cannot be read.
 */
export function readMap(file: JsonFile, key: string): Record<string, string> {
  const members = mapOf(file, key)?.members ?? [];
  return Object.fromEntries(
    members.flatMap(({ key, value }) => value.string === null ? [] : [[key, value.string]]),
  );
}

/** The file's text with the entries of a map changed; the map is made when it is not there. */
export function editMap(file: JsonFile, key: string, { set, drop }: MapEdit): string {
  const { text } = file;
  const map = mapOf(file, key);
  const members = map?.members ?? [];
  const have = new Set(members.map(({ key }) => key));
  const added = Object.entries(set).filter(([name]) => !have.has(name))
    .map(([name, value]) => [name, JSON.stringify(value)] as const);
  if (map === null) {
    if (added.length === 0) return text;
    const root = readJsonObject(text, file.path);
    const unit = /^([ \t]+)"/m.exec(text)?.[1] ?? "  ";
    const inside = objectText(text, root.start, added).replace(/(\r\n|\n|\r)/g, `$1${unit}`);
    return applyEdits(text, changeMembers(text, root, [], [[key, inside]]));
  }
  const changed: TextEdit[] = members.flatMap(({ key, value }) => {
    const wanted = Object.hasOwn(set, key) ? set[key]! : value.string;
    if (wanted === value.string || wanted === null) return [];
    return [{ start: value.start, end: value.end, text: JSON.stringify(wanted) }];
  });
  const gone = members.filter(({ key }) => drop.includes(key) && !Object.hasOwn(set, key));
  return applyEdits(text, [...changed, ...changeMembers(text, map, gone, added)]);
}
