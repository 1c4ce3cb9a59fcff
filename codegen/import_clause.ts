/**
 * Takes an `import` statement apart: the names between its braces, with their places.
 *
 * Thread rules: none; pure functions.
 */

import type { ImportStatement } from "../runtime/repo/mod.ts";

/** A name between the braces. */
export interface Specifier {
  readonly exported: string;
  readonly local: string;
  readonly use: "type" | "value";
  /** Offsets in the file, of everything but the comma. */
  readonly start: number;
  readonly end: number;
  readonly hasComma: boolean;
  readonly commaEnd: number;
}

/** An `import … from "…"`. */
export interface Statement {
  readonly from: string;
  readonly start: number;
  readonly end: number;
  /** `import type { … }`. */
  readonly isType: boolean;
  readonly specifiers: readonly Specifier[];
  /** All names that it gives the file: default and namespace too. */
  readonly locals: readonly string[];
  /** Whether names may be put between its braces: there are some, and no comments among them. */
  readonly isPlain: boolean;
  /** Whether it has nothing but what is between the braces. */
  readonly isOnlyNames: boolean;
}

const HEAD = /^import(\s+type(?=\s*[{*\w])(?!\s+from\b))?\s*/;
const SPECIFIER = /(type\s+(?!as\b))?([\w$]+)(?:\s+as\s+([\w$]+))?(\s*,)?/g;

/** The statement at a place; null for what is no `import` with a `from`. */
export function statementOf(text: string, { specifier, at }: ImportStatement): Statement | null {
  const whole = text.slice(at.start, at.end);
  const clause = /^import\b(?!\s*\()(?:(?!\bfrom\s*["'])[^])*(?=\bfrom\s*["'])/.exec(whole)?.[0];
  if (clause === undefined) return null;
  const plain = withoutComments(clause);
  const isType = HEAD.exec(plain)?.[1] !== undefined;
  const open = plain.indexOf("{");
  const close = plain.lastIndexOf("}");
  const specifiers = open < 0 ? [] : specifiersOf(plain, open + 1, close, at.start, isType);
  const outside = open < 0 ? plain : plain.slice(0, open) + plain.slice(close + 1);
  const others = [...outside.replace(HEAD, "").matchAll(/[\w$]+/g)].map(([word]) => word)
    .filter((word) => word !== "as" && word !== "type" && word !== "import");
  return {
    from: specifier,
    ...at,
    isType,
    specifiers,
    locals: [...specifiers.map(({ local }) => local), ...others],
    isPlain: plain === clause && specifiers.length > 0,
    isOnlyNames: others.length === 0,
  };
}

/** The names in a stretch of a clause that begins at offset `base` of its file. */
export function specifiersOf(
  clause: string,
  start: number,
  end: number,
  base: number,
  isType: boolean,
): Specifier[] {
  return [...clause.slice(start, end).matchAll(SPECIFIER)].map((match) => {
    const [whole, type, exported, local, comma = ""] = match;
    const at = base + start + match.index;
    return {
      exported: exported!,
      local: local ?? exported!,
      use: isType || type !== undefined ? "type" : "value",
      start: at,
      end: at + whole.length - comma.length,
      hasComma: comma !== "",
      commaEnd: at + whole.length,
    };
  });
}

/** The same length, blanks for comments. */
function withoutComments(clause: string): string {
  return clause.replace(/\/\*[^]*?\*\/|\/\/[^\r\n]*/g, (comment) => comment.replace(/\S/g, " "));
}
