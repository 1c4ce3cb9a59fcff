/** `chimaera repo list`: the repos that `serve` would load here. */

import { type CliCommand, ExitCode } from "./command.ts";
import { printLine } from "./output.ts";
import { addedRepos, reposToServe } from "./serving/known_repos.ts";

export const repoList: CliCommand = {
  define: () => {},
  example: "repo list",

  run(_args, { json }) {
    const gone: string[] = [];
    const repos = reposToServe([], Deno.cwd(), (folder) => void gone.push(folder));
    if (json) printLine(JSON.stringify({ repos, gone }));
    else {
      const added = addedRepos();
      for (const repo of repos) {
        printLine(`${repo}${added.includes(repo) ? "" : ", because it is here"}`);
      }
      for (const repo of gone) printLine(`${repo}, which is gone`);
      if (repos.length + gone.length === 0) {
        printLine("none: `chimaera repo new` makes one, `chimaera repo add` remembers one");
      }
    }
    return Promise.resolve(ExitCode.ok);
  },
};
