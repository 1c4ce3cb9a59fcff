/**
 * Which room of the house a file belongs to. Every rule of the house asks this first.
 *
 * A room is a top folder, a folder of `runtime/`, or one of the few files that stand alone:
 *
 *   main        main.ts
 *   ground      runtime/errors.ts, limits.ts, source_paths.ts   tables that everything may read
 *   assembly    runtime/node.ts, runtime/node_*.ts   puts the engine's parts together
 *   platform memory task domain lane repo module session cluster observe testing
 *                                                         folders of runtime/
 *   sdk cli codegen chimods examples tests bench tools                top folders
 */

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);

const STANDALONE: Readonly<Record<string, string>> = {
  "main.ts": "main",
  "runtime/errors.ts": "ground",
  "runtime/limits.ts": "ground",
  "runtime/source_paths.ts": "ground",
  "runtime/node.ts": "assembly",
  "runtime/node_options.ts": "assembly",
  "runtime/node_repos.ts": "assembly",
  "runtime/node_requests.ts": "assembly",
  "runtime/node_options_test.ts": "assembly",
};

/** Rooms whose files are programs about the system and not part of it. */
const WORKSHOPS: readonly string[] = ["tests", "bench", "tools"];

/** The path of `filename` inside the project, or the name itself when it is elsewhere. */
export function projectPath(filename: string): string {
  return filename.startsWith(ROOT) ? filename.slice(ROOT.length) : filename;
}

/** The room of a project path. */
export function roomOf(path: string): string {
  const standalone = STANDALONE[path];
  if (standalone !== undefined) return standalone;
  const [top = "", second = ""] = path.split("/");
  return top === "runtime" ? second : top;
}

/** Whether the rules for engine code do not apply: tests, benches and tools may do as they like. */
export function isWorkshop(path: string): boolean {
  return /_(test|bench)\.tsx?$/.test(path) || WORKSHOPS.includes(roomOf(path));
}

/** Whether a project path is part of the engine. */
export function isEngine(path: string): boolean {
  return path.startsWith("runtime/") && !isWorkshop(path);
}

/** Whether a project path is a core module's own code: not its tests, nor what those share. */
export function isCoreModule(path: string): boolean {
  return roomOf(path) === "chimods" && !isWorkshop(path) && !path.includes("/testing/");
}
