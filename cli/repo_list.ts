/** `chimaera repo list`: the repos that `serve` would load here. */

import { type CliCommand, ExitCode } from "./command.ts";
import { onDisk } from "./folders.ts";
import { printLine } from "./output.ts";
import { addedRepos, reposToServe } from "./serving/known_repos.ts";

export const repoList: CliCommand = {
  define: () => {},
  example: "repo list",

  async run(_args, { json }) {
    const gone: string[] = [];
    const [repos, added] = await onDisk("list the repos", () => {
      const onGone = (folder: string) => void gone.push(folder);
      return [reposToServe([], Deno.cwd(), onGone), addedRepos()] as const;
    });
    if (json) printLine(JSON.stringify({ repos, gone }));
    else {
      for (const repo of repos) {
        printLine(`${repo}${added.includes(repo) ? "" : ", because it is here"}`);
      }
      for (const repo of gone) printLine(`${repo}, which is gone`);
      if (repos.length + gone.length === 0) {
        printLine("none: `chimaera repo new` makes one, `chimaera repo add` remembers one");
      }
    }
    return ExitCode.ok;
  },
};
