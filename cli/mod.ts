/**
 * The command line of the executable: finds the command, runs it, shows what went wrong.
 *
 * Standard output carries results and nothing else; everything for the reader's eyes (banners,
 * progress, warnings, errors) goes to standard error.
 */

import type { HelpText } from "./command.ts";
import { COMMANDS, GROUPS } from "./command_table.ts";
import { printLine } from "./output.ts";

/** Runs the program with these words; returns the exit code. */
export async function runCli(words: readonly string[]): Promise<number> {
  try {
    return await dispatch(words);
  } catch (thrown) {
    const { showFailure } = await import("./failure.ts");
    return showFailure(thrown, words);
  }
}

async function dispatch(words: readonly string[]): Promise<number> {
  const asked = words[0] === "help" ? [...words.slice(1), "--help"] : words;
  const first = asked[0] === "--version" ? "version" : asked[0];
  const entry = COMMANDS.find(({ name }) => name === first || name === `${first} ${asked[1]}`);
  if (entry === undefined) return await overviewOf(first, asked);
  const { runCommand } = await import("./command.ts");
  const rest = asked.slice(entry.name.split(" ").length);
  const result = await runCommand(entry.name, entry.summary, await entry.load(), rest);
  return typeof result === "number" ? result : print(result);
}

function print(help: HelpText): number {
  printLine(help.text);
  return 0;
}

/** The list of all commands, or of a group's; CHI-1001 when it was not asked for. */
async function overviewOf(first: string | undefined, words: readonly string[]): Promise<number> {
  const [{ ExitCode, usageError }, { nearest, overview }] = await Promise.all([
    import("./command.ts"),
    import("./overview.ts"),
  ]);
  const shown = COMMANDS.filter(({ hidden }) => hidden !== true);
  if (first === undefined) {
    console.error(overview("chimaera", shown));
    return ExitCode.usage;
  }
  if (isHelp(first)) {
    printLine(overview("chimaera", shown));
    return ExitCode.ok;
  }
  if (first.startsWith("-")) {
    const hint = "options come after the command, as in `chimaera status --json`";
    throw usageError("chimaera", `\`${first}\` is no command`, hint);
  }
  const group = shown.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length === 0) {
    const meant = nearest(words.filter((word) => !word.startsWith("-")), shown);
    throw usageError("chimaera", `there is no command \`${first}\`${meant}`);
  }
  const second = words[1];
  if (second === undefined) {
    console.error(overview(`chimaera ${first}`, group, GROUPS[first]));
    return ExitCode.usage;
  }
  if (isHelp(second)) {
    printLine(overview(`chimaera ${first}`, group, GROUPS[first]));
    return ExitCode.ok;
  }
  const hint = `run \`chimaera ${first} --help\``;
  const why = `there is no command \`${first} ${second}\`${nearest([first, second], group)}`;
  throw usageError(`chimaera ${first}`, why, hint);
}

function isHelp(word: string): boolean {
  return word === "--help" || word === "-h";
}
