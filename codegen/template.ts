/**
 * The files of a new module: the module MOD_NAME of the core repo, which the program carries as it
 * is, under another name.
 *
 * Thread rules: plain functions.
 */

import { ChimaeraError } from "../runtime/errors.ts";
import { assetUrl, readText } from "../runtime/platform/mod.ts";
import { libNameOf, moduleFiles, TEMPLATE_MODULE } from "../runtime/repo/mod.ts";
import { planAuthorFile } from "./author_file.ts";
import { CORE_NAMESPACE } from "./deno_config.ts";
import { type Method, readMethods } from "./method_model.ts";
import type { Role } from "./print_blocks.ts";
import { printLibExec } from "./print_lib_exec.ts";
import { printMethods } from "./print_methods.ts";
import { applyEdits } from "./text_edit.ts";

/** The files of a new module, by name. */
export function freshModule(namespace: string, module: string): Map<string, string> {
  const names = moduleFiles(TEMPLATE_MODULE);
  const own = moduleFiles(module);
  const files = new Map<string, string>();
  for (const role of Object.keys(names) as (keyof typeof names)[]) {
    if (role === "methods" || role === "libExec") continue;
    files.set(own[role], renamed(names[role], namespace, module));
  }
  const { methods } = readMethods(files.get(own.methodsYaml)!, own.methodsYaml);
  files.set(own.methods, printMethods(module, methods));
  files.set(own.libExec, printLibExec(module, methods));
  return files;
}

/** One of an author's files as it would be in a new module that has these methods. */
export async function freshFile({ namespace, module, role, methods }: {
  readonly namespace: string;
  readonly module: string;
  readonly role: Role;
  readonly methods: readonly Method[];
}): Promise<string> {
  const text = renamed(moduleFiles(TEMPLATE_MODULE)[role], namespace, module);
  const file = moduleFiles(module)[role];
  const plan = await planAuthorFile({ role, namespace, module, methods, file, text });
  return applyEdits(text, plan.edits);
}

function renamed(file: string, namespace: string, module: string): string {
  const url = assetUrl(`chimods/${TEMPLATE_MODULE}/${file}`);
  const text = readText(decodeURIComponent(url.pathname));
  if (text === null) {
    const why = `the template of new modules has no ${file}`;
    throw new ChimaeraError("programDamaged", { what: "make a module", why });
  }
  return text
    .replaceAll(libNameOf(CORE_NAMESPACE, TEMPLATE_MODULE), libNameOf(namespace, module))
    .replaceAll(TEMPLATE_MODULE, module);
}
