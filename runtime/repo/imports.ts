/**
 * What a file of a module imports, with the places of the specifiers. Nothing is run.
 *
 * Thread rules: plain functions; the lexer is made ready once per isolate.
 */

import { type Import, init, parse } from "es-module-lexer";
import { ChimaeraError } from "../errors.ts";

/** One import that is there at run time. */
export interface ModuleImport {
  /** As the author wrote it; null for `import(expression)`, which nobody can judge beforehand. */
  readonly specifier: string | null;
  /** Of the specifier in the text, without its quotes. */
  readonly start: number;
  readonly end: number;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

/** An `import` or `export … from` statement, or an `import("…")`; types that are imported as such are among them. */
export interface ImportStatement {
  readonly specifier: string;
  /** Of the specifier in the text, without its quotes. */
  readonly specifierAt: Span;
  /** From its first word to its last quote or bracket, without a semicolon. */
  readonly at: Span;
}

/** Offsets in a text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The imports of a TypeScript or JavaScript text. Types that are imported as such are left out: they
 * are gone at run time. Throws CHI-4005 for a text that cannot be read as a module.
 *
 * @param file As errors name it.
 */
export async function importsOf(text: string, file: string): Promise<ModuleImport[]> {
  const imports: ModuleImport[] = [];
  for (const one of await lex(text, file)) {
    if (one.type === "import-meta") continue;
    if ("typeOnly" in one && one.typeOnly) continue;
    const isLiteral = one.specifier !== undefined && !("glob" in one && one.glob);
    const place = placeOf(text, one.start);
    imports.push({
      specifier: isLiteral ? one.specifier! : null,
      start: one.start,
      end: one.end,
      ...place,
    });
  }
  return imports;
}

/**
 * The statements of a text that name another module, `import("…")` too. Throws CHI-4005 as above.
 *
 * @param file As errors name it.
 */
export async function importStatementsOf(text: string, file: string): Promise<ImportStatement[]> {
  const statements: ImportStatement[] = [];
  for (const one of await lex(text, file)) {
    if (one.type === "import-meta" || one.specifier === undefined) continue;
    if ("glob" in one && one.glob) continue;
    const quotes = one.type === "dynamic" ? 1 : 0;
    statements.push({
      specifier: one.specifier,
      specifierAt: { start: one.start + quotes, end: one.end - quotes },
      at: { start: one.importStart, end: one.importEnd },
    });
  }
  return statements;
}

async function lex(text: string, file: string): Promise<readonly Import[]> {
  await init();
  try {
    return parse(text, file)[0];
  } catch (thrown) {
    const at = (thrown as { idx?: number }).idx;
    const { line, column } = placeOf(text, at ?? 0);
    throw new ChimaeraError("moduleLoad", {
      what: at === undefined ? file : `${file}:${line}:${column}`,
      why: "it cannot be read as a module",
      cause: thrown,
    });
  }
}

function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
