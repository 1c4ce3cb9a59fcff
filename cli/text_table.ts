/** A table of text: columns as wide as they must be, numbers to the right. */

export type Cell = string | number | null;

/**
 * Lays out rows under a head, indented by two.
 *
 * @example
 * ```ts
 * console.log(textTable(["pool", "tasks"], [["admin", 12]]));
 * ```
 */
export function textTable(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = [head, ...rows.map((row) => row.map((cell) => cell === null ? "-" : `${cell}`))];
  const widths = head.map((_, column) => Math.max(...texts.map((row) => row[column]!.length)));
  const isNumber = head.map((_, column) =>
    rows.length > 0 &&
    rows.every((row) => typeof row[column] === "number" || row[column] === null)
  );
  return texts.map((row) =>
    "  " +
    row.map((text, column) =>
      isNumber[column] ? text.padStart(widths[column]!) : text.padEnd(widths[column]!)
    ).join("  ").trimEnd()
  ).join("\n");
}
