/** The list of commands, as `--help` shows it. */

import type { CommandEntry } from "./command_table.ts";

const ABOUT = "An I/O runtime: tasks of client programs, run by modules on the lanes of a node.";

/**
 * The text of `chimaera --help`, or of a group of commands.
 *
 * @param usage Words before the command's own.
 * @param about What the group is for; the program, when absent.
 */
export function overview(
  usage: string,
  entries: readonly CommandEntry[],
  about: string = ABOUT,
): string {
  const width = Math.max(...entries.map(({ name }) => name.length));
  const lines = entries.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: ${usage} <command> [options]

${about}

Commands:
${lines.join("\n")}

Run \`chimaera <command> --help\` for its options and an example.
Exit codes: 0 done, 1 failed, 2 wrong usage.

Example: chimaera ${entries[0]!.name}`;
}

/** A command that the user may have meant, as the end of a sentence. */
export function nearest(typed: string, entries: readonly CommandEntry[]): string {
  const start = typed.slice(0, 3);
  const near = entries.find(({ name }) => start.length === 3 && name.startsWith(start));
  return near === undefined ? "" : `; \`${near.name}\` perhaps`;
}
