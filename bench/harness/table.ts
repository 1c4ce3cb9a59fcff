/** The table that people read. Pure functions. */

import type { Measured, Result } from "./result.ts";

const COLUMNS = [
  { title: "bench", width: 30 },
  { title: "ours", width: 16 },
  { title: "peer", width: 16 },
  { title: "ratio ± MAD", width: 16 },
  { title: "bar", width: 26 },
] as const;

const STEPS = [[1e6, "M"], [1e3, "k"]] as const;

/** A figure with its unit: `5.12 us`, `4.81 Mop/s`. */
export function formatFigure(value: number, unit: string): string {
  if (unit !== "op/s") return `${value.toPrecision(3)} ${unit}`;
  for (const [size, letter] of STEPS) {
    if (value >= size) return `${(value / size).toPrecision(3)} ${letter}${unit}`;
  }
  return `${value.toPrecision(3)} ${unit}`;
}

function row(cells: readonly string[], end: string): string {
  const padded = COLUMNS.map(({ width }, index) => (cells[index] ?? "").padEnd(width));
  return `${padded.join("  ")}  ${end}`;
}

/** The line above the table. */
export function tableHead(): string {
  return row(COLUMNS.map(({ title }) => title), "");
}

function ratioCell({ ratio, mad, unit }: Measured): string {
  if (ratio === null) return `± ${formatFigure(mad, unit)}`;
  return `${ratio.toPrecision(3)} ± ${mad.toFixed(2)}`;
}

/** One line of the table, with the peer's name, and what was measured, on lines below. */
export function tableRow(result: Result): string {
  if ("skipped" in result) {
    return `${result.bench.padEnd(COLUMNS[0].width)}  ${
      result.failed ? "failed" : "skipped"
    }: ${result.skipped}`;
  }
  const { bench, ours, unit, peer, peerValue, bar, ok, note } = result;
  const cells = [
    bench,
    formatFigure(ours, unit),
    peerValue === null ? "" : formatFigure(peerValue, unit),
    ratioCell(result),
    bar,
  ];
  const line = row(cells, ok ? "ok" : "MISSED");
  const below = [
    ...peer === null ? [] : [`peer: ${peer}`],
    ...note === undefined ? [] : [`measured: ${note}`],
  ];
  return [line, ...below].join("\n    ");
}
