/**
 * Declaration files of what others import of the program: the doors of the SDK, clients and tasks
 * of the core modules, and all that their types are made of.
 *
 * Each keeps its project path, so that a class is declared once, whichever door it is reached
 * through. Names of other files end in `.d.ts`, which Deno and TypeScript's own server both
 * follow, and no file needs an import map.
 */

import ts from "typescript";
import { fileURLToPath } from "node:url";
import { BuildError } from "./build_error.ts";
import { runDeno } from "./run_deno.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const DENO_TYPES = "/deno types/deno.d.ts";

/** Texts of declaration files, by project path: `sdk/mod.d.ts`. */
export type Declarations = Readonly<Record<string, string>>;

/**
 * The declarations of a tree's entry points.
 *
 * @param names What others import, and the entry point behind each name.
 * @throws {BuildError} When a type cannot be declared.
 */
export async function declarations(
  root: string,
  names: Readonly<Record<string, string>>,
): Promise<Declarations> {
  const denoTypes = await runDeno(["types"], { cwd: root });
  if (!denoTypes.ok) throw new BuildError(`deno types failed:\n${denoTypes.text}`);
  const doors = [...new Set(Object.values(names))];
  const emitted = emit(root, doors, names, denoTypes.text);
  const reached: Record<string, string> = {};
  const visit = (path: string) => {
    if (path in reached) return;
    const text = emitted.get(path);
    if (text === undefined) throw new BuildError(`no declarations came of ${path}`);
    const { rewritten, files } = linked(path, text, names);
    reached[path] = rewritten;
    files.forEach(visit);
  };
  for (const door of doors) visit(`${door}.d.ts`);
  return Object.fromEntries(Object.entries(reached).sort(([a], [b]) => a < b ? -1 : 1));
}

/** All declaration files that the compiler makes of the tree, by project path. */
function emit(
  root: string,
  doors: readonly string[],
  names: Readonly<Record<string, string>>,
  denoTypes: string,
): Map<string, string> {
  const options: ts.CompilerOptions = {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    declaration: true,
    emitDeclarationOnly: true,
    skipLibCheck: true,
    lib: ["lib.esnext.d.ts"],
    types: ["node"],
    typeRoots: [`${PROJECT}node_modules/@types`],
    paths: Object.fromEntries(
      Object.entries(names).map(([name, entry]) => [name, [`${root}/${entry}.ts`]]),
    ),
    rootDir: root,
    outDir: root,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (file, version) =>
    file === DENO_TYPES
      ? ts.createSourceFile(file, withoutReferences(denoTypes), version)
      : getSourceFile(file, version);
  const files = doors.map((door) => `${root}/${door}.ts`);
  const program = ts.createProgram([DENO_TYPES, ...files], options, host);
  const emitted = new Map<string, string>();
  const { diagnostics } = program.emit(
    undefined,
    (file, text) => {
      if (file.startsWith(`${root}/`)) emitted.set(file.slice(root.length + 1), text);
    },
    undefined,
    true,
  );
  const [problem] = diagnostics;
  if (problem !== undefined) {
    const text = ts.formatDiagnostic(problem, host);
    throw new BuildError(`a type cannot be declared:\n${text}`);
  }
  return emitted;
}

/** Without the lines that name libraries of Deno, which only Deno's own compiler has. */
function withoutReferences(text: string): string {
  return text.replace(/^\/\/\/ <reference .*$/gm, "");
}

/** A declaration file with the names of other files as they are in the kit, and those files. */
function linked(
  path: string,
  text: string,
  names: Readonly<Record<string, string>>,
): { readonly rewritten: string; readonly files: readonly string[] } {
  const { importedFiles } = ts.preProcessFile(text, true, true);
  const files: string[] = [];
  let rewritten = "";
  let done = 0;
  for (const { fileName, pos } of importedFiles.sort((a, b) => a.pos - b.pos)) {
    if (fileName.startsWith("node:")) continue;
    const file = fileBehind(path, fileName, names);
    files.push(file);
    const quote = pos + 1;
    rewritten += text.slice(done, quote) + relative(path, file);
    done = quote + fileName.length;
  }
  return { rewritten: rewritten + text.slice(done), files };
}

function fileBehind(
  path: string,
  specifier: string,
  names: Readonly<Record<string, string>>,
): string {
  const named = names[specifier];
  if (named !== undefined) return `${named}.d.ts`;
  if (!specifier.startsWith(".")) {
    throw new BuildError(`${path}: types of "${specifier}" are not in the program`);
  }
  const file = new URL(specifier, `file:///${path}`).pathname.slice(1);
  return file.replace(/\.ts$/, ".d.ts");
}

/** `../runtime/errors.d.ts` for `runtime/errors.d.ts`, as `sdk/mod.d.ts` names it. */
function relative(from: string, to: string): string {
  const here = from.split("/").slice(0, -1);
  const there = to.split("/");
  let shared = 0;
  while (shared < here.length && here[shared] === there[shared]) shared++;
  const up = "../".repeat(here.length - shared);
  return `${up === "" ? "./" : up}${there.slice(shared).join("/")}`;
}
