/** What compress and decompress take alike. */

import type { Command } from "commander";
import { instanceOption, usageError } from "../command.ts";

export function fileArguments(command: Command, input: string): Command {
  return instanceOption(command)
    .argument("<file>", `${input}; - for standard input`)
    .option("-o, --output <file>", "where to; - for standard output", fileName)
    .option("-f, --force", "replace a file that exists");
}

function fileName(text: string): string {
  if (text === "") throw usageError("--output", "it is empty, which names no file");
  return text;
}
