/**
 * Edits of a text that leave everything else in it as it is, to the byte.
 *
 * Thread rules: none; pure functions.
 */

/** Takes out what stands from `start` to `end`, and puts `text` there; offsets of the old text. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A line of a text. */
export interface TextLine {
  readonly start: number;
  /** Of what stands on it, without its line end. */
  readonly end: number;
}

const LINE_END = /\r\n|\n|\r/g;

/** The text after edits that do not overlap; several at one place come in their order. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let result = "";
  let at = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (edit.start < at) throw new RangeError(`edits overlap at ${edit.start}`);
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}

/** An edit that only adds. */
export function insertion(at: number, text: string): TextEdit {
  return { start: at, end: at, text };
}

/** The line end that is used around a place; the file's first one, at its end. */
export function lineEndAt(text: string, at: number): string {
  LINE_END.lastIndex = at;
  const next = LINE_END.exec(text);
  if (next !== null) return next[0];
  LINE_END.lastIndex = 0;
  return LINE_END.exec(text)?.[0] ?? "\n";
}

/** The line that a place is on. */
export function lineAt(text: string, at: number): TextLine {
  let start = at;
  while (start > 0 && !isLineEnd(text, start - 1)) start--;
  let end = at;
  while (end < text.length && !isLineEnd(text, end)) end++;
  return { start, end };
}

/** The line above another one; null when there is none. */
export function lineAbove(text: string, { start }: TextLine): TextLine | null {
  if (start === 0) return null;
  const isPair = text[start - 1] === "\n" && text[start - 2] === "\r";
  return lineAt(text, start - (isPair ? 2 : 1));
}

/** Length of the line end at a place; 0 where there is none. */
export function lineEndLength(text: string, at: number): number {
  if (text[at] === "\r") return text[at + 1] === "\n" ? 2 : 1;
  return text[at] === "\n" ? 1 : 0;
}

function isLineEnd(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 10 || code === 13;
}

/** What a line begins with before anything stands on it. */
export function indentOf(text: string, line: TextLine): string {
  return /^[\t ]*/.exec(text.slice(line.start, line.end))![0];
}
