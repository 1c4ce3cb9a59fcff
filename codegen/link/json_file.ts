/**
 * A project's JSON file, as its author wrote it: single entries of one of its maps are set and
 * taken out, and everything else, comments too, stays byte for byte.
 *
 * Thread rules: none; pure functions.
 */

import {
  applyEdits,
  findNodeAtLocation,
  modify,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import { ChimaeraError } from "../../runtime/errors.ts";

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

function refuse(file: JsonFile, offset: number, why: string, hint?: string): never {
  const before = file.text.slice(0, offset);
  const line = before.split("\n").length;
  const column = offset - before.lastIndexOf("\n");
  throw new ChimaeraError("badManifest", { what: `${file.path}:${line}:${column}`, why, hint });
}

function rootOf(file: JsonFile): Node {
  const errors: ParseError[] = [];
  const root = parseTree(file.text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first !== undefined) {
    const said = printParseErrorCode(first.error).replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
    refuse(file, first.offset, `it is no JSON: ${said}`);
  }
  if (root?.type !== "object") refuse(file, root?.offset ?? 0, "it is no JSON object");
  return root;
}

/**
 * The entries of a map in the file's top object that are texts; none when there is no such map.
 * Throws CHI-1302 with the place of what cannot be read.
 */
export function readMap(file: JsonFile, key: string): Record<string, string> {
  const node = findNodeAtLocation(rootOf(file), [key]);
  if (node === undefined) return {};
  if (node.type !== "object") refuse(file, node.offset, `\`${key}\` is no JSON object`);
  const entries = (node.children ?? []).flatMap(({ children }) => {
    const [name, value] = children ?? [];
    return value?.type === "string" ? [[String(name?.value), String(value.value)]] : [];
  });
  return Object.fromEntries(entries);
}

/** Throws CHI-1302 at the place of a key of the top object, when it is there. */
export function refuseKey(file: JsonFile, key: string, why: string, hint: string): void {
  const node = findNodeAtLocation(rootOf(file), [key]);
  if (node !== undefined) refuse(file, node.parent!.offset, why, hint);
}

/** The file's text with the entries of a map changed; the map is made when it is not there. */
export function editMap(file: JsonFile, key: string, edit: MapEdit): string {
  const present = readMap(file, key);
  let { text } = file;
  for (const name of edit.drop) {
    if (Object.hasOwn(present, name)) {
      text = applyEdits(text, modify(text, [key, name], undefined, {}));
    }
  }
  for (const [name, value] of Object.entries(edit.set)) {
    if (present[name] !== value) text = put({ path: file.path, text }, key, name, value);
  }
  return text;
}

/** The text with one entry of a map set. */
function put(file: JsonFile, key: string, name: string, value: string): string {
  const { text } = file;
  const root = rootOf(file);
  const map = findNodeAtLocation(root, [key]);
  if (map === undefined) {
    const unit = indentUnit(text);
    const outer = indentAt(text, root.offset) + unit;
    const inner = [lineEnd(text), outer, unit, entryText(name, value), lineEnd(text), outer];
    return insert(text, root, `${JSON.stringify(key)}: {${inner.join("")}}`);
  }
  const found = findNodeAtLocation(root, [key, name]);
  if (found === undefined) return insert(text, map, entryText(name, value));
  const end = found.offset + found.length;
  return text.slice(0, found.offset) + JSON.stringify(value) + text.slice(end);
}

function entryText(name: string, value: string): string {
  return `${JSON.stringify(name)}: ${JSON.stringify(value)}`;
}

/** The text with an entry put at the end of an object, in the manner of those before it. */
function insert(text: string, object: Node, entry: string): string {
  const last = object.children?.at(-1);
  if (last !== undefined) {
    const isOneLine = !text.slice(object.offset, last.offset).includes("\n");
    const end = last.offset + last.length;
    if (isOneLine) return `${text.slice(0, end)}, ${entry}${text.slice(end)}`;
    // A comma and a remark may follow on the line; both stay with the entry before.
    const [, comma = "", remark = ""] = /^([ \t]*,)?([ \t]*\/\/[^\r\n]*)?/.exec(text.slice(end))!;
    const next = end + comma.length + remark.length;
    return [
      `${text.slice(0, end)},${remark}${lineEnd(text)}${indentAt(text, last.offset)}`,
      `${entry}${comma === "" ? "" : ","}${text.slice(next)}`,
    ].join("");
  }
  const start = object.offset + 1;
  const end = object.offset + object.length - 1;
  const inside = text.slice(start, end);
  const outer = indentAt(text, object.offset);
  const rest = inside.trim() === "" ? lineEnd(text) + outer : inside;
  return [
    text.slice(0, start),
    lineEnd(text) + outer + indentUnit(text),
    entry,
    rest,
    text.slice(end),
  ].join("");
}

/** What stands before the first word of the line that an offset is in. */
function indentAt(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset);
  return /^[ \t]*/.exec(line)![0];
}

/** One step of the author's indentation, as the first indented line shows it. */
function indentUnit(text: string): string {
  return /^([ \t]+)["}]/m.exec(text)?.[1] ?? "  ";
}

function lineEnd(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}
