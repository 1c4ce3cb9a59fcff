/**
 * YAML files of a repo, read so that everything in them has its place: `file:line:column`.
 *
 * A file is one flat map of names to single values. What is no such thing is refused where it
 * stands; aliases are never followed, so a file cannot grow while it is read.
 *
 * Thread rules: plain functions.
 */

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  LineCounter,
  type Pair,
  parseDocument,
} from "yaml";
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

/** What a file holds, and what is wrong with it, both in the order of the text. */
export interface YamlFile {
  readonly entries: readonly YamlEntry[];
  readonly problems: readonly ChimaeraError[];
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
  const { entries, problems } = readYaml(text, file, kind);
  if (problems.length > 0) throw problems[0]!;
  return [...entries];
}

/** As {@linkcode readYamlEntries}, with all that is wrong instead of a throw. */
export function readYaml(text: string, file: string, kind: ErrorName): YamlFile {
  return new Reader(text, file, kind).read();
}

class Reader {
  readonly #text: string;
  readonly #file: string;
  readonly #kind: ErrorName;
  readonly #lines = new LineCounter();
  readonly #entries: YamlEntry[] = [];
  /** Lines of the keys so far. */
  readonly #seen = new Map<string, string>();
  readonly #problems: ChimaeraError[] = [];

  constructor(text: string, file: string, kind: ErrorName) {
    this.#text = text;
    this.#file = file;
    this.#kind = kind;
  }

  read(): YamlFile {
    const document = this.#parse();
    if (document !== null) this.#take(document);
    return { entries: this.#entries, problems: this.#problems };
  }

  /** The text as nodes; null when it is not worth a look at them. */
  #parse(): Document.Parsed | null {
    const { length } = this.#text;
    if (length > FILE_CHARACTERS_MAX) {
      const most = `at most ${FILE_CHARACTERS_MAX}; shorten the file`;
      this.#refuse(0, `${length} characters are too many, ${most}`);
      return null;
    }
    const options = { lineCounter: this.#lines, uniqueKeys: false, version: "1.2" } as const;
    const document = parseDocument(this.#text, options);
    // The parser's words for a tab depend on what stands before it.
    const tabs = [...this.#text.matchAll(/^ *\t(?=[\t ]*[^\s#])/gm)];
    for (const { index, 0: found } of tabs) {
      const at = index + found.length - 1;
      this.#refuse(at, "a tab indents this line; YAML allows spaces only");
    }
    if (tabs.length > 0) return null;
    for (const { code, message, pos } of document.errors) {
      const why = code === "MULTIPLE_DOCS"
        ? "a second document begins here; the file is one: take this line out"
        : message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, "");
      this.#refuse(pos[0], why);
    }
    return document.errors.length > 0 ? null : document;
  }

  #take({ contents }: Document.Parsed): void {
    if (contents === null) return;
    if (isMap(contents)) { for (const pair of contents.items) this.#takePair(pair); }
    else if (!isScalar(contents) || contents.value !== null) {
      this.#refuse(
        contents.range[0],
        "it is no list of `name: value` lines; write one such line for each name",
      );
    }
  }

  #takePair({ key, value }: Pair): void {
    if (!isScalar(key) || typeof key.value !== "string") {
      const range = (key as { range?: readonly number[] | null } | null)?.range;
      return this.#refuse(
        range?.[0] ?? 0,
        "a key that is no plain name; write letters, digits and _",
      );
    }
    const keyAt = this.#place(key.range![0]);
    const earlier = this.#seen.get(key.value);
    if (earlier !== undefined) {
      const where = `stands in line ${earlier} already`;
      return this.#refuse(key.range![0], `\`${key.value}\` ${where}; remove one of them`);
    }
    this.#seen.set(key.value, keyAt.split(":")[0]!);
    const empty = { key: key.value, value: null, source: "", keyAt, valueAt: keyAt };
    if (value === null) return void this.#entries.push(empty);
    if (!isScalar(value)) {
      const what = isAlias(value) ? `the alias \`*${value.source}\`` : "more than one value";
      return this.#refuse(key.range![0], `\`${key.value}\` has ${what}; write a single value`);
    }
    this.#entries.push({
      ...empty,
      value: value.value as YamlEntry["value"],
      source: value.source ?? "",
      valueAt: value.source === "" && value.value === null ? keyAt : this.#place(value.range![0]),
    });
  }

  #place(offset: number): string {
    if (offset === 0) return "1:1"; // Also of a text that was not read.
    const { line, col } = this.#lines.linePos(offset);
    return `${line}:${col}`;
  }

  /** Notes what is wrong at an offset. */
  #refuse(at: number, why: string): void {
    const what = `${this.#file}:${this.#place(at)}`;
    this.#problems.push(new ChimaeraError(this.#kind, { what, why }));
  }
}
