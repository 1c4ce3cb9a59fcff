/** `chimaera repo remove DIR`: takes back `repo add`. */

import { ChimaeraError } from "../runtime/errors.ts";
import { type CliCommand, ExitCode } from "./command.ts";
import { printLine } from "./output.ts";
import { addedRepos, removeRepo } from "./serving/known_repos.ts";

export const repoRemove: CliCommand = {
  define: (command) => void command.argument("<dir>", "folder that was added"),
  example: "repo remove ~/my_mods",

  run([path], { json }) {
    const { folder, wasThere } = removeRepo(path!);
    if (!wasThere) {
      const added = addedRepos();
      throw new ChimaeraError("repoNotFound", {
        what: `remove ${path}`,
        why: added.length === 0 ? "no repo was added" : `added are ${added.join(", ")}`,
        hint: "name one that `chimaera repo list` shows",
      });
    }
    printLine(json ? JSON.stringify({ repo: folder, removed: true }) : `removed ${folder}`);
    return Promise.resolve(ExitCode.ok);
  },
};
