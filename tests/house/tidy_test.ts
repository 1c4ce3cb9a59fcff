import { test } from "../permission.ts";
import { expectNone, type SourceFile, sourceFiles } from "./source_tree.ts";

const LINES_MAX = 400;

/**
 * Files that are longer, with the lines they may have. A number here only ever gets smaller, and an
 * entry goes when its file has come down to the limit.
 */
const LONG_FILES: Readonly<Record<string, number>> = {};

/** Made by the code generator, or a lock file: their length is nobody's choice. */
const GENERATED = /_(gen|methods|lib_exec)\.ts$|^deno\.lock$/;

/** Words put together from halves, so that this file does not find itself. */
const UNFINISHED = new RegExp(
  `\\b(${["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"].join("|")})\\b`,
);
const MUTED_CHECK = new RegExp(
  `@ts-(${["ig" + "nore", "no" + "check", "expect-" + "error"].join("|")})`,
);
const ONLY_ONE = /\b(?:test|bench)\.only\(|\bonly: true\b/;
const MACHINE_PATH = /(?<![\w.])\/(?:home|Users|root)\/\w/;
const UNEXPLAINED_IGNORE = /deno-lint-ignore\b(?!.* -- \S)/;
const IGNORED_FILE = new RegExp("deno-lint-ignore" + "-file");

function isTypeScript({ path }: SourceFile): boolean {
  return /\.tsx?$/.test(path);
}

/** `path:line: text` of every line that matches. */
function matches(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) =>
      pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []
    )
  );
}

// A test file is a list of cases that are read one at a time; CONTRIBUTING says so too.
test("tidy: no file is longer than a reader can hold", () => {
  const findings = sourceFiles()
    .filter((file) => isTypeScript(file) && !file.path.endsWith("_test.ts"))
    .filter(({ path }) => !GENERATED.test(path))
    .flatMap(({ path, lines }) => {
      const count = lines.length - 1;
      const allowed = LONG_FILES[path];
      if (allowed === undefined) {
        return count > LINES_MAX ? [`${path}: ${count} lines, split it by what it does`] : [];
      }
      if (count > allowed) return [`${path}: grew from ${allowed} to ${count} lines`];
      return count <= LINES_MAX ? [`${path}: short enough now, take it from the list`] : [];
    });
  expectNone(findings);
});

test("tidy: nothing is left unfinished or muted", () => {
  const files = sourceFiles();
  const code = files.filter(isTypeScript);
  expectNone([
    ...matches(files.filter(({ path }) => !path.endsWith(".md")), UNFINISHED),
    ...matches(code, MUTED_CHECK),
    ...matches(code, ONLY_ONE),
    ...matches(code.filter(({ path }) => !path.startsWith("tests/house/")), UNEXPLAINED_IGNORE),
    ...matches(code, IGNORED_FILE),
  ]);
});

test("tidy: no path of one machine", () => {
  expectNone(
    matches(sourceFiles().filter(({ path }) => !path.startsWith("tests/house/")), MACHINE_PATH),
  );
});

test("tidy: every file says at its head what it is", () => {
  const findings = sourceFiles()
    .filter((file) => isTypeScript(file) && !file.path.endsWith("_test.ts"))
    .filter(({ text }) => !/^(?:#!.*\n|\/\/\/ .*\n)*\s*\/[/*]/.test(text))
    .map(({ path }) => `${path}: begin with a comment: purpose, contract, thread rules`);
  expectNone(findings);
});

test("tidy: names of files are snake_case, and say what is inside", () => {
  const findings = sourceFiles()
    .map(({ path }) => path)
    .filter((path) => /\.(ts|tsx|js|mjs|c)$/.test(path))
    .filter((path) => {
      const name = path.replaceAll("MOD_NAME", "mod_name").split("/").at(-1) ?? "";
      return !/^[a-z0-9_]+(?:\.[a-z0-9]+)+$/.test(name) || /^(?:utils?|helpers?|misc)\b/.test(name);
    });
  expectNone(findings);
});

test("tidy: every folder of the runtime has its door", () => {
  const paths = sourceFiles().map(({ path }) => path);
  const folders = new Set(
    paths.map((path) => /^runtime\/(\w+)\//.exec(path)?.[1]).filter((name) => name !== undefined),
  );
  expectNone(
    [...folders]
      .filter((folder) => !paths.includes(`runtime/${folder}/mod.ts`))
      .map((folder) => `runtime/${folder}/ has no mod.ts`),
  );
});
