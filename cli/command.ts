/**
 * What a command of the executable is, and how its words become options.
 *
 * A command's file says which arguments it takes and what it does with them. Parsing, help and the
 * texts of usage errors are the same for all: a wrong word is CHI-1001 and exit code 2.
 *
 * Thread rules: the main isolate.
 */

import { Command, CommanderError } from "commander";
import { ChimaeraError, ERRORS } from "../runtime/errors.ts";

/** Exit codes of every command. */
export const ExitCode = { ok: 0, failed: 1, usage: 2 } as const;

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
}

/** A command: how it is called, and what it does. */
export interface CliCommand<Options extends CommonOptions = CommonOptions> {
  /** Adds arguments and options; `--json` and `--help` are there already. */
  readonly define: (command: Command) => void;
  /** A line as one would type it, without the program's name; shown by `--help`. */
  readonly example: string;
  /** Returns the exit code. Throws a ChimaeraError, which is printed. */
  run(args: readonly string[], options: Options): Promise<number>;
}

/** Words that were asked for and are printed by themselves. */
export class HelpText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A parser with this program's manners; it prints nothing and never ends the process. */
function parserOf(name: string, summary: string): Command {
  return new Command(name)
    .description(`${summary}.`)
    .helpOption("-h, --help", "print this text")
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {}, outputError: () => {} });
}

/** Adds `--instance NAME`. */
export function instanceOption(command: Command): Command {
  return command.option("--instance <name>", "the node's instance", "default");
}

/** Reads a whole number. Throws CHI-1001 when the text is none, or outside the range. */
export function wholeNumber(what: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= min && value <= max) return value;
    throw usageError(what, `\`${text}\` is not a whole number from ${min} to ${max}`);
  };
}

/** CHI-1001. */
export function usageError(what: string, why: string, hint?: string): ChimaeraError {
  return new ChimaeraError("usage", { what, why, hint });
}

/**
 * Parses the words after a command's name and runs it.
 *
 * @returns The exit code, or the help text when that was asked for. Throws CHI-1001.
 */
export async function runCommand(
  name: string,
  summary: string,
  command: CliCommand,
  words: readonly string[],
): Promise<number | HelpText> {
  const parser = parserOf(`chimaera ${name}`, summary);
  command.define(parser);
  parser.option("--json", "print the result as one JSON line");
  const hint = `run \`chimaera ${name} --help\``;
  try {
    parser.parse([...words], { from: "user" });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw withHint(thrown, hint);
    if (thrown.code === "commander.helpDisplayed") {
      return new HelpText(`${parser.helpInformation()}\nExample: chimaera ${command.example}\n`);
    }
    throw usageError(
      `chimaera ${name}`,
      thrown.message.replace(/^error: /, "").replaceAll("\n", " "),
      hint,
    );
  }
  try {
    return await command.run(parser.args, parser.opts());
  } catch (thrown) {
    throw withHint(thrown, hint);
  }
}

/** CHI-1001 that has only the hint of all its kind gets one that names the command. */
function withHint(thrown: unknown, hint: string): unknown {
  if (!(thrown instanceof ChimaeraError) || thrown.kind !== "usage") return thrown;
  if (thrown.hint !== ERRORS.usage.hint) return thrown;
  return usageError(thrown.what, thrown.why, hint);
}
