/** `chimaera repo reformat DIR`: makes a C++ Chimaera repo one that this program reads. */

import { planReformat, type ReformatPlan, writeReformat } from "../codegen/reformat/mod.ts";
import { ChimaeraError } from "../runtime/errors.ts";
import { type CliCommand, ExitCode } from "./command.ts";
import { errorJson } from "./failure.ts";
import { folderAt, onDisk } from "./folders.ts";
import { printLine } from "./output.ts";

export const repoReformat: CliCommand = {
  define(command) {
    command.argument(
      "<dir>",
      "a C++ Chimaera repo, or a repo of an older layout: its modules get TypeScript files with all " +
        "declared methods, chimaera_repo.yaml its layout, deno.json the repo's names; C++ files, " +
        "and all else that is there, stay as they are",
    );
  },
  example: "repo reformat ./my_mods",

  async run([dir], { json }) {
    const folder = folderAt(dir!);
    const what = `reformat ${folder}`;
    const plan = await onDisk(what, () => planReformat(folder));
    const errors = [...plan.problems];
    const written = errors.length > 0 ? [] : await onDisk(what, () => writeReformat(plan));
    if (errors.length > 1) errors.push(summary(plan));
    if (json) printLine(JSON.stringify(report(plan, written, errors)));
    else if (errors.length === 0) printLine(describe(plan, written));
    for (const error of errors) console.error(error.format());
    return errors.length === 0 ? ExitCode.ok : ExitCode.failed;
  },
};

function summary({ folder, problems }: ReformatPlan): ChimaeraError {
  return new ChimaeraError("notReformatted", {
    what: folder,
    why: `${problems.length} things are in the way`,
    hint: "mend what is listed above; nothing was written",
  });
}

function report(
  plan: ReformatPlan,
  written: readonly string[],
  errors: readonly ChimaeraError[],
) {
  return {
    repo: plan.folder,
    namespace: plan.namespace,
    modules: plan.modules,
    ready: plan.ready,
    written,
    forPeople: plan.forPeople,
    errors: errors.map(errorJson),
    ...errors.length === 0 ? {} : { error: errorJson(errors.at(-1)!) },
  };
}

function describe(plan: ReformatPlan, written: readonly string[]): string {
  const lines = written.length === 0
    ? [`${plan.namespace}: nothing to ${plan.forPeople.length === 0 ? "do" : "write"}`]
    : [`wrote in ${plan.folder}`, ...written.map((file) => `  ${file}`)];
  if (plan.forPeople.length > 0) lines.push("", "to be carried over by a person, from C++:");
  for (const { file, becomes } of plan.forPeople) {
    lines.push(`  ${file} -> ${becomes ?? "a file of the module, or nothing"}`);
  }
  if (plan.forPeople.length > 0) lines.push("", `then: chimaera repo check ${plan.folder}`);
  return lines.join("\n");
}
