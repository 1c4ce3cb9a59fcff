/** `chimaera repo refresh [DIR]`: brings a module repo in line with its YAML files. */

import {
  diffOf,
  planRefresh,
  type RefreshPlan,
  type UnusedBlock,
  writeRefresh,
  writtenBy,
} from "../codegen/mod.ts";
import { ChimaeraError } from "../runtime/errors.ts";
import { type CliCommand, type CommonOptions, ExitCode } from "./command.ts";
import { errorJson } from "./failure.ts";
import { onDisk, repoAt, shellWord } from "./folders.ts";
import { printLine } from "./output.ts";

interface RefreshOptions extends CommonOptions {
  readonly check?: boolean;
  readonly prune?: boolean;
}

export const repoRefresh: CliCommand<RefreshOptions> = {
  define: (command) => {
    command
      .argument("[dir]", "the repo; the one around this folder when absent")
      .option("--check", "write nothing; show what is out of date, and fail if anything is")
      .option(
        "--prune",
        "take out the blocks of methods that are gone, and show them; without it they stay, and " +
          "tasks among them keep the module from loading",
      );
  },
  example: "repo refresh ./my_mods --check",

  async run([dir], { check = false, prune = false, json = false }) {
    const folder = repoAt(dir);
    const what = `refresh ${folder}`;
    const plan = await onDisk(what, () => planRefresh(folder, { prune }));
    const errors = [...plan.problems];
    const again = commandOf(dir, prune);
    const left = leftOver(plan, prune);
    if (check && plan.changes.length + left.length > 0) {
      const hint = plan.changes.length > 0 ? `run \`${again}\`` : "do what is said above";
      errors.push(outOfDate(plan, left, hint));
    }
    const isWritten = !check && errors.length === 0;
    const wroteKit = isWritten && await onDisk(what, () => writeRefresh(plan));
    if (json) printLine(JSON.stringify(report(plan, { check, prune, wroteKit, errors })));
    else {
      if (check || prune) printDiffs(plan, check);
      if (isWritten) printWritten(plan, left);
      else if (errors.length === 0) printLine(`${plan.repo.namespace}: up to date`);
    }
    if (!prune) printUnused(plan, commandOf(dir, true));
    printNotes(plan, isWritten);
    for (const error of errors) console.error(error.format());
    return errors.length === 0 ? ExitCode.ok : ExitCode.failed;
  },
};

/** The command that writes what was planned, as one would type it in the same folder. */
function commandOf(dir: string | undefined, prune: boolean): string {
  const words = ["chimaera repo refresh", ...dir === undefined ? [] : [shellWord(dir)]];
  return [...words, ...prune ? ["--prune"] : []].join(" ");
}

/** Files that a refresh leaves for a person, so that their module does not load until then. */
function leftOver({ temps, unused }: RefreshPlan, prune: boolean): string[] {
  const blocks = prune ? [] : unused.filter(isTask);
  return [...new Set([...temps, ...blocks].map(({ file }) => file))];
}

function outOfDate(
  { repo, changes }: RefreshPlan,
  left: readonly string[],
  hint: string,
): ChimaeraError {
  const behind = changes.length === 1 ? "one file is" : `${changes.length} files are`;
  const files = changes.map(({ file }) => file).join(", ");
  const whys = [
    ...changes.length === 0 ? [] : [`${behind} behind: ${files}`],
    ...left.length === 0 ? [] : [`left for you to do: ${left.join(", ")}`],
  ];
  return new ChimaeraError("repoOutOfDate", { what: repo.folder, why: whys.join("; "), hint });
}

interface Outcome {
  readonly check: boolean;
  readonly prune: boolean;
  readonly wroteKit: boolean;
  readonly errors: readonly ChimaeraError[];
}

/** The result as programs read it; `error` is the first one, as of any command that failed. */
function report(plan: RefreshPlan, { check, prune, wroteKit, errors }: Outcome) {
  const { repo, changes, unused, temps, missing } = plan;
  const isShown = check || prune;
  return {
    repo: repo.folder,
    namespace: repo.namespace,
    modules: repo.modules.map(({ name }) => name),
    check,
    changed: changes.map((change) => {
      return { file: change.file, diff: isShown ? diffOf(change) : null };
    }),
    wroteKit,
    unused: unused.map((block) => ({ ...block, isPruned: prune && !check })),
    temps,
    missing,
    errors: errors.map(errorJson),
    ...errors.length === 0 ? {} : { error: errorJson(errors[0]!) },
  };
}

/** With --check all that would change; with --prune what is taken out. */
function printDiffs({ changes, unused }: RefreshPlan, isAll: boolean): void {
  const pruned = new Set(unused.map(({ file }) => file));
  for (const change of changes) {
    if (isAll || pruned.has(change.file)) printLine(diffOf(change).trimEnd());
  }
}

function printWritten(plan: RefreshPlan, left: readonly string[]): void {
  const { namespace } = plan.repo;
  const changes = writtenBy(plan);
  const count = changes.length === 1 ? "one file" : `${changes.length} files`;
  if (changes.length > 0) printLine(`${namespace}: wrote ${count}`);
  else if (left.length === 0) printLine(`${namespace}: nothing to do`);
  for (const { file } of changes) printLine(`  ${file}`);
  if (left.length > 0) printLine(`${namespace}: left for you to do: ${left.join(", ")}`);
}

/** Code that nobody calls any more; a task whose method is gone keeps its file from loading. */
function printUnused({ unused }: RefreshPlan, pruning: string): void {
  const tasks = new Set(unused.filter(isTask).map(keyOf));
  for (const one of unused) {
    const { file, block, firstLine, lastLine } = one;
    const what = tasks.has(keyOf(one))
      ? "is not on any more, and the module does not load while its code is there"
      : "is not on any more, and nothing calls its code";
    const place = `${file}:${firstLine}-${lastLine}`;
    console.error(`${place}: k${block} ${what}: \`${pruning}\` removes it`);
  }
}

function isTask({ file }: UnusedBlock): boolean {
  return file.endsWith("_tasks.ts");
}

/** A method of a module. */
function keyOf({ file, block }: UnusedBlock): string {
  return `${file.slice(0, file.indexOf("/"))}/${block}`;
}

/** What the author is left to do. */
function printNotes({ temps, missing }: RefreshPlan, isWritten: boolean): void {
  for (const file of missing) {
    const made = isWritten ? "is made as in a new module" : "would be made as in a new module";
    console.error(`${file}: the file was missing, and ${made}`);
  }
  for (const { file, temp, methods } of temps) {
    const names = methods.join(", ");
    const where = isWritten ? `take them from ${temp}` : `refresh shows them in ${temp}`;
    console.error(`${file}: it has no CHI marks to put ${names} at; ${where}`);
  }
}
