/**
 * Plans the refresh of one module: its generated files, and the blocks in its author's files.
 *
 * Thread rules: plain functions.
 */

import { ChimaeraError } from "../runtime/errors.ts";
import { moduleFiles } from "../runtime/repo/mod.ts";
import { planAuthorFile, planPruning, type UnusedBlock } from "./author_file.ts";
import type { Drafts } from "./drafts.ts";
import { readMethods } from "./method_model.ts";
import { ROLES } from "./print_blocks.ts";
import { printLibExec } from "./print_lib_exec.ts";
import { printMethods } from "./print_methods.ts";
import { freshFile } from "./template.ts";

/** A module, and what its files are to agree with. */
export interface ModuleTarget {
  readonly namespace: string;
  readonly name: string;
}

/** A file that has no place for blocks, and the file beside it that shows them. */
export interface TempFile {
  readonly file: string;
  readonly temp: string;
  /** Methods whose blocks are missing: `kCompress`. */
  readonly methods: readonly string[];
}

/** What came of planning a module. */
export interface ModulePlan {
  readonly unused: readonly UnusedBlock[];
  readonly temps: readonly TempFile[];
  /** Files of the author's that are not there: they are made as in a new module. */
  readonly missing: readonly string[];
  readonly oldNamespace: string | null;
  readonly problems: readonly ChimaeraError[];
}

/** Notes in `drafts` what refresh does to a module. Files are named relative to the repo. */
export async function planModule(
  { namespace, name }: ModuleTarget,
  drafts: Drafts,
  prune: boolean,
): Promise<ModulePlan> {
  const files = moduleFiles(name);
  const yaml = `${name}/${files.methodsYaml}`;
  const text = drafts.read(yaml);
  if (text === null) {
    const why = "it is missing: it declares the module's methods";
    return failed([new ChimaeraError("badMethods", { what: yaml, why })]);
  }
  const { methods, problems } = readMethods(text, yaml);
  const unused: UnusedBlock[] = [];
  const temps: TempFile[] = [];
  const missing: string[] = [];
  const all = [...problems];
  let oldNamespace: string | null = null;
  for (const role of ROLES) {
    const file = `${name}/${files[role]}`;
    const text = drafts.read(file);
    if (text === null) {
      drafts.replace(file, await freshFile({ namespace, module: name, role, methods }));
      missing.push(file);
      continue;
    }
    const source = { role, namespace, module: name, methods, file };
    const plan = await planAuthorFile({ ...source, text });
    all.push(...plan.problems);
    unused.push(...plan.unused);
    oldNamespace ??= plan.oldNamespace;
    drafts.edit(file, plan.edits);
    if (prune && plan.unused.length > 0) {
      const pruning = await planPruning({ ...source, text: drafts.read(file)! });
      if (pruning instanceof ChimaeraError) all.push(pruning);
      else drafts.edit(file, pruning);
    }
    if (plan.homeless.length === 0) continue;
    const temp = `${file}.temp`;
    drafts.replace(temp, await freshFile({ namespace, module: name, role, methods }));
    temps.push({ file, temp, methods: plan.homeless.map((method) => method.name) });
  }
  drafts.replace(`${name}/${files.methods}`, printMethods(name, methods));
  drafts.replace(`${name}/${files.libExec}`, printLibExec(name, methods));
  return { unused, temps, missing, oldNamespace, problems: all };
}

function failed(problems: readonly ChimaeraError[]): ModulePlan {
  return { unused: [], temps: [], missing: [], oldNamespace: null, problems };
}
