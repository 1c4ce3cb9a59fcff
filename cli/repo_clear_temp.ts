/** `chimaera repo clear-temp [DIR]`: removes the files that refresh puts beside an author's. */

import { clearTemp } from "../codegen/mod.ts";
import { type CliCommand, ExitCode } from "./command.ts";
import { onDisk, repoAt } from "./folders.ts";
import { printLine } from "./output.ts";

export const repoClearTemp: CliCommand = {
  define: (command) => {
    command.argument("[dir]", "the repo; the one around this folder when absent");
  },
  example: "repo clear-temp ./my_mods",

  async run([dir], { json }) {
    const repo = repoAt(dir);
    const removed = await onDisk(`clear ${repo}`, () => clearTemp(repo));
    if (json) printLine(JSON.stringify({ repo, removed }));
    else if (removed.length === 0) printLine(`nothing to remove in ${repo}`);
    else for (const file of removed) printLine(`removed ${file}`);
    return ExitCode.ok;
  },
};
