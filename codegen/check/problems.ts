/**
 * What is wrong in a repo, each with its place: what `repo check` finds.
 *
 * Thread rules: none; plain values.
 */

/** A place in a file of a repo. */
export interface SourcePlace {
  /** Relative to the repo's folder. */
  readonly file: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

/** Something that the types of a program do not allow. */
export interface TypeProblem extends SourcePlace {
  /** The compiler's: `TS2322`. */
  readonly code: string;
  readonly message: string;
}

/** `compressor/compressor_runtime.ts:12:3`. */
export function placeText({ file, line, column }: SourcePlace): string {
  return `${file}:${line}:${column}`;
}
