/**
 * What an author's file imports, and what a block that is put into it needs besides.
 *
 * An import is added by insertion: of a name in the braces of a statement, where the formatter would
 * have it, or of a statement below the others. Nothing that is there is written anew.
 *
 * Thread rules: plain functions; the lexer is made ready once per isolate.
 */

import { importStatementsOf } from "../runtime/repo/mod.ts";
import { type Specifier, type Statement, statementOf } from "./import_clause.ts";
import { plainTokens } from "./tokens.ts";
import { insertion, lineAt, lineEndAt, lineEndLength, type TextEdit } from "./text_edit.ts";

const COLUMNS = 100;

/** Whether a name is used as a type only, or at run time. */
export type Use = "type" | "value";

interface Addition {
  readonly from: string;
  readonly exported: string;
  readonly local: string;
  readonly use: Use;
}

/** A stretch of the file. */
interface Place {
  readonly start: number;
  readonly end: number;
}

/** Whether something begins in one of these places. */
function isWithin({ start }: Place, places: readonly Place[]): boolean {
  return places.some((place) => start >= place.start && start < place.end);
}

/** The imports of one file. */
export class FileImports {
  readonly #text: string;
  readonly #statements: readonly Statement[];
  /** Statements that are not to be counted on. */
  readonly #others: readonly Statement[];
  readonly #unused: readonly Place[];
  readonly #additions: Addition[] = [];
  /** Answers of `name`. */
  readonly #names = new Map<string, string>();

  private constructor(text: string, all: readonly Statement[], unused: readonly Place[]) {
    const isUnused = (one: Statement) => isWithin(one, unused);
    this.#text = text;
    this.#statements = all.filter((one) => !isUnused(one));
    this.#others = all.filter(isUnused);
    this.#unused = unused;
  }

  /**
   * Reads them. Throws CHI-4005 for a text that is no module.
   *
   * @param unused Places whose statements may go any day: no name of theirs is used, and they are
   * left as they are.
   */
  static async of(text: string, file: string, unused: readonly Place[]): Promise<FileImports> {
    const found = await importStatementsOf(text, file);
    const all = found.flatMap((one) => statementOf(text, one) ?? []);
    return new FileImports(text, all, unused);
  }

  /** The name that the file has, or will have, for what another one exports. */
  name(from: string, exported: string, use: Use): string {
    const key = `${use} ${from} ${exported}`;
    let local = this.#names.get(key);
    if (local === undefined) this.#names.set(key, local = this.#find(from, exported, use));
    return local;
  }

  #find(from: string, exported: string, use: Use): string {
    const isSame = (one: { exported: string; use: Use }) =>
      one.exported === exported && (use === "type" || one.use === "value");
    const there = this.#statements.filter((one) => one.from === from);
    const known = there.flatMap(({ specifiers }) => specifiers).find(isSame) ??
      this.#additions.find((one) => one.from === from && isSame(one));
    if (known !== undefined) return known.local;
    const local = this.#freeName(exported, use);
    this.#additions.push({ from, exported, local, use });
    return local;
  }

  /** What is to be put into the file, for all names that it did not have. */
  get edits(): TextEdit[] {
    const edits: TextEdit[] = [];
    for (const [from, additions] of Map.groupBy(this.#additions, ({ from }) => from)) {
      edits.push(...this.#place(from, additions.toSorted(byExported)));
    }
    return edits;
  }

  /**
   * Takes names out that another file does not export any more. One that the author uses outside of
   * the unused places stays: what became of it is for the author to say.
   */
  removal(from: string, exported: readonly string[]): TextEdit[] {
    const used = this.#usedWords();
    return this.#statements.filter((one) => one.from === from).flatMap((statement) => {
      const gone = statement.specifiers.filter((one) =>
        exported.includes(one.exported) && !used.has(one.local)
      );
      if (gone.length === 0) return [];
      if (gone.length === statement.specifiers.length && statement.isOnlyNames) {
        return [this.#wholeLines(statement)];
      }
      return withCommas(statement.specifiers, gone);
    });
  }

  /** All words of the code but those of imports and of the unused places. */
  #usedWords(): Set<string> {
    const places = [...this.#statements, ...this.#unused];
    const tokens = plainTokens(this.#text).filter((token) => !isWithin(token, places));
    return new Set(tokens.map(({ text }) => text));
  }

  #freeName(exported: string, use: Use): string {
    if (!this.#isTaken(exported)) return exported;
    const other = `${exported}Value`;
    if (use === "value" && !this.#isTaken(other)) return other;
    let k = 2;
    while (this.#isTaken(`${exported}${k}`)) k++;
    return `${exported}${k}`;
  }

  #isTaken(name: string): boolean {
    if (this.#additions.some(({ local }) => local === name)) return true;
    if (this.#statements.some(({ locals }) => locals.includes(name))) return true;
    if (this.#others.some(({ locals }) => locals.includes(name))) return true;
    if (!this.#text.includes(name)) return false;
    const declares = `\\b(?:class|const|let|var|function|type|interface|enum)\\s+${name}\\b`;
    return new RegExp(declares).test(this.#text);
  }

  #place(from: string, additions: readonly Addition[]): TextEdit[] {
    const open = this.#statements.filter((one) => one.from === from && one.isPlain);
    const ofTypes = open.filter(({ isType }) => isType);
    const ofAll = open.filter(({ isType }) => !isType);
    if (ofTypes.length === 0) return this.#into(ofAll, from, additions);
    const { value = [], type = [] } = Object.groupBy(additions, ({ use }) => use);
    return [...this.#into(ofAll, from, value), ...this.#into([...ofTypes, ...ofAll], from, type)];
  }

  /** Names put into the first statement that has room for them, or into one of their own. */
  #into(
    statements: readonly Statement[],
    from: string,
    additions: readonly Addition[],
  ): TextEdit[] {
    if (additions.length === 0) return [];
    for (const statement of statements) {
      const edits = this.#within(statement, additions);
      if (edits !== null) return edits;
    }
    return [this.#newStatement(from, additions)];
  }

  /** Names put into the braces of a statement; null when its line has no room for them. */
  #within(statement: Statement, additions: readonly Addition[]): TextEdit[] | null {
    const { specifiers } = statement;
    const edits = additions.map((one) => {
      const word = wordOf(one, statement.isType);
      const next = specifiers.find((other) => compare(other.exported, one.exported) > 0);
      return next === undefined
        ? this.#after(specifiers.at(-1)!, word)
        : insertion(next.start, `${word},${this.#gapBefore(next)}`);
    });
    const first = lineAt(this.#text, specifiers[0]!.start);
    const isOneLine = specifiers.at(-1)!.end <= first.end;
    const added = edits.reduce((sum, { text }) => sum + text.length, 0);
    const isFull = isOneLine && this.#gapBefore(specifiers[0]!) === " " &&
      first.end - first.start + added > COLUMNS;
    return isFull ? null : edits;
  }

  #after(last: Specifier, word: string): TextEdit {
    const gap = this.#gapBefore(last);
    if (gap === " " || !last.hasComma) return insertion(last.end, `,${gap}${word}`);
    return insertion(last.commaEnd, `${gap}${word},`);
  }

  /** What parts a name from the one before it: a space, or a line end and what lines begin with. */
  #gapBefore({ start }: Specifier): string {
    const line = lineAt(this.#text, start);
    const before = this.#text.slice(line.start, start);
    return /\S/.test(before) ? " " : lineEndAt(this.#text, start) + before;
  }

  #newStatement(from: string, additions: readonly Addition[]): TextEdit {
    const isType = additions.every(({ use }) => use === "type");
    const words = additions.map((one) => wordOf(one, isType));
    const last = this.#statements.findLast((one) => one.from === from) ?? this.#statements.at(-1);
    const end = last === undefined ? startOf(this.#text) : this.#endOf(last);
    const eol = lineEndAt(this.#text, end);
    const open = isType ? "import type {" : "import {";
    const line = `${open} ${words.join(", ")} } from "${from}";`;
    const text = line.length > COLUMNS
      ? [open, ...words.map((word) => `  ${word},`), `} from "${from}";`].join(eol)
      : line;
    return insertion(end, last === undefined ? text + eol : eol + text);
  }

  /** Behind a statement, and behind the comment that its line ends with. */
  #endOf({ end }: Statement): number {
    const line = lineAt(this.#text, end);
    const [rest] = /^;?[\t ]*(?:\/\/.*)?$/.exec(this.#text.slice(end, line.end)) ?? [null];
    if (rest !== null) return line.end;
    return this.#text[end] === ";" ? end + 1 : end;
  }

  #wholeLines(statement: Statement): TextEdit {
    const end = this.#endOf(statement);
    const isAtLineEnd = lineAt(this.#text, end).end === end;
    const next = isAtLineEnd ? end + lineEndLength(this.#text, end) : end;
    return { start: statement.start, end: next, text: "" };
  }
}

/** Takes names out from between braces, each run of neighbours at once. */
function withCommas(all: readonly Specifier[], gone: readonly Specifier[]): TextEdit[] {
  const edits: TextEdit[] = [];
  for (let at = 0; at < all.length; at++) {
    if (!gone.includes(all[at]!)) continue;
    const first = at;
    while (at + 1 < all.length && gone.includes(all[at + 1]!)) at++;
    const [last, next, before] = [all[at]!, all[at + 1], all[first - 1]];
    if (next !== undefined) edits.push({ start: all[first]!.start, end: next.start, text: "" });
    else {
      const start = before === undefined ? all[first]!.start : placeBehind(before, last.hasComma);
      edits.push({ start, end: placeBehind(last, last.hasComma), text: "" });
    }
  }
  return edits;
}

function placeBehind({ end, commaEnd }: Specifier, isWithComma: boolean): number {
  return isWithComma ? commaEnd : end;
}

function wordOf({ exported, local, use }: Addition, isTypeStatement: boolean): string {
  const type = use === "type" && !isTypeStatement ? "type " : "";
  return `${type}${exported}${local === exported ? "" : ` as ${local}`}`;
}

function byExported(a: Addition, b: Addition): number {
  return compare(a.exported, b.exported);
}

/** The formatter's order. */
function compare(a: string, b: string): number {
  const [lowA, lowB] = [a.toLowerCase(), b.toLowerCase()];
  return lowA < lowB ? -1 : lowA > lowB ? 1 : 0;
}

/** Where statements may begin: behind the byte order mark and the line that names a program. */
function startOf(text: string): number {
  return /^\uFEFF?(?:#!.*(?:\r\n|\n|\r|$))?/.exec(text)![0].length;
}
