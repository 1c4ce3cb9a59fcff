/**
 * A module of a C++ Chimaera repo on disk, in the structure from March 2025 on and in the one before:
 *
 *   compressor/include/compressor/compressor_methods.yaml    in both
 *   compressor/include/compressor/compressor_client.h        before: compressor.h
 *   compressor/src/compressor_runtime.cc                     before: compressor.cc
 *   compressor/src/compressor_client.cc                      before: none
 *
 * Thread rules: plain functions; files are read only.
 */

import { kindOf, listFolder } from "../../runtime/platform/mod.ts";
import { moduleFiles, TEMPLATE_FOLDERS } from "../../runtime/repo/mod.ts";
import { filesBelow } from "../files_below.ts";

const SOURCE = /\.(h|hh|hpp|hxx|c|cc|cpp|cxx|cu|cuh|inc|inl|py)$/;
const NOT_SOURCES = ["build", "node_modules"];

/** A file that a person has to carry over. */
export interface CppFile {
  /** Relative to the repo's folder. */
  readonly file: string;
  /** The module's file that takes its part; null where it is for its author to say. */
  readonly becomes: string | null;
}

export interface CppModule {
  readonly name: string;
  /** Its declared methods, relative to the repo's folder. */
  readonly methodsYaml: string;
  /** Its task structs, relative to the repo's folder; they may be missing. */
  readonly tasks: string;
  readonly files: readonly CppFile[];
}

/** The C++ modules in a folder, by name. */
export function cppModules(folder: string): CppModule[] {
  return listFolder(folder)
    .filter((name) => !TEMPLATE_FOLDERS.includes(name) && !name.startsWith("."))
    .filter((name) => kindOf(`${folder}/${methodsOf(name)}`) === "file")
    .map((name) => ({
      name,
      methodsYaml: methodsOf(name),
      tasks: `${name}/include/${name}/${name}_tasks.h`,
      files: sourcesIn(folder, name).flatMap((file) => {
        const becomes = successor(name, file.slice(name.length + 1));
        return becomes === undefined ? [] : [{ file, becomes }];
      }),
    }));
}

/** C++ sources of a repo that belong to no module of either kind, relative to its folder. */
export function strayCppFiles(folder: string, cpp: readonly CppModule[]): CppFile[] {
  const known = new Set([...NOT_SOURCES, ...TEMPLATE_FOLDERS, ...cpp.map(({ name }) => name)]);
  return listFolder(folder)
    .filter((name) => !known.has(name) && !name.startsWith("."))
    .filter((name) => kindOf(`${folder}/${name}/${moduleFiles(name).methodsYaml}`) === null)
    .flatMap((name) => kindOf(`${folder}/${name}`) === "folder" ? sourcesIn(folder, name) : [name])
    .filter((file) => SOURCE.test(file) && !file.endsWith(".py"))
    .map((file) => ({ file, becomes: null }));
}

function methodsOf(name: string): string {
  return `${name}/include/${name}/${name}_methods.yaml`;
}

/** Sources below a folder, relative to `root`. */
function sourcesIn(root: string, path: string): string[] {
  return filesBelow(`${root}/${path}`, NOT_SOURCES).filter((below) => SOURCE.test(below))
    .map((below) => `${path}/${below}`);
}

/** What takes a file's part; null: nobody can say; undefined: what the generator writes anew. */
function successor(name: string, path: string): string | null | undefined {
  const { client, tasks, runtime, monitor } = moduleFiles(name);
  const include = `include/${name}/${name}`;
  const known: Readonly<Record<string, string | undefined>> = {
    [`${include}_methods.h`]: undefined,
    [`${include}_lib_exec.h`]: undefined,
    [`${include}_tasks.h`]: tasks,
    [`${include}_client.h`]: client,
    [`${include}.h`]: client,
    [`src/${name}_client.cc`]: client,
    [`src/${name}_runtime.cc`]: runtime,
    [`src/${name}.cc`]: runtime,
    [`src/${name}_monitor.py`]: monitor,
  };
  if (!Object.hasOwn(known, path)) return null;
  return known[path] === undefined ? undefined : `${name}/${known[path]}`;
}
