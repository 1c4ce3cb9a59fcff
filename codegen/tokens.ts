/**
 * The tokens of a text in TypeScript, or in JSON with comments, with their places.
 *
 * Thread rules: none; pure functions.
 */

import jsTokens from "js-tokens";

/** A token. White space and line ends are none. */
export interface CodeToken {
  readonly type: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** On which it begins, from 1. */
  readonly line: number;
  /** False for a string, template or comment that the text ends within. */
  readonly isClosed: boolean;
}

/** Tokens of a text, comments too. */
export function* codeTokens(text: string): Generator<CodeToken> {
  let start = 0;
  let line = 1;
  for (const token of jsTokens(text)) {
    const { type, value } = token;
    const end = start + value.length;
    const isClosed = !("closed" in token) || token.closed;
    if (type !== "WhiteSpace" && type !== "LineTerminatorSequence") {
      yield { type, text: value, start, end, line, isClosed };
    }
    if (type === "LineTerminatorSequence") line++;
    else if (/Comment$|Literal$|Template/.test(type)) line += value.split(/\r\n|\n|\r/).length - 1;
    start = end;
  }
}

/** Tokens without comments. */
export function plainTokens(text: string): CodeToken[] {
  return [...codeTokens(text)].filter(({ type }) => !type.endsWith("Comment"));
}
