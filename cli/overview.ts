/** The list of commands, as `--help` shows it. */

import type { CommandEntry, GroupText } from "./command_table.ts";

const ABOUT = "An I/O runtime: tasks of client programs, run by modules on the lanes of a node.";

/**
 * The text of `chimaera --help`, or of a group of commands.
 *
 * @param usage Words before the command's own.
 * @param about What the group is for, and a line as one would type it; the program, when absent.
 */
export function overview(
  usage: string,
  entries: readonly CommandEntry[],
  { about, example }: GroupText = { about: ABOUT, example: entries[0]!.name },
): string {
  const width = Math.max(...entries.map(({ name }) => name.length));
  const lines = entries.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: ${usage} <command> [options]

${about}

Commands:
${lines.join("\n")}

Run \`chimaera <command> --help\` for its options and an example.
Exit codes: 0 done, 1 failed, 2 wrong usage.

Example: chimaera ${example}`;
}

/**
 * What the user may have meant, as the end of a sentence: a command, or a group of them. With a
 * group as the first word, a command of it.
 */
export function nearest(words: readonly string[], entries: readonly CommandEntry[]): string {
  const found = commandLike(words, entries);
  return found === null ? "" : `; \`${found}\` perhaps`;
}

function commandLike(
  [first = "", second]: readonly string[],
  entries: readonly CommandEntry[],
): string | null {
  const names = entries.map(({ name }) => name.split(" "));
  const head = closest(first, names.map(([one]) => one!));
  if (head === null || second === undefined) return head;
  const inGroup = names.flatMap(([one, two]) => one === head && two !== undefined ? [two] : []);
  const tail = closest(second, inGroup);
  if (tail !== null) return `${head} ${tail}`;
  // Of a group that was typed right, its name is no news.
  return head === first ? null : head;
}

/** The word that is most like another one; null when none is like it. */
function closest(typed: string, words: readonly string[]): string | null {
  let best: string | null = null;
  let least = Infinity;
  for (const word of new Set(words)) {
    const distance = distanceOf(typed, word);
    if (distance < least) [best, least] = [word, distance];
  }
  return best;
}

/** How far a word is from one that was typed; infinite when nobody would take it for that. */
function distanceOf(typed: string, word: string): number {
  if (typed === word) return 0;
  const shorter = Math.min(typed.length, word.length);
  if (shorter >= 3 && (word.startsWith(typed) || typed.startsWith(word))) return 0.5;
  const changes = changesBetween(typed, word);
  return changes <= Math.max(1, Math.floor(shorter / 3)) && changes < shorter ? changes : Infinity;
}

/** Letters to be put in, taken out, replaced, or swapped with the next one. */
function changesBetween(a: string, b: string): number {
  let [before, last]: [number[], number[]] = [
    [],
    Array.from({ length: b.length + 1 }, (_, k) => k),
  ];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, replaced);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwapped) row[j] = Math.min(row[j]!, before[j - 2]! + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
