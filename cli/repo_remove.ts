/** `chimaera repo remove DIR`: takes back `repo add`. */

import { ChimaeraError } from "../runtime/errors.ts";
import { type CliCommand, ExitCode } from "./command.ts";
import { onDisk } from "./folders.ts";
import { printLine } from "./output.ts";
import { addedRepos, removeRepo } from "./serving/known_repos.ts";

export const repoRemove: CliCommand = {
  define: (command) => void command.argument("<dir>", "folder that was added"),
  example: "repo remove ~/my_mods",

  async run([path], { json }) {
    const { folder, wasThere } = await onDisk(`remove ${path}`, () => removeRepo(path!));
    if (!wasThere) {
      const added = addedRepos();
      throw new ChimaeraError("repoNotFound", {
        what: `remove ${path}`,
        why: added.length === 0 ? "no repo was added" : `added are ${added.join(", ")}`,
        hint: "name one that `chimaera repo list` shows",
      });
    }
    printLine(json ? JSON.stringify({ repo: folder, removed: true }) : `removed ${folder}`);
    return ExitCode.ok;
  },
};
