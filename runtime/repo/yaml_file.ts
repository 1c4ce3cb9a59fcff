/**
 * YAML files of a repo, read so that everything in them has its place: `file:line:column`.
 *
 * Thread rules: plain functions.
 */

import { isMap, isScalar, LineCounter, parseDocument } from "yaml";
import { ChimaeraError, type ErrorName } from "../errors.ts";

/** A key of a file's top map, with its value and their places. */
export interface YamlEntry {
  readonly key: string;
  /** `null` where nothing stands. Anything but a map, a list or an alias. */
  readonly value: string | number | bigint | boolean | null;
  /** As it is written; empty where nothing stands. */
  readonly source: string;
  /** `line:column` of the key, each from 1. */
  readonly keyAt: string;
  /** `line:column` of the value. */
  readonly valueAt: string;
}

/** Largest file that is looked at: a repo's files are a few hundred lines. */
const FILE_CHARACTERS_MAX = 1 << 20;

/**
 * The entries of a file that is one flat map.
 *
 * @param file As errors name it.
 * @param kind The error to throw: for text that is no YAML, is no flat map, has a key twice.
 */
export function readYamlEntries(text: string, file: string, kind: ErrorName): YamlEntry[] {
  const refuse = (at: string, why: string): never => {
    throw new ChimaeraError(kind, { what: at === "" ? file : `${file}:${at}`, why });
  };
  if (text.length > FILE_CHARACTERS_MAX) refuse("", `${text.length} characters are too many`);
  const lines = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${line}:${col}`;
  };
  const tab = /^ *\t/m.exec(text);
  if (tab !== null) {
    const before = text.slice(0, tab.index + tab[0].length - 1);
    const line = before.split("\n").length;
    refuse(`${line}:${tab[0].length}`, "a tab indents this line; YAML allows spaces only");
  }
  const document = parseDocument(text, { lineCounter: lines, intAsBigInt: false, version: "1.2" });
  const [error] = document.errors;
  if (error !== undefined) {
    const why = error.code === "DUPLICATE_KEY"
      ? "this name stands here twice"
      : error.message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, "");
    refuse(place(error.pos[0]), why);
  }
  const { contents } = document;
  if (contents === null) return [];
  if (!isMap(contents)) return refuse("1:1", "it is no list of `name: value` lines");
  return contents.items.map(({ key, value }) => {
    if (!isScalar(key) || typeof key.value !== "string") {
      const at = isScalar(key) && key.range ? place(key.range[0]) : "1:1";
      return refuse(at, "a key that is no plain name");
    }
    const keyAt = place(key.range![0]);
    if (value === null) return { key: key.value, value: null, source: "", keyAt, valueAt: keyAt };
    if (!isScalar(value)) return refuse(keyAt, `\`${key.value}\` has no single value`);
    return {
      key: key.value,
      value: value.value as YamlEntry["value"],
      source: value.source ?? "",
      keyAt,
      valueAt: place(value.range![0]),
    };
  });
}
