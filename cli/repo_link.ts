/** `chimaera repo link`: a program outside of a repo imports its modules' clients. */

import {
  linkApp,
  linkNode,
  type LinkReport,
  type NodeLinkReport,
  type NodeUnlinkReport,
  unlinkApp,
  unlinkNode,
} from "../codegen/link/mod.ts";
import { type CliCommand, type CommonOptions, ExitCode } from "./command.ts";
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
      .option("--remove", "take the repo out of the project again; with --node on Node only");
  },
  example: "repo link ../my_app",

  async run([app], { repo, remove, node, json }) {
    const request = { app: folderAt(app!), repo: repoAt(repo) };
    const what = `link ${request.app}`;
    if (remove) {
      const deno = node ? null : await onDisk(what, () => unlinkApp(request));
      const onNode = await onDisk(what, () => unlinkNode(request));
      printLine(json ? JSON.stringify({ deno, node: onNode }) : describeRemoval(deno, onNode));
      return ExitCode.ok;
    }
    if (node) {
      const report = await onDisk(what, () => linkNode(request));
      printLine(json ? JSON.stringify(report) : describeNode(report));
      return ExitCode.ok;
    }
    const report = await onDisk(what, () => linkApp(request));
    printLine(json ? JSON.stringify(report) : describe(report));
    return ExitCode.ok;
  },
};

function describeRemoval(deno: LinkReport | null, node: NodeUnlinkReport): string {
  const lines: string[] = [];
  for (const report of [deno, node]) {
    if (report === null || report.removed.length === 0) continue;
    if (report.changed) lines.push(`wrote ${report.config}`);
    lines.push("it no longer has", ...report.removed.map((name) => `  ${name}`));
  }
  if (lines.length === 0) return `${node.app} is not linked to ${node.repo}`;
  return lines.join("\n");
}

function describe(report: LinkReport): string {
  const { config, changed, names, removed, kit, repo, sdk } = report;
  const lines = [changed ? `wrote ${config}` : `${config} is as it should be`];
  lines.push(names.length === 0 ? `${repo} has no modules yet` : "the program can import");
  lines.push(...names.map((name) => `  ${name}`));
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
