/**
 * Runs one `deno test` process: shows its output as it comes, counts, ends it when its time is up,
 * and looks at what it left behind.
 */

import type { TestRun } from "./plan.ts";
import { endGroup, groupEnded } from "./process_group.ts";
import { parseIgnored } from "./ignored.ts";
import { type Counts, parseSummary } from "./summary.ts";

/** What one run came to. */
export interface RunResult {
  readonly title: string;
  readonly counts: Counts;
  /** Names of the tests that were ignored. */
  readonly ignored: readonly string[];
  /** What is wrong besides failed tests: the process crashed, hung, or left things behind. */
  readonly faults: readonly string[];
}

export interface RunOptions {
  /** The project's folder. */
  readonly root: string;
  /** An empty folder for the run's temporary files; must be empty again afterwards. */
  readonly temporary: string;
  readonly limitMs: number;
  /** The seed by which the engine shuffles the turns of lanes. */
  readonly laneSeed: string;
  readonly filter?: string | undefined;
  /** The program's bundle, by which tests of commands start it; from its sources when absent. */
  readonly dist?: string | undefined;
  /** Whether it is one of all runs: then files take turns with what there is no time for. */
  readonly isWhole?: boolean;
  /** Takes the run's output as it comes; standard output when it is left out. */
  readonly write?: (bytes: Uint8Array) => Promise<void> | void;
}

/** The variable that holds the seed (runtime/lane/lane_order.ts). */
export const LANE_SEED_VARIABLE = "CHIMAERA_LANE_SEED";

/**
 * Of the many small heaps in a test's processes each collection with helpers takes a fifth more of
 * the processors than one without, and there are as many rows of tests as processors. A larger
 * nursery makes them rarer.
 */
const V8_FLAGS = "--single-threaded-gc,--min-semi-space-size=8";

/** Enough of the output's end to hold the summary line. */
const TAIL_CHARS = 8192;
const PRELOAD = "tools/testing/preload.ts";
const NOTHING: Counts = { passed: 0, failed: 0, ignored: 0 };

/** Runs the tests of `run`. */
export async function runTests(run: TestRun, options: RunOptions): Promise<RunResult> {
  const child = spawn(run, options);
  const interrupt = () => {
    endGroup(child.pid);
    Deno.exit(130);
  };
  Deno.addSignalListener("SIGINT", interrupt);
  let timedOut = false;
  const alarm = setTimeout(() => {
    timedOut = true;
    endGroup(child.pid);
  }, options.limitMs);
  try {
    const [{ tail, ignored }, status] = await Promise.all([
      readOutput(child.stdout, options.write ?? writeAll),
      child.status,
    ]);
    const counts = tail.split("\n").map(parseSummary).findLast((found) => found !== null);
    const faults = timedOut
      ? [`not done after ${Math.round(options.limitMs / 1000)} s`]
      : [...judgeEnd(status, counts), ...await leftovers(child.pid, options.temporary)];
    return { title: run.title, counts: counts ?? NOTHING, ignored, faults };
  } finally {
    clearTimeout(alarm);
    Deno.removeSignalListener("SIGINT", interrupt);
  }
}

function spawn(run: TestRun, options: RunOptions) {
  const filter = options.filter === undefined ? [] : [`--filter=${options.filter}`];
  const check = run.isChecked ? ["--no-check"] : [];
  const leakChecks = ["--sanitize-ops", "--sanitize-resources"];
  const colour: Record<string, string> = Deno.stdout.isTerminal()
    ? { FORCE_COLOR: "1" }
    : { NO_COLOR: "1" };
  return new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", ...check, "--preload", PRELOAD, ...leakChecks, ...filter, ...run.args],
    cwd: options.root,
    env: {
      ...colour,
      CHIMAERA_DEBUG_HEAP: "1",
      DENO_V8_FLAGS: [V8_FLAGS, Deno.env.get("DENO_V8_FLAGS") ?? ""].filter(Boolean).join(","),
      [LANE_SEED_VARIABLE]: options.laneSeed,
      CHIMAERA_TEST_WORKERS: options.isWhole ? workerCounts(run.title, options.laneSeed) : "",
      ...options.dist === undefined ? {} : { CHIMAERA_TEST_DIST: options.dist },
      // Never the instance that the person at this machine has running.
      CHIMAERA_RUNTIME_DIR: `${options.temporary}/run`,
      TMPDIR: options.temporary,
      DENO_NO_UPDATE_CHECK: "1",
    },
    detached: true,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** Two of three numbers of workers: which, files decide differently, and each anew by the seed. */
export function workerCounts(title: string, laneSeed: string): string {
  const letters = [...title].reduce((sum, letter) => sum + letter.codePointAt(0)!, 0);
  return ["1,2", "2,4", "1,4"][(letters + (Number(laneSeed) >>> 0)) % 3]!;
}

/** What is kept of a run's output. */
interface Output {
  /** Its end. */
  readonly tail: string;
  /** Names of the tests that were ignored. */
  readonly ignored: string[];
}

/** Gives what the stream holds to `write`, and keeps what a result needs of it. */
async function readOutput(
  stream: ReadableStream<Uint8Array>,
  write: NonNullable<RunOptions["write"]>,
): Promise<Output> {
  const decoder = new TextDecoder();
  const ignored: string[] = [];
  let tail = "";
  let line = "";
  for await (const chunk of stream) {
    await write(chunk);
    const text = decoder.decode(chunk, { stream: true });
    tail = (tail + text).slice(-TAIL_CHARS);
    const lines = (line + text).split("\n");
    line = lines.pop()!.slice(-TAIL_CHARS);
    for (const whole of lines) {
      const name = parseIgnored(whole);
      if (name !== null) ignored.push(name);
    }
  }
  return { tail, ignored };
}

/** Writes to standard output. */
export async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await Deno.stdout.write(bytes.subarray(written));
  }
}

function judgeEnd(status: Deno.CommandStatus, counts: Counts | undefined): string[] {
  if (status.signal !== null) return [`ended by ${status.signal}`];
  if (!status.success && (counts?.failed ?? 0) === 0) return [`exit code ${status.code}`];
  return counts === undefined ? ["no result"] : [];
}

/** Names the processes and files that outlived the run, and removes them. */
async function leftovers(groupId: number, temporary: string): Promise<string[]> {
  const found: string[] = [];
  if (!await groupEnded(groupId)) {
    endGroup(groupId);
    found.push("left processes running");
  }
  const files = [...Deno.readDirSync(temporary)].map((entry) => entry.name);
  if (files.length > 0) found.push(`left temporary files: ${files.join(", ")}`);
  for (const name of files) Deno.removeSync(`${temporary}/${name}`, { recursive: true });
  return found;
}
