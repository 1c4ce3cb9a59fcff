/**
 * `chimaera repo check`: what must hold before a repo's modules are loaded anywhere: their types and
 * their tests. Nothing but this program is needed, and nothing in the repo is written.
 *
 *     error  echo/echo_runtime.ts:26:64  TS2345: Argument of type 'string' is not …
 *     ok     echo/echo_test.ts  echo: a pool is made, and found again by its name (412 ms)
 *     FAILED echo/echo_test.ts  echo: answers (3 ms)
 *
 *     echo/echo_test.ts:31:10: echo: answers
 *         AssertionError [ERR_ASSERTION]: …
 */

import { resolve } from "node:path";
import { ChimaeraError } from "../runtime/errors.ts";
import { LIMITS } from "../runtime/limits.ts";
import { enclosingRepo, readRepo } from "../runtime/repo/mod.ts";
import {
  checkTypes,
  placeText,
  runTests,
  type TestResult,
  type TypeProblem,
} from "../codegen/mod.ts";
import { type CliCommand, type CommonOptions, ExitCode, wholeNumber } from "./command.ts";
import { errorJson } from "./failure.ts";
import { printLine } from "./output.ts";
import { exitCodeOf, onEndSignal } from "./signals.ts";

interface RepoCheckOptions extends CommonOptions {
  readonly typesOnly?: boolean;
  /** Seconds. */
  readonly limit: number;
}

/** What was found; the result with `--json`. */
interface RepoReport {
  readonly ok: boolean;
  readonly repo: string;
  readonly namespace: string;
  readonly modules: number;
  readonly types: readonly TypeProblem[];
  /** Null: they were not run. */
  readonly tests: readonly TestResult[] | null;
}

export const repoCheck: CliCommand<RepoCheckOptions> = {
  define: (command) =>
    command
      .argument("[dir]", "the repo's folder, or one in it; this one when absent")
      .option("--types-only", "do not run the tests")
      .option(
        "--limit <seconds>",
        "how long one test may take",
        wholeNumber("--limit", 1, 86_400),
        LIMITS.moduleTestMs / 1000,
      ),
  example: "repo check my_mods",

  async run([dir = "."], { json, typesOnly, limit }) {
    const repo = readRepo(repoAt(dir));
    const show = json ? () => {} : printLine;
    // In this order: what fails first is often why something below fails.
    const types = await checkTypes(repo.folder);
    for (const problem of types) show(typeLine(problem));
    const tests = typesOnly ? null : await testsOf(repo.folder, limit * 1000, show);
    const failed = tests?.filter(({ outcome }) => outcome === "failed") ?? [];
    failed.forEach((result) => show(failureText(result)));
    const ok = types.length === 0 && failed.length === 0;
    const report: RepoReport = {
      ok,
      repo: repo.folder,
      namespace: repo.namespace,
      modules: repo.modules.length,
      types,
      tests,
    };
    if (ok) {
      printLine(json ? JSON.stringify(report) : summary(report));
      return ExitCode.ok;
    }
    const error = new ChimaeraError("repoCheck", {
      what: `check ${repo.folder}`,
      why: [counted(types.length, "type error"), counted(failed.length, "failed test")]
        .filter((text) => !text.startsWith("0 ")).join(", "),
    });
    if (!json) throw error;
    printLine(JSON.stringify({ ...report, error: errorJson(error) }));
    console.error(error.format());
    return ExitCode.failed;
  },
};

/** The folder of the repo that `dir` is, or is in. Throws CHI-1301. */
function repoAt(dir: string): string {
  const folder = resolve(dir);
  return enclosingRepo(folder) ?? folder;
}

async function testsOf(
  folder: string,
  limitMs: number,
  show: (line: string) => void,
): Promise<TestResult[]> {
  const end = new AbortController();
  let exitCode: number | undefined;
  using _signals = onEndSignal((signal) => {
    exitCode ??= exitCodeOf(signal);
    end.abort();
  });
  try {
    return await runTests(folder, {
      limitMs,
      onResult: (result) => show(testLine(result)),
      onOutput: (line) => console.error(line),
      signal: end.signal,
    });
  } catch (thrown) {
    if (exitCode === undefined) throw thrown;
    Deno.exit(exitCode); // Children and the copy are gone.
  }
}

function typeLine(problem: TypeProblem): string {
  const message = problem.message.replaceAll("\n", "\n         ");
  return `error   ${placeText(problem)}  ${problem.code}: ${message}`;
}

const WORDS = { ok: "ok    ", failed: "FAILED", ignored: "ignore" } as const;

function testLine({ file, name, outcome, ms }: TestResult): string {
  const named = name === file ? file : `${file}  ${name}`;
  return `${WORDS[outcome]}  ${named}${outcome === "ignored" ? "" : ` (${ms} ms)`}`;
}

function failureText({ file, name, place, failure = "" }: TestResult): string {
  const where = place === undefined ? file : placeText(place);
  return `\n${where}: ${name}\n${failure.replace(/^/gm, "    ")}`;
}

function summary({ modules, tests }: RepoReport): string {
  const checked = `${counted(modules, "module")}: types are right`;
  if (tests === null) return checked;
  const passed = tests.filter(({ outcome }) => outcome === "ok").length;
  const ignored = tests.length - passed;
  return `${checked}, ${counted(passed, "test")} passed${
    ignored > 0 ? `, ${ignored} ignored` : ""
  }`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
