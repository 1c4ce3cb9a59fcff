/** `chimaera repo new DIR [NS]`: makes a folder a module repo. */

import { newRepo } from "../codegen/mod.ts";
import { type CliCommand, ExitCode } from "./command.ts";
import { folderAt, onDisk } from "./folders.ts";
import { printLine } from "./output.ts";

export const repoNew: CliCommand = {
  define: (command) => {
    command
      .argument("<dir>", "the folder; made when it is not there, and may have things in it")
      .argument("[namespace]", "in snake_case; the folder's name when absent");
  },
  example: "repo new ./my_mods example",

  async run([dir, namespace], { json }) {
    const repo = await onDisk(`make a repo in ${dir}`, () => newRepo(folderAt(dir!), namespace));
    if (json) printLine(JSON.stringify(repo));
    else {
      printLine(`made the module repo ${repo.namespace} in ${repo.folder}`);
      for (const file of repo.written) printLine(`  ${file}`);
      printLine(`next: chimaera mod new ${dir!.replace(/\/+$/, "")}/my_module`);
    }
    return ExitCode.ok;
  },
};
