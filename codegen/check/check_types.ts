/**
 * Checks the types of a repo's modules and of their tests, inside the program: no Deno, no network,
 * no packages are needed. What Deno's own checker says of them is the model.
 *
 * Figures: 1.0 to 1.4 s for a repo of one module, of which the compiler's start is 0.07 s and the
 * libraries 0.5 s; 140 MB. So `serve --watch` does it in another process.
 *
 * Thread rules: holds its thread for all that time; each call reads everything anew.
 */

import type ts from "typescript";
import { kindOf, readText } from "../../runtime/platform/mod.ts";
import { readRepo } from "../../runtime/repo/mod.ts";
import { CONFIG_FILES } from "../deno_config.ts";
import { CheckHost } from "./check_host.ts";
import { typeLibraries } from "./libraries.ts";
import type { TypeProblem } from "./problems.ts";
import { moduleSources } from "./repo_files.ts";

/** The compiler. In a built program its name leads to a file that nothing else loads. */
export type Compiler = typeof ts;

/** What a repo may choose in its `deno.json` or `deno.jsonc`; everything else is as modules need it. */
const REPO_OPTIONS: readonly string[] = [
  "strict",
  "noImplicitAny",
  "strictNullChecks",
  "noUncheckedIndexedAccess",
  "exactOptionalPropertyTypes",
  "noImplicitOverride",
  "noImplicitReturns",
  "noFallthroughCasesInSwitch",
  "noPropertyAccessFromIndexSignature",
  "noUnusedLocals",
  "noUnusedParameters",
  "useUnknownInCatchVariables",
  "verbatimModuleSyntax",
];

/**
 * The type problems of a repo, in the order of its files. Throws CHI-1301 and CHI-1302 for a folder
 * that is no repo.
 *
 * @param repoFolder Absolute, without a slash at its end.
 */
export async function checkTypes(repoFolder: string): Promise<TypeProblem[]> {
  const repo = readRepo(repoFolder);
  const [{ default: ts }, libraries] = await Promise.all([import("typescript"), typeLibraries()]);
  const host = new CheckHost(ts, repo, libraries);
  const sources = moduleSources(repo).map((path) => `${repoFolder}/${path}`);
  const options = { ...optionsOf(ts), ...repoOptions(ts, repoFolder) };
  const program = ts.createProgram([...host.libraryFiles(), ...sources], options, host);
  const problems: TypeProblem[] = [];
  for (const file of program.getSourceFiles()) {
    if (!file.fileName.startsWith(`${repoFolder}/`)) continue;
    const found = [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ];
    const path = file.fileName.slice(repoFolder.length + 1);
    problems.push(...found.map((diagnostic) => problemOf(ts, file, path, diagnostic)));
  }
  return problems;
}

function optionsOf(ts: Compiler): ts.CompilerOptions {
  return {
    strict: true,
    noImplicitOverride: true,
    useUnknownInCatchVariables: true,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    moduleDetection: ts.ModuleDetectionKind.Force,
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    allowJs: true,
    checkJs: false,
    isolatedModules: true,
    noEmit: true,
    skipLibCheck: true,
    lib: ["lib.esnext.d.ts"],
    types: [],
  };
}

/** The strictness that the repo's settings ask for. A file that cannot be read asks nothing. */
function repoOptions(ts: Compiler, repoFolder: string): ts.CompilerOptions {
  const path = CONFIG_FILES.map((name) => `${repoFolder}/${name}`)
    .find((path) => kindOf(path) === "file");
  if (path === undefined) return {};
  const { config } = ts.parseConfigFileTextToJson(path, readText(path) ?? "{}");
  const asked = Object.entries((config?.compilerOptions ?? {}) as Record<string, unknown>)
    .filter(([name, value]) => REPO_OPTIONS.includes(name) && typeof value === "boolean");
  return Object.fromEntries(asked) as ts.CompilerOptions;
}

function problemOf(
  ts: Compiler,
  source: ts.SourceFile,
  file: string,
  { start, code, messageText }: ts.Diagnostic,
): TypeProblem {
  const { line, character } = ts.getLineAndCharacterOfPosition(source, start ?? 0);
  const message = ts.flattenDiagnosticMessageText(messageText, "\n");
  return { file, line: line + 1, column: character + 1, code: `TS${code}`, message };
}
