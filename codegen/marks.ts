/**
 * Finds the marks in an author's file.
 *
 *   // CHI_BEGIN(Compress)         a mark is a line comment that begins its line
 *   …
 *   // CHI_END(Compress)
 *   // CHI_AUTOGEN_METHODS  // keep at class bottom
 *
 * The same words in a string, a template or a block comment are no marks.
 *
 * Thread rules: none; pure functions.
 */

import { ChimaeraError } from "../runtime/errors.ts";
import { lineAt, type TextLine } from "./text_edit.ts";
import { codeTokens } from "./tokens.ts";

/** What stands between two marks. */
export interface Block {
  /** As in its marks: `Compress`. */
  readonly name: string;
  readonly begin: MarkLine;
  readonly end: MarkLine;
}

/** The line of a mark. */
export interface MarkLine extends TextLine {
  /** From 1. */
  readonly number: number;
}

/** The marks of a file, and what is wrong with them. */
export interface Marks {
  readonly blocks: ReadonlyMap<string, Block>;
  /** The line before which methods are put that have no neighbour. */
  readonly autogen: MarkLine | null;
  readonly problems: readonly ChimaeraError[];
}

interface Mark {
  readonly word: "BEGIN" | "END" | "AUTOGEN_METHODS";
  readonly name: string;
  readonly line: MarkLine;
  /** Of its slashes. */
  readonly at: number;
}

const WORD = "CHI_";
const MARK =
  /^([^\S\r\n]*)\/\/[^\S\r\n]*CHI_(?:(BEGIN|END)[^\S\r\n]*\(([^)\r\n]*)\)|(AUTOGEN_METHODS)\b)/;
const NAME = /^\w+$/;

/**
 * The marks of a text.
 *
 * @param file As errors name it.
 */
export function findMarks(text: string, file: string): Marks {
  const found = candidates(text);
  const problems: ChimaeraError[] = [];
  const refuse = (line: number, why: string) =>
    void problems.push(new ChimaeraError("badModuleFile", { what: `${file}:${line}`, why }));
  const marks = mayMislead(text, found) ? confirmed(text, found, refuse) : found;
  const blocks = new Map<string, Block>();
  let autogen: MarkLine | null = null;
  let open: Mark | null = null;
  for (const mark of marks) {
    const { word, name, line } = mark;
    if (word === "AUTOGEN_METHODS") {
      if (open !== null) refuse(line.number, `it stands within ${textOf(open)}`);
      if (autogen === null) autogen = line;
      else refuse(line.number, `CHI_AUTOGEN_METHODS stands in line ${autogen.number} already`);
    } else if (!NAME.test(name)) {
      refuse(line.number, `CHI_${word}(${name}) has no method's name in its brackets`);
    } else if (word === "BEGIN") {
      const earlier = blocks.get(name);
      if (open !== null) {
        refuse(line.number, `CHI_BEGIN(${name}) stands within ${textOf(open)}`);
      } else if (earlier !== undefined) {
        const where = `line ${earlier.begin.number}`;
        refuse(line.number, `CHI_BEGIN(${name}) stands in ${where} already`);
      }
      open = mark;
    } else if (open?.name === name) {
      blocks.set(name, { name, begin: open.line, end: line });
      open = null;
    } else if (open !== null) {
      refuse(line.number, `CHI_END(${name}) stands where CHI_END(${open.name}) is missing`);
      open = null;
    } else {
      refuse(line.number, `CHI_END(${name}) has no CHI_BEGIN(${name}) before it`);
    }
  }
  if (open !== null) refuse(open.line.number, `CHI_BEGIN(${open.name}) has no CHI_END`);
  return { blocks, autogen, problems };
}

function textOf({ name, line }: Mark): string {
  return `CHI_BEGIN(${name}) of line ${line.number}`;
}

/** Lines that look like marks. */
function candidates(text: string): Mark[] {
  const marks: Mark[] = [];
  let number = 1;
  let counted = 0;
  for (let at = text.indexOf(WORD); at >= 0; at = text.indexOf(WORD, at + 1)) {
    const line = lineAt(text, at);
    const match = MARK.exec(text.slice(line.start, line.end));
    if (match === null || line.start + match[0].indexOf(WORD) !== at) continue;
    for (; counted < line.start; counted++) {
      const code = text.charCodeAt(counted);
      if (code === 10 || (code === 13 && text.charCodeAt(counted + 1) !== 10)) number++;
    }
    marks.push({
      word: (match[2] ?? match[4]) as Mark["word"],
      name: (match[3] ?? "").trim(),
      line: { ...line, number },
      at: line.start + match[1]!.length,
    });
  }
  return marks;
}

/**
 * Whether one of the lines may stand in a template, a string that goes on over lines, or a block
 * comment. Every comment lies within a stretch from some `/*` to the next end of a comment, whatever
 * else those stretches are.
 */
function mayMislead(text: string, marks: readonly Mark[]): boolean {
  if (text.includes("`") || text.includes("\\\n") || text.includes("\\\r")) return true;
  let next = 0;
  for (let start = text.indexOf("/*"); start >= 0;) {
    const close = text.indexOf("*/", start + 2);
    const end = close < 0 ? text.length : close;
    while (next < marks.length && marks[next]!.at < start) next++;
    if (next < marks.length && marks[next]!.at < end) return true;
    start = text.indexOf("/*", end + 2);
  }
  return false;
}

/** Those that are line comments. */
function confirmed(
  text: string,
  marks: readonly Mark[],
  refuse: (line: number, why: string) => void,
): Mark[] {
  const comments = new Set<number>();
  for (const { type, start, isClosed, line } of codeTokens(text)) {
    if (type === "SingleLineComment") comments.add(start);
    if (!isClosed && type !== "StringLiteral" && type !== "RegularExpressionLiteral") {
      const what = type === "MultiLineComment" ? "comment" : "template";
      refuse(line, `the ${what} that begins here has no end`);
    }
  }
  return marks.filter(({ at }) => comments.has(at));
}
