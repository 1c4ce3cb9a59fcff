/** `chimaera repo add DIR`: has `serve` load a repo, wherever it is called. */

import { type CliCommand, ExitCode } from "./command.ts";
import { onDisk } from "./folders.ts";
import { printLine } from "./output.ts";
import { addRepo } from "./serving/known_repos.ts";

export const repoAdd: CliCommand = {
  define: (command) => void command.argument("<dir>", "folder of the module repo"),
  example: "repo add ~/my_mods",

  async run([path], { json }) {
    const { folder, isNew } = await onDisk(`add ${path}`, () => addRepo(path!));
    if (json) printLine(JSON.stringify({ repo: folder, added: isNew }));
    else {
      printLine(
        isNew
          ? `added ${folder}: the next \`chimaera serve\` loads it; a node that runs does by ` +
            `\`chimaera mod load ${path}\``
          : `${folder} was added before`,
      );
    }
    return ExitCode.ok;
  },
};
