/**
 * Names in a module repo, and the files that they lead to.
 *
 *   namespace  example                module   compressor      library  example_compressor
 *   method     kCompress              block    Compress        handler  compress
 *
 * Thread rules: none; pure functions.
 */

import { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";

/** The module of the core repo that new modules are copies of. */
export const TEMPLATE_MODULE = "MOD_NAME";

/** Folders that are patterns of modules and none themselves; the second is of older C++ repos. */
export const TEMPLATE_FOLDERS: readonly string[] = [TEMPLATE_MODULE, "TASK_NAME"];

const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

/** Why a word cannot name a namespace or a module; null when it can. */
export function nameProblem(word: string): string | null {
  if (!SNAKE_CASE.test(word)) {
    return "it is not in snake_case: letters a to z, digits and single underscores, a letter first";
  }
  if (word.length > LIMITS.libNameBytes / 2 - 1) {
    return `it is longer than ${LIMITS.libNameBytes / 2 - 1} characters`;
  }
  return null;
}

/** Throws CHI-1303 unless a word can name a `namespace` or `module`. */
export function checkName(what: "namespace" | "module", word: string): void {
  const why = nameProblem(word);
  if (why !== null) throw new ChimaeraError("badName", { what: `${what} \`${word}\``, why });
}

/** `My Repo-2` → `my_repo_2`; empty when nothing is left of it. */
export function snakeCase(text: string): string {
  return text
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[0-9_]+|_+$/g, "");
}

/** The library's name: `<namespace>_<module>`. */
export function libNameOf(namespace: string, module: string): string {
  return `${namespace}_${module}`;
}

/** `kCompress` → `Compress`: what stands in `CHI_BEGIN(…)`. */
export function blockName(method: string): string {
  return method.slice(1);
}

/** `kCompress` → `compress`: the handler, and the client's plain method. */
export function handlerName(method: string): string {
  return method.slice(1, 2).toLowerCase() + method.slice(2);
}

/** Names of a module's files, in its folder. */
export interface ModuleFiles {
  readonly manifest: string;
  readonly methodsYaml: string;
  readonly tasks: string;
  readonly client: string;
  readonly runtime: string;
  readonly monitor: string;
  readonly test: string;
  readonly methods: string;
  readonly libExec: string;
}

/** The files of a module, by what they are for. */
export function moduleFiles(module: string): ModuleFiles {
  return {
    manifest: "chimaera_mod.yaml",
    methodsYaml: `${module}_methods.yaml`,
    tasks: `${module}_tasks.ts`,
    client: `${module}_client.ts`,
    runtime: `${module}_runtime.ts`,
    monitor: `${module}_monitor.ts`,
    test: `${module}_test.ts`,
    methods: `${module}_methods.ts`,
    libExec: `${module}_lib_exec.ts`,
  };
}
