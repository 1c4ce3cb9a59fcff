/**
 * Sizes, times and rates as people write and read them.
 *
 * Thread rules: none; plain functions.
 */

import { usageError } from "./command.ts";

/** Powers of 1024. The larger ones are outside every range, and an error that says so. */
const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  p: 2 ** 50,
};
const HINT =
  "write it like 65536, 64k or 64KiB, 512MiB, 2GiB; units are powers of 1024, no MB or GB";

/**
 * Reads a size: `65536`, `64k`, `64KiB`, `1.5g`. Units are powers of 1024. Throws CHI-1001.
 *
 * @param what The option's name, for the message.
 */
export function parseSize(what: string, minBytes: number, maxBytes: number) {
  return (text: string): number => {
    const match = /^(\d+(?:\.\d+)?)([kmgtp]?)(?:ib)?$/i.exec(text.trim());
    if (match === null) {
      throw usageError(what, `\`${text}\` is not a size`, HINT);
    }
    const bytes = Math.floor(Number(match[1]) * UNITS[match[2]!.toLowerCase()]!);
    if (bytes < minBytes || bytes > maxBytes) {
      const range = `${formatSize(minBytes)} to ${formatSize(maxBytes)}`;
      throw usageError(what, `\`${text}\` is outside ${range}`);
    }
    return bytes;
  };
}

/** `1.5 MiB`. */
export function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes;
  let unit = "B";
  for (const next of ["KiB", "MiB", "GiB", "TiB"]) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return `${
    value.toFixed(value < 10 && !Number.isInteger(value) ? 2 : value < 100 ? 1 : 0)
  } ${unit}`
    .replace(/\.0+ /, " ");
}

/** `850 ms`, `2.5 s`, `3 min`, `4 h`, `5 d`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h`;
  return `${Math.floor(ms / 86_400_000)} d`;
}

/** `1 task`, `2 tasks`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** `1.23 GB/s` of so many bytes in so many seconds; decimal, as storage rates are. */
export function formatRate(bytes: number, seconds: number): string {
  const rate = seconds > 0 ? bytes / seconds : 0;
  return rate >= 1e9 ? `${(rate / 1e9).toFixed(2)} GB/s` : `${(rate / 1e6).toFixed(1)} MB/s`;
}
