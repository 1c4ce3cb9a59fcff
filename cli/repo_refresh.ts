/** `chimaera repo refresh [DIR]`: brings a module repo in line with its YAML files. */

import { diffOf, planRefresh, type RefreshPlan, writeRefresh } from "../codegen/mod.ts";
import { ChimaeraError } from "../runtime/errors.ts";
import { type CliCommand, type CommonOptions, ExitCode } from "./command.ts";
import { errorJson } from "./failure.ts";
import { onDisk, repoAt } from "./folders.ts";
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
      .option("--prune", "take out the blocks of methods that are gone, and show them");
  },
  example: "repo refresh ./my_mods --check",

  async run([dir], { check = false, prune = false, json = false }) {
    const folder = repoAt(dir);
    const what = `refresh ${folder}`;
    const plan = await onDisk(what, () => planRefresh(folder, { prune }));
    const errors = [...plan.problems];
    if (check && plan.changes.length > 0) errors.push(outOfDate(plan));
    const isWritten = !check && errors.length === 0;
    const wroteKit = isWritten && await onDisk(what, () => writeRefresh(plan));
    if (json) printLine(JSON.stringify(report(plan, { check, prune, wroteKit, errors })));
    else {
      if (check || prune) printDiffs(plan, check);
      if (isWritten) printWritten(plan);
      else if (errors.length === 0) printLine(`${plan.repo.namespace}: up to date`);
    }
    printNotes(plan, prune);
    for (const error of errors) console.error(error.format());
    return errors.length === 0 ? ExitCode.ok : ExitCode.failed;
  },
};

function outOfDate({ repo, changes }: RefreshPlan): ChimaeraError {
  const files = changes.map(({ file }) => file).join(", ");
  return new ChimaeraError("repoOutOfDate", {
    what: repo.folder,
    why: `${changes.length === 1 ? "one file is" : `${changes.length} files are`} behind: ${files}`,
  });
}

interface Outcome {
  readonly check: boolean;
  readonly prune: boolean;
  readonly wroteKit: boolean;
  readonly errors: readonly ChimaeraError[];
}

/** The result as programs read it; `error` is the first one, as of any command that failed. */
function report(plan: RefreshPlan, { check, prune, wroteKit, errors }: Outcome) {
  const { repo, changes, unused, temps } = plan;
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

function printWritten({ repo, changes }: RefreshPlan): void {
  if (changes.length === 0) return printLine(`${repo.namespace}: nothing to do`);
  const count = changes.length === 1 ? "one file" : `${changes.length} files`;
  printLine(`${repo.namespace}: wrote ${count}`);
  for (const { file } of changes) printLine(`  ${file}`);
}

/** What the author is left to do. */
function printNotes({ unused, temps }: RefreshPlan, isPruned: boolean): void {
  if (!isPruned) {
    for (const { file, block, firstLine, lastLine } of unused) {
      console.error(
        `${file}:${firstLine}-${lastLine}: k${block} is not on any more; --prune removes its code`,
      );
    }
  }
  for (const { file, temp, methods } of temps) {
    const names = methods.join(", ");
    console.error(`${file}: it has no CHI marks to put ${names} at; take them from ${temp}`);
  }
}
