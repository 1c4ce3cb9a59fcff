/** `chimaera mod new NAME`: puts a new module into a repo. */

import { newModule, newRepo } from "../codegen/mod.ts";
import { checkName, enclosingRepo, isRepo } from "../runtime/repo/mod.ts";
import { type CliCommand, ExitCode, usageError } from "./command.ts";
import { folderAt, onDisk, shellWord } from "./folders.ts";
import { printLine } from "./output.ts";

/** Where modules go that are made outside of any repo; `serve` looks there too. */
const DEFAULT_REPO = "mods";

export const modNew: CliCommand = {
  define: (command) => {
    command.argument("<name>", "in snake_case; or `<repo>/<name>` for a repo elsewhere");
  },
  example: "mod new compressor",

  async run([path], { json }) {
    const { folder, name } = placeOf(path!);
    checkName("module", name);
    const madeRepo = !isRepo(folder) && isDefault(folder, path!);
    const made = await onDisk(`make the module ${name}`, async () => {
      if (madeRepo) await newRepo(folder);
      return await newModule(folder, name);
    });
    if (json) printLine(JSON.stringify({ ...made, repo: folder, madeRepo }));
    else {
      if (madeRepo) printLine(`no module repo here: made ${folder}`);
      printLine(`made the module ${made.namespace}_${name} in ${made.folder}`);
      for (const file of made.written) printLine(`  ${file}`);
      // From below the repo, refresh finds it by itself.
      const isHere = enclosingRepo(folderAt(".")) === folder;
      const refresh = `chimaera repo refresh${isHere ? "" : ` ${shellWord(shortPath(folder))}`}`;
      printLine(`next: declare methods in ${name}_methods.yaml, then: ${refresh}`);
    }
    return ExitCode.ok;
  },
};

/** The repo and the name that a word means. Throws CHI-1001. */
function placeOf(path: string): { readonly folder: string; readonly name: string } {
  const trimmed = path.replace(/\/+$/, "");
  const slash = trimmed.lastIndexOf("/");
  const name = trimmed.slice(slash + 1);
  if (name === "" || name === "." || name === "..") {
    throw usageError("mod new", `\`${path}\` names no module`);
  }
  if (slash >= 0) return { folder: folderAt(trimmed.slice(0, slash) || "/"), name };
  const here = folderAt(".");
  return { folder: enclosingRepo(here) ?? folderAt(DEFAULT_REPO), name };
}

/** A folder as one would type it here: relative when it is below this folder. */
function shortPath(folder: string): string {
  const here = `${folderAt(".")}/`;
  return folder.startsWith(here) ? folder.slice(here.length) : folder;
}

/** Whether a folder was nobody's choice, so that it may be made a repo. */
function isDefault(folder: string, path: string): boolean {
  return !path.replace(/\/+$/, "").includes("/") && folder === folderAt(DEFAULT_REPO);
}
