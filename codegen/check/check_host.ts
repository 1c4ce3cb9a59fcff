/**
 * The files and names that the compiler sees when it checks a repo:
 *
 *   the repo's own files                    from disk
 *   "example/compressor_client"             that module's file in the repo
 *   "chimaera", "chimaera/…"                the kit's declarations, which the program carries;
 *                                           from source, the files of the checkout
 *   "node:…", Deno, the language            the libraries, which the program carries
 *
 * Nothing else can be imported: what a module may not import is a type error too.
 *
 * Thread rules: one per check.
 */

import type ts from "typescript";
import {
  assetUrl,
  kindOf,
  packaging,
  pathOfUrl,
  PROGRAM_ROOT,
  readText,
} from "../../runtime/platform/mod.ts";
import { type ModuleRepo, namedModule } from "../../runtime/repo/mod.ts";
import { programImports } from "../kit/mod.ts";
import type { Compiler } from "./check_types.ts";
import { LANGUAGE_LIBRARY, type Libraries } from "./libraries.ts";

/** Folders of files that are in memory only; no such paths can be on a disk. */
const LIBRARIES = "/\0chimaera/libraries";
const KIT = "/\0chimaera/kit";

export class CheckHost implements ts.CompilerHost {
  readonly #ts: Compiler;
  readonly #repo: ModuleRepo;
  /** Files in memory, by path. */
  readonly #memory = new Map<string, string>();
  readonly #doors: Readonly<Record<string, string>>;

  constructor(compiler: Compiler, repo: ModuleRepo, libraries: Libraries) {
    this.#ts = compiler;
    this.#repo = repo;
    for (const [name, text] of Object.entries(libraries)) {
      this.#memory.set(`${LIBRARIES}/${name}`, text);
    }
    this.#doors = packaging() === "source" ? sourceDoors() : this.#kitDoors();
  }

  /** Puts the kit's declarations into memory; the file behind each name. */
  #kitDoors(): Record<string, string> {
    const types = JSON.parse(readText(pathOfUrl(assetUrl("codegen/kit/types.json"))) ?? "{}");
    for (const [path, text] of Object.entries(types as Record<string, string>)) {
      this.#memory.set(`${KIT}/${path}`, text);
    }
    const named = Object.entries(programImports());
    return Object.fromEntries(
      named.map(([name, path]) => [name, `${KIT}/${path.replace(/\.js$/, ".d.ts")}`]),
    );
  }

  /** Files that declare globals and `node:` modules. */
  libraryFiles(): string[] {
    return [...this.#memory.keys()].filter((path) =>
      path.startsWith(`${LIBRARIES}/`) && !path.startsWith(`${LIBRARIES}/lib.`)
    );
  }

  resolveModuleNameLiterals(
    literals: readonly ts.StringLiteralLike[],
    containing: string,
    _redirected: ts.ResolvedProjectReference | undefined,
    options: ts.CompilerOptions,
  ): readonly ts.ResolvedModuleWithFailedLookupLocations[] {
    return literals.map(({ text }) => {
      const path = this.#fileOf(text, containing);
      if (path !== null) {
        const extension = /(\.d)?\.[^./]+$/.exec(path)?.[0] ?? "";
        return { resolvedModule: { resolvedFileName: path, extension } };
      }
      if (!this.#isOurs(containing)) return { resolvedModule: undefined };
      return this.#ts.resolveModuleName(text, containing, options, this);
    });
  }

  /** Whether a file is one of the checkout, whose packages are in its `node_modules`. */
  #isOurs(path: string): boolean {
    return packaging() === "source" && path.startsWith(pathOfUrl(PROGRAM_ROOT));
  }

  /** The file behind a specifier; null when nothing is. */
  #fileOf(specifier: string, containing: string): string | null {
    const door = this.#doors[specifier];
    if (door !== undefined) return door;
    if (specifier.startsWith(".")) {
      const folder = containing.slice(0, containing.lastIndexOf("/"));
      const path = joined(folder, specifier);
      const isKnown = /\.(ts|js|json)$/.test(path) && this.fileExists(path);
      return isKnown ? path : null;
    }
    const named = namedModule(specifier);
    if (named === null || named.namespace !== this.#repo.namespace) return null;
    const module = this.#repo.modules.find(({ name }) => name === named.module);
    const path = `${module?.folder}/${named.file}.ts`;
    return module !== undefined && this.fileExists(path) ? path : null;
  }

  getSourceFile(
    path: string,
    version: ts.ScriptTarget | ts.CreateSourceFileOptions,
  ): ts.SourceFile | undefined {
    const text = this.readFile(path);
    return text === undefined ? undefined : this.#ts.createSourceFile(path, text, version);
  }

  fileExists(path: string): boolean {
    return this.#memory.has(path) || (!path.includes("\0") && kindOf(path) === "file");
  }

  readFile(path: string): string | undefined {
    const text = this.#memory.get(path);
    if (text !== undefined || path.includes("\0")) return text;
    return readText(path) ?? undefined;
  }

  directoryExists(path: string): boolean {
    return !path.includes("\0") && kindOf(path) === "folder";
  }

  getDefaultLibFileName(): string {
    return `${LIBRARIES}/${LANGUAGE_LIBRARY}`;
  }

  getDefaultLibLocation(): string {
    return LIBRARIES;
  }

  getCurrentDirectory(): string {
    return this.#repo.folder;
  }

  getCanonicalFileName(path: string): string {
    return path;
  }

  useCaseSensitiveFileNames(): boolean {
    return true;
  }

  getNewLine(): string {
    return "\n";
  }

  /** Nothing is written. */
  writeFile(): void {}
}

/** From source: the checkout's own files. */
function sourceDoors(): Record<string, string> {
  const named = Object.entries(programImports());
  return Object.fromEntries(named.map(([name, path]) => [name, pathOfUrl(assetUrl(path))]));
}

/** `/a/b` and `../c.ts` → `/a/c.ts`. */
function joined(folder: string, specifier: string): string {
  const parts = folder.split("/");
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
