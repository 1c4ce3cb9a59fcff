/**
 * Which test files there are, and which of them share a process.
 *
 * Tests of plain code run in one process, several files at a time. Everything that starts nodes,
 * workers or programs has a process per file, so that a crash or a hang is the file's that caused
 * it. Of those that drive a node's workers hard, or wait for limits of time, one runs at a time.
 * Others run beside it, one at a time as well: the tests have 20 minutes on two processors.
 */

import { exists, listFiles } from "../file_tree.ts";

/** Top folders that hold tests. */
const FOLDERS = [
  "runtime",
  "sdk",
  "chimods",
  "cli",
  "codegen",
  "tests",
  "bench",
  "examples",
  "tools",
];

/** Folders whose tests start nothing and share nothing. */
const PLAIN_FOLDERS = [
  "runtime/platform/",
  "runtime/memory/",
  "runtime/task/",
  "runtime/domain/",
  "runtime/observe/",
  "codegen/",
  "bench/harness/",
  "tools/lint/",
];

/** What inside those starts programs and nodes, or counts what its process has open. */
const EXCEPTED = [
  "codegen/check/",
  "codegen/kit/",
  "runtime/memory/segment_test.ts",
  "runtime/platform/uring_test.ts",
];

/** Tests that wait for a long time, and do next to nothing. */
const IDLE = ["tests/system/stopped_minute_test.ts"];

/**
 * Tests that mind no company: simulations, whose time is simulated too, and what waits for compilers
 * and programs. They run in this order, the long ones first, beside the others and after them.
 */
const BESIDE = [
  "bench/",
  "tests/simulation/",
  "tests/system/upstream_async_ipc_test.ts",
  "tests/executable/",
  "tests/house/",
  "tests/tutorial/",
  "tests/link/",
  "cli/",
  "codegen/check/",
  "codegen/kit/",
  "chimods/",
  "tests/testing/",
  "tests/c_client/",
  "tests/disk/",
  "examples/",
  "tools/",
];

/** Where code examples are run: in doc comments, and in Markdown. */
const DOCUMENTED = ["sdk", "runtime", "chimods", "README.md", "docs"];

/** What modules are made from; it is no module yet. */
const TEMPLATE = "chimods/MOD_NAME/";

const TEST_FILE = /_test\.tsx?$/;

/** One process of `deno test`. */
export interface TestRun {
  readonly title: string;
  /** Arguments of `deno test` besides those that all runs share. */
  readonly args: readonly string[];
  /** Whether the types of its files have been checked; a run of its own takes seconds for that. */
  readonly isChecked: boolean;
  /** Whether it does next to nothing for a long time: others run meanwhile. */
  readonly isIdle?: boolean;
  /** Whether it runs beside others. */
  readonly isBeside?: boolean;
}

/** Test files below the project's folder, as project paths. */
export function listTests(root: string): string[] {
  return FOLDERS.filter((folder) => exists(`${root}/${folder}`))
    .flatMap((folder) => listFiles(`${root}/${folder}`).map((path) => `${folder}/${path}`))
    .filter((path) =>
      TEST_FILE.test(path) && !path.includes("/node_modules/") && !path.startsWith(TEMPLATE)
    );
}

/** The files of `tests` that `paths` names, each a file or a folder; all when there are none. */
export function selectTests(tests: readonly string[], paths: readonly string[]): string[] {
  if (paths.length === 0) return [...tests];
  const wanted = paths.map((path) => path.replace(/^\.\//, "").replace(/\/+$/, ""));
  return tests.filter((test) =>
    wanted.some((path) => test === path || test.startsWith(`${path}/`) || path === ".")
  );
}

/** The runs for these test files, in the order in which they are to run. */
export function planRuns(tests: readonly string[]): TestRun[] {
  const isIn = (folders: readonly string[], path: string) =>
    folders.some((folder) => path.startsWith(folder));
  const isPlain = (path: string) => isIn(PLAIN_FOLDERS, path) && !isIn(EXCEPTED, path);
  const plain = tests.filter(isPlain);
  const alone = tests.filter((path) => !isPlain(path));
  const place = (path: string) => BESIDE.findIndex((folder) => path.startsWith(folder));
  const runs = alone.map((path) => ({
    title: path,
    args: [path],
    isChecked: true,
    isIdle: IDLE.includes(path),
    isBeside: place(path) >= 0,
  })).sort((a, b) => place(a.title) - place(b.title));
  if (plain.length === 0) return runs;
  return [{ title: "plain code", args: ["--parallel", ...plain], isChecked: true }, ...runs];
}

/** The run of the documentation's examples, once there is an SDK that they can import. */
export function planExamples(root: string): TestRun[] {
  if (!exists(`${root}/sdk/mod.ts`)) return [];
  const places = DOCUMENTED.filter((place) => exists(`${root}/${place}`));
  return [{
    title: "examples in the documentation",
    args: ["--doc", "--permit-no-files", "--ignore=**/*_test.ts", ...places],
    isChecked: false,
    isBeside: true,
  }];
}
