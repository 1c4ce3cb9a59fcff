/**
 * A module's code at one moment, copied, so that no later edit changes anything of what is loaded:
 *
 *   <folder for copies>/example_compressor/3f2a…-7/      one version, never written again
 *     deno.json                                          {}: decorators are lowered below it
 *     entry.js                                           leads to the two files that are imported
 *     compressor/compressor_runtime.ts …                 the module's folder
 *     cache/cache_client.ts …                            what it imports by name of its own repo
 *
 * The copy has the shape of the repo. `example/cache_client`, which only the repo's own `deno.json`
 * knows, becomes a relative path; everything else stays as it was written, line by line.
 *
 * Thread rules: plain functions; nothing is run.
 */

import { ChimaeraError, toChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import {
  digestOf,
  fileSizeBytes,
  kindOf,
  linkTarget,
  listFolder,
  makeFolder,
  readBytes,
  renamePath,
  writeBytes,
} from "../platform/mod.ts";
import { importProblem, namedModule } from "./import_rules.ts";
import { importsOf } from "./imports.ts";
import type { ModuleRepo, RepoModule } from "./manifest.ts";
import { moduleFiles } from "./names.ts";

/** Every file that belongs to a module's code. */
export interface ModuleCode {
  readonly repo: ModuleRepo;
  readonly module: RepoModule;
  /** By path in the repo, as they are to be loaded. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Sixteen digits that any change to one of them changes. */
  readonly hash: string;
}

const CODE = /\.(ts|js)$/;
const TEST = /_test\.ts$/;
const KEPT = /\.(ts|js|json|wasm)$/;

/**
 * Reads a module's folder, and what it names of its repo. Throws CHI-4021 with the place of the
 * first import that is not allowed, CHI-4005 for what cannot be read.
 */
export async function readModuleCode(repo: ModuleRepo, module: RepoModule): Promise<ModuleCode> {
  const reader = new CodeReader(repo);
  for (const path of filesBelow(module.folder, "")) await reader.add(`${module.name}/${path}`);
  reader.finish();
  const { files } = reader;
  const paths = [...files.keys()].sort();
  const encoder = new TextEncoder();
  const parts = paths.flatMap((path) => [encoder.encode(path), files.get(path)!]);
  return { repo, module, files, hash: (await digestOf(parts)).slice(0, 16) };
}

/** Throws CHI-4005 unless the files that a module is entered by are there. */
export function mustHaveEntries({ repo, module, files }: ModuleCode): void {
  const { runtime, libExec } = moduleFiles(module.name);
  for (const path of [`${module.name}/${runtime}`, `${module.name}/${libExec}`]) {
    if (files.has(path)) continue;
    throw new ChimaeraError("moduleLoad", {
      what: `${repo.folder}/${path}`,
      why: "no such file, and the module is entered by it",
      hint: "run `chimaera repo refresh` on the module's repo, and load it again",
    });
  }
}

/** Of a copy's file that leads to the module's two, as `runtime` and `exec`. */
export const ENTRY_FILE = "entry.js";

/** Writes a module's code into a new folder, whole or not at all. */
export function writeModuleCode({ module, files }: ModuleCode, folder: string): void {
  const partial = `${folder}.new`;
  makeFolder(partial);
  const encoder = new TextEncoder();
  writeBytes(`${partial}/deno.json`, encoder.encode("{}\n"));
  const { runtime, libExec } = moduleFiles(module.name);
  writeBytes(
    `${partial}/${ENTRY_FILE}`,
    encoder.encode(
      `export * as runtime from "./${module.name}/${runtime}";\n` +
        `export * as exec from "./${module.name}/${libExec}";\n`,
    ),
  );
  const made = new Set<string>();
  for (const [path, bytes] of files) {
    const parent = `${partial}/${path.slice(0, path.lastIndexOf("/"))}`;
    if (!made.has(parent)) makeFolder(parent);
    made.add(parent);
    writeBytes(`${partial}/${path}`, bytes);
  }
  renamePath(partial, folder);
}

/**
 * Paths of the files below a folder that may be code or data of a module. Links to folders are not
 * followed: one may lead to where it is.
 */
function filesBelow(root: string, folder: string): string[] {
  return listFolder(`${root}/${folder}`).flatMap((name) => {
    const path = folder + name;
    if (name.startsWith(".") || name === "node_modules") return [];
    const kind = kindOf(`${root}/${path}`);
    if (kind === "folder") {
      return linkTarget(`${root}/${path}`) === null ? filesBelow(root, `${path}/`) : [];
    }
    return kind === "file" && KEPT.test(name) && !TEST.test(name) ? [path] : [];
  });
}

/** A file's bytes; at most so many. Throws CHI-4005 when it has more, or with what the system says. */
function readFile(path: string, bytesMax: number): Uint8Array<ArrayBuffer> {
  try {
    // Its size is asked for first: what is too large may be larger than the memory.
    if (fileSizeBytes(path) <= bytesMax) {
      const bytes = readBytes(path);
      if (bytes.length <= bytesMax) return bytes;
    }
    throw new ChimaeraError("moduleLoad", {
      what: path,
      why: `the module's files have more than ${LIMITS.moduleBytesMax} bytes`,
    });
  } catch (thrown) {
    if (thrown instanceof ChimaeraError) throw thrown;
    throw toChimaeraError(thrown, "moduleLoad", `read ${path}`);
  }
}

/** Collects files of a repo, each with all that it imports. */
class CodeReader {
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #repo: ModuleRepo;
  readonly #refused: string[] = [];
  #sizeBytes = 0;

  constructor(repo: ModuleRepo) {
    this.#repo = repo;
  }

  /** Adds a file by its path in the repo. */
  async add(path: string): Promise<void> {
    if (this.files.has(path)) return;
    const left = LIMITS.moduleBytesMax - this.#sizeBytes;
    const bytes = readFile(`${this.#repo.folder}/${path}`, left);
    this.#sizeBytes += bytes.length;
    this.files.set(path, bytes);
    if (CODE.test(path)) this.files.set(path, await this.#addImports(path, bytes));
  }

  /** Adds what a file imports. Returns the file as it is to be loaded. */
  async #addImports(
    path: string,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { folder, namespace } = this.#repo;
    const text = new TextDecoder().decode(bytes);
    const inModule = path.slice(path.indexOf("/") + 1);
    const edits: { readonly start: number; readonly end: number; readonly to: string }[] = [];
    for (const one of await importsOf(text, `${folder}/${path}`)) {
      const { specifier, start, end } = one;
      const problem = specifier === null
        ? "only a literal can be judged before it is imported"
        : importProblem(inModule, specifier, namespace);
      if (problem !== null) {
        this.#refused.push(`${folder}/${path}:${one.line}:${one.column}: ${problem}`);
        continue;
      }
      const target = this.#targetOf(path, specifier!);
      if (target === null) continue;
      if (kindOf(`${folder}/${target}`) !== "file") {
        const why = `"${specifier}" leads to ${folder}/${target}, and there is no such file`;
        this.#refused.push(`${folder}/${path}:${one.line}:${one.column}: ${why}`);
        continue;
      }
      await this.add(target);
      if (!specifier!.startsWith(".")) {
        const quote = specifier!.length === end - start ? "" : text[start]!;
        edits.push({ start, end, to: quote + relativePath(path, target) + quote });
      }
    }
    return edits.length === 0 ? bytes : new TextEncoder().encode(edited(text, edits));
  }

  /** The path in the repo that a specifier leads to; null when it leads elsewhere. */
  #targetOf(path: string, specifier: string): string | null {
    if (specifier.startsWith(".")) {
      return decodeURIComponent(new URL(specifier, `file:///${path}`).pathname.slice(1));
    }
    const named = namedModule(specifier);
    if (named === null || named.namespace !== this.#repo.namespace) return null;
    return named.namespace === "chimaera" ? null : `${named.module}/${named.file}.ts`;
  }

  /** Throws what was refused. */
  finish(): void {
    const [first, ...others] = this.#refused;
    if (first === undefined) return;
    const at = first.indexOf(": ");
    const more = others.length === 0 ? "" : `; further: ${others.join("; ")}`;
    throw new ChimaeraError("badImport", {
      what: first.slice(0, at),
      why: first.slice(at + 2) + more,
    });
  }
}

function edited(
  text: string,
  edits: readonly { readonly start: number; readonly end: number; readonly to: string }[],
): string {
  let result = "";
  let at = 0;
  for (const { start, end, to } of edits) {
    result += text.slice(at, start) + to;
    at = end;
  }
  return result + text.slice(at);
}

/** From a file to another one, both by their paths in the repo. */
function relativePath(from: string, to: string): string {
  const up = "../".repeat(from.split("/").length - 1);
  return `${up === "" ? "./" : up}${to}`;
}
