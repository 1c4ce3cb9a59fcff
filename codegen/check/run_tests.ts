/**
 * Runs the tests of a repo's modules from the program itself, on a machine without Deno: each test
 * file in a process of its own, one after the other, on a copy of the repo.
 *
 *   this process                                    the program again: `repo-tests FILE MARK`
 *   ────────────                                    ─────────────────
 *   copies the repo                            ──▶  imports the file, runs its tests
 *   reads events, maps places to the repo      ◀──  standard output, see test_events.ts
 *   ends it when a test has its limit behind it
 *
 * Thread rules: the main isolate.
 */

import { LIMITS } from "../../runtime/limits.ts";
import { PROGRAM_ROOT, realClock, uniqueName } from "../../runtime/platform/mod.ts";
import { readRepo } from "../../runtime/repo/mod.ts";
import type { SourcePlace } from "./problems.ts";
import { RepoCopy } from "./repo_copy.ts";
import { moduleTests } from "./repo_files.ts";
import { TestChild } from "./test_child.ts";
import type { TestEvent, TestOutcome } from "./test_events.ts";

/** What became of one test, or of a test file as a whole. */
export interface TestResult {
  /** Relative to the repo's folder. */
  readonly file: string;
  /** As its author named it; that of the file, when the file itself failed. */
  readonly name: string;
  readonly outcome: TestOutcome;
  readonly ms: number;
  /** Why it failed, with the author's places in it. */
  readonly failure?: string;
  /** The first of those. */
  readonly place?: SourcePlace;
}

export interface RunTestsOptions {
  /** How long one test may take. What is around tests, as loading a file, has the usual limit. */
  readonly limitMs?: number;
  /** Called for each result at once. */
  readonly onResult?: (result: TestResult) => void;
  /** Called with each line that tests print. */
  readonly onOutput?: (line: string) => void;
  /** Ends the tests. */
  readonly signal?: AbortSignal;
}

/**
 * Runs the tests of all modules of a repo. Throws CHI-1301 and CHI-1302 for a folder that is no
 * repo, and the reason of `signal`.
 *
 * @param repoFolder Absolute, without a slash at its end.
 */
export async function runTests(
  repoFolder: string,
  options: RunTestsOptions = {},
): Promise<TestResult[]> {
  const repo = readRepo(repoFolder);
  const tests = moduleTests(repo);
  if (tests.length === 0) return [];
  using copy = await RepoCopy.of(repo);
  const results: TestResult[] = [];
  for (const file of tests) {
    const run = new FileRun(file, copy, options);
    results.push(...await run.toEnd());
    options.signal?.throwIfAborted();
  }
  return results;
}

/** How long what runs may take. */
interface Limit {
  readonly beganMs: number;
  readonly ms: number;
}

/** The run of one test file. */
class FileRun {
  readonly #file: string;
  readonly #copy: RepoCopy;
  readonly #options: RunTestsOptions;
  readonly #limitMs: number;
  readonly #results: TestResult[] = [];
  /** Tests that have not begun. */
  #planned: string[] = [];
  /** The test that runs. */
  #running: string | null = null;
  #limit: Limit = { beganMs: realClock.nowMs(), ms: LIMITS.moduleTestMs };
  #isDone = false;

  constructor(file: string, copy: RepoCopy, options: RunTestsOptions) {
    this.#file = file;
    this.#copy = copy;
    this.#options = options;
    this.#limitMs = options.limitMs ?? LIMITS.moduleTestMs;
  }

  async toEnd(): Promise<readonly TestResult[]> {
    const child = new TestChild({
      file: `${this.#copy.folder}/${this.#file}`,
      cwd: this.#copy.folder,
      runtimeFolder: this.#copy.runtimeFolder,
      mark: uniqueName(),
      onEvent: (event) => this.#take(event, child),
      onOutput: (line) => this.#options.onOutput?.(this.#copy.mapped(line)),
    });
    const { signal } = this.#options;
    const end = () => child.kill();
    signal?.addEventListener("abort", end, { once: true });
    if (signal?.aborted) child.kill();
    this.#begin(child, LIMITS.moduleTestMs);
    const { exitCode, isLate } = await child.ended();
    signal?.removeEventListener("abort", end);
    if (!this.#isDone && signal?.aborted !== true) this.#broken(exitCode, isLate);
    return this.#results;
  }

  #begin(child: TestChild, ms: number): void {
    this.#limit = { beganMs: realClock.nowMs(), ms };
    child.limit(ms);
  }

  #take(event: TestEvent, child: TestChild): void {
    this.#begin(child, LIMITS.moduleTestMs);
    switch (event.kind) {
      case "plan":
        this.#planned = [...event.names];
        break;
      case "begin":
        this.#running = event.name;
        this.#begin(child, event.timeoutMs ?? this.#limitMs);
        break;
      case "end":
        this.#running = null;
        this.#planned.splice(this.#planned.indexOf(event.name), 1);
        this.#add(event);
        break;
      case "failed":
        this.#add({ name: this.#file, outcome: "failed", ms: 0, failure: event.failure });
        break;
      case "done":
        this.#isDone = true;
    }
  }

  /** The process ended before the tests did. */
  #broken(exitCode: number, isLate: boolean): void {
    const name = this.#running ?? this.#file;
    const left = this.#planned.length - (this.#running === null ? 0 : 1);
    const why = isLate
      ? `it did not end within ${durationText(this.#limit.ms)}, and was ended`
      : `its process ended, with exit code ${exitCode}: it waits for what never comes, calls ` +
        "Deno.exit, or what is printed above says why";
    const others = left > 0 ? `; ${left} more of this file did not run` : "";
    const ms = isLate ? this.#limit.ms : Math.round(realClock.nowMs() - this.#limit.beganMs);
    this.#add({ name, outcome: "failed", ms, failure: `${why}${others}` });
  }

  #add({ name, outcome, ms, failure }: Omit<TestResult, "file" | "place">): void {
    const file = this.#file;
    let result: TestResult = { file, name, outcome, ms };
    if (failure !== undefined) {
      const text = withoutForeignFrames(this.#copy.mapped(failure));
      const place = placeIn(text);
      result = { ...result, failure: text, ...(place === null ? {} : { place }) };
    }
    this.#results.push(result);
    this.#options.onResult?.(result);
  }
}

const FRAME = /^\s+at /;
const OWN_PLACE = /(?:^|[\s(])((?:[^\s():/]+\/)+[^\s():/]+\.[jt]s):(\d+)(?::(\d+))?/m;
/** What the program found wrong with what it was given. */
const CODE = /\[CHI-\d{4}\]/;

/**
 * A stack without frames that say nothing to the author: with a place of the repo, those outside of
 * it; with an error's code, those of the program. What else fails in the program keeps them: nothing
 * else says where.
 */
function withoutForeignFrames(text: string): string {
  const lines = text.split("\n");
  const isOwn = (line: string) => FRAME.test(line) && OWN_PLACE.test(line);
  if (lines.some(isOwn)) return lines.filter((line) => !FRAME.test(line) || isOwn(line)).join("\n");
  if (!CODE.test(text) && placeIn(text) === null) return text;
  const isProgram = (line: string) => FRAME.test(line) && line.includes(PROGRAM_ROOT.href);
  return lines.filter((line) => !isProgram(line)).join("\n");
}

/** The first place in the repo that a text names; some errors know the line only. */
function placeIn(text: string): SourcePlace | null {
  const match = OWN_PLACE.exec(text);
  if (match === null) return null;
  return { file: match[1]!, line: Number(match[2]), column: Number(match[3] ?? 1) };
}

function durationText(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`;
}
