/** `chimaera repo link`: a program outside of a repo imports its modules' clients. */

import {
  linkApp,
  linkNode,
  type LinkReport,
  type NodeLinkReport,
  unlinkApp,
} from "../codegen/link/mod.ts";
import { type CliCommand, type CommonOptions, ExitCode, usageError } from "./command.ts";
import { folderAt, onDisk, repoAt } from "./folders.ts";
import { printLine } from "./output.ts";

interface Options extends CommonOptions {
  readonly repo?: string;
  readonly remove?: boolean;
  readonly node?: boolean;
}

export const repoLink: CliCommand<Options> = {
  define(command) {
    command.argument("<appdir>", "folder of the program's project")
      .option("--repo <dir>", "the module repo (the one around this folder)")
      .option("--node", "for a program on Node 20: JavaScript and declarations, over the socket")
      .option("--remove", "take the repo's names out of the project again");
  },
  example: "repo link ../my_app",

  async run([app], { repo, remove, node, json }) {
    if (node && remove) throw usageError("chimaera repo link", "--remove does not go with --node");
    const request = { app: folderAt(app!), repo: repoAt(repo) };
    const what = `link ${request.app}`;
    if (node) {
      const report = await onDisk(what, () => linkNode(request));
      printLine(json ? JSON.stringify(report) : describeNode(report));
      return ExitCode.ok;
    }
    const report = await onDisk(what, () => remove ? unlinkApp(request) : linkApp(request));
    printLine(json ? JSON.stringify(report) : describe(report, remove === true));
    return ExitCode.ok;
  },
};

function describe(report: LinkReport, isRemoval: boolean): string {
  const { config, changed, names, removed, kit, repo, sdk } = report;
  const lines = [changed ? `wrote ${config}` : `${config} is as it should be`];
  if (!isRemoval) {
    lines.push(names.length === 0 ? `${repo} has no modules yet` : "the program can import");
    lines.push(...names.map((name) => `  ${name}`));
  }
  if (removed.length > 0) lines.push("it no longer has", ...removed.map((name) => `  ${name}`));
  if (sdk !== null) lines.push(`the SDK is in ${sdk}/.chimaera`);
  if (kit === "own") lines.push("its `chimaera` leads to another SDK, and was left as it is");
  return lines.join("\n");
}

function describeNode(report: NodeLinkReport): string {
  const { config, changed, names, packages, needsInstall, repo } = report;
  const lines = packages.map((folder) => `wrote ${folder}`);
  lines.push(changed ? `wrote ${config}` : `${config} is as it should be`);
  lines.push(names.length === 0 ? `${repo} has no modules yet` : "the program can import");
  lines.push(...names.map((name) => `  ${name}`));
  if (needsInstall) lines.push("run `npm install`: node_modules has other folders of these names");
  return lines.join("\n");
}
