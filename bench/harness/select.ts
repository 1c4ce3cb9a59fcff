/** Which lines a command line asks for. Pure functions. */

/** Whether `name` is `prefix` or lies below it: `task.s` is no prefix of `task.sync`. */
export function hasPrefix(name: string, prefix: string): boolean {
  return name === prefix || name.startsWith(`${prefix}.`);
}

/** What {@linkcode selectLines} found. */
export interface Selection<Line> {
  /** In the order of the table, each once. */
  readonly lines: Line[];
  /** Prefixes that name no line. */
  readonly unknown: string[];
}

/** The lines below any of the prefixes; without prefixes, all. */
export function selectLines<Line extends { readonly name: string }>(
  lines: readonly Line[],
  prefixes: readonly string[],
): Selection<Line> {
  if (prefixes.length === 0) return { lines: [...lines], unknown: [] };
  return {
    lines: lines.filter((line) => prefixes.some((prefix) => hasPrefix(line.name, prefix))),
    unknown: prefixes.filter((prefix) => !lines.some((line) => hasPrefix(line.name, prefix))),
  };
}
