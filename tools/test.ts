/**
 * `deno task test`: runs every test, and ends with the line `N passed, N failed`.
 *
 * Lanes take their turns in an order of its own in each call, by a seed that is printed; the call is
 * repeated with the variable that is printed with it. A call without a PATH builds the executable
 * first, and tests of commands then run what is in it, where others run the sources; tests of whole
 * nodes run with two of three numbers of workers, by that seed.
 *
 * Installs the system programs that tests compare with, runs `deno test` in as many processes as
 * isolation asks for (testing/plan.ts), and fails when a test fails, when a run crashes, hangs or
 * leaves processes or files behind, and when there was nothing to run; with `CI` set also when a test
 * is ignored that testing/ignored.ts does not name.
 */

import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { inCi, unexpected } from "./testing/ignored.ts";
import { listTests, planExamples, planRuns, selectTests, type TestRun } from "./testing/plan.ts";
import { provideRequirements } from "./testing/requirements.ts";
import {
  LANE_SEED_VARIABLE,
  type RunOptions,
  type RunResult,
  runTests,
  writeAll,
} from "./testing/run.ts";
import { testedBuild } from "./testing/tested_build.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const TOTAL_LIMIT_MS = 20 * 60_000;
const RUN_LIMIT_MS = 6 * 60_000;

const HELP = `Usage: deno task test [options] [PATH…]

  PATH…             test files or folders, "." for all of them; all of them when none is named,
                    but each whole node with two of 1, 2 and 4 workers only
  --filter TEXT     tests whose name contains TEXT, or matches /TEXT/
  --no-install      do not install missing system programs
  --help

Example: deno task test runtime/memory tests/house --filter heap
`;

/** Runs the tests that the arguments choose; returns the exit code. */
async function main(args: string[]): Promise<number> {
  let choice;
  try {
    choice = parse(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
    return 2;
  }
  if (choice.help) {
    console.log(HELP);
    return 0;
  }
  if (choice.install) {
    const missing = await provideRequirements();
    if (missing.length > 0) console.log(`not installed: ${missing.join(", ")}`);
  }
  const tests = selectTests(listTests(ROOT), choice.paths);
  const isWhole = choice.paths.length === 0;
  const [isTyped, build] = await Promise.all([
    checkTypes(tests),
    isWhole && tests.length > 0 ? testedBuild() : null,
  ]);
  if (!isTyped) return 1;
  const dist = build === null ? undefined : `${build}/dist`;
  const runs = planOf(tests, choice.paths);
  if (runs.length === 0) console.log(`no test files in ${choice.paths.join(", ")}`);
  const laneSeed = Deno.env.get(LANE_SEED_VARIABLE) ?? randomSeed();
  const order = `order of lanes: ${LANE_SEED_VARIABLE}=${laneSeed}`;
  console.log(order);
  const results = await runAll(runs, { filter: choice.filter, laneSeed, dist, isWhole });
  return report(results, order);
}

function parse(args: string[]) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      filter: { type: "string" },
      "no-install": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { filter, help } = values;
  return { filter, help, install: !values["no-install"], paths: positionals };
}

/** Checks the types of all tests and of what they import, in one process for all of them. */
async function checkTypes(tests: readonly string[]): Promise<boolean> {
  if (tests.length === 0) return true;
  const args = ["check", "--quiet", ...tests];
  const { success } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).spawn().status;
  if (!success) console.log("failed: deno check\n0 passed, 1 failed");
  return success;
}

function planOf(tests: readonly string[], paths: readonly string[]): TestRun[] {
  const runs = planRuns(tests);
  return paths.length === 0 ? [...runs, ...planExamples(ROOT)] : runs;
}

function randomSeed(): string {
  return String(crypto.getRandomValues(new Uint32Array(1))[0]);
}

/** How all runs of one call are made. */
interface Turn {
  /** When the time for all of them is over, in milliseconds since 1970. */
  readonly endMs: number;
  readonly filter: string | undefined;
  readonly laneSeed: string;
  readonly dist: string | undefined;
  readonly isWhole: boolean;
}

async function runAll(
  runs: readonly TestRun[],
  choice: Omit<Turn, "endMs">,
): Promise<RunResult[]> {
  const turn = { endMs: Date.now() + TOTAL_LIMIT_MS, ...choice };
  const single = runs.filter((run) => !run.isIdle && !run.isBeside);
  const beside = runs.filter((run) => run.isBeside);
  const idle = runs.filter((run) => run.isIdle);
  const rows = [
    runRow(() => single.shift() ?? beside.shift(), turn, false),
    runRow(() => beside.shift(), turn, true),
    runRow(() => idle.shift(), turn, true),
  ];
  return (await Promise.all(rows)).flat();
}

/**
 * Does one run after the other, until there is none to take.
 *
 * @param isHeldBack Whether what a run prints is held back until it is done.
 */
async function runRow(
  take: () => TestRun | undefined,
  turn: Turn,
  isHeldBack: boolean,
): Promise<RunResult[]> {
  const temporary = makeTemporaryFolder();
  const results: RunResult[] = [];
  try {
    for (let run = take(); run !== undefined; run = take()) {
      const limitMs = Math.min(RUN_LIMIT_MS, turn.endMs - Date.now());
      if (limitMs <= 0) {
        results.push(notRun(run));
        continue;
      }
      const options = { root: ROOT, temporary, limitMs, ...turn };
      results.push(isHeldBack ? await runBeside(run, options) : await runInSight(run, options));
    }
  } finally {
    Deno.removeSync(temporary, { recursive: true });
  }
  return results;
}

function runInSight(run: TestRun, options: RunOptions): Promise<RunResult> {
  console.log(`\n── ${run.title}`);
  return runTests(run, options);
}

async function runBeside(run: TestRun, options: RunOptions): Promise<RunResult> {
  const output: Uint8Array[] = [];
  const result = await runTests(run, { ...options, write: (bytes) => void output.push(bytes) });
  console.log(`\n── ${run.title}, beside others`);
  for (const bytes of output) await writeAll(bytes);
  return result;
}

/** Folders in which tests may nest others and still put sockets, whose paths are 107 bytes long. */
const TEMPORARY_LENGTH_MAX = 24;

function makeTemporaryFolder(): string {
  const prefix = "chi";
  const chosen = Deno.makeTempDirSync({ prefix });
  if (chosen.length <= TEMPORARY_LENGTH_MAX) return chosen;
  Deno.removeSync(chosen);
  return Deno.makeTempDirSync({ dir: "/tmp", prefix });
}

function notRun(run: TestRun): RunResult {
  const minutes = TOTAL_LIMIT_MS / 60_000;
  return {
    title: run.title,
    counts: { passed: 0, failed: 0, ignored: 0 },
    ignored: [],
    faults: [`not run: the ${minutes} minutes for all tests were over`],
  };
}

/** Prints what failed and the totals, the totals last; returns the exit code. */
function report(results: readonly RunResult[], order: string): number {
  let passed = 0;
  let failed = 0;
  let ignored = 0;
  const isStrict = inCi(Deno.env.get("CI"));
  console.log("");
  for (const { title, counts, ignored: names, faults: found } of results) {
    const missed = isStrict ? unexpected(names).map((name) => `ignored, with CI set: ${name}`) : [];
    const faults = [...found, ...missed];
    passed += counts.passed;
    failed += counts.failed + faults.length;
    ignored += counts.ignored;
    if (counts.failed > 0) console.log(`failed: ${title}: ${counts.failed} of its tests`);
    for (const fault of faults) console.log(`failed: ${title}: ${fault}`);
  }
  if (failed > 0) console.log(order);
  if (ignored > 0) console.log(`ignored: ${ignored}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
