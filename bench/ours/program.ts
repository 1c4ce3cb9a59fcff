/**
 * The program itself, serving, in a runtime directory of its own: `main.ts` or, where a line asks for
 * it, the executable.
 */

import { fileURLToPath } from "node:url";
import { connect, type Session } from "chimaera";
import { InstancePaths } from "chimaera/node";
import { type CommandLine, denoScript } from "../harness/cpus.ts";
import { CannotRun } from "../harness/line.ts";

const ROOT = new URL("../../", import.meta.url);
const MAIN = new URL("main.ts", ROOT);
const EXECUTABLE = fileURLToPath(new URL("chimaera", ROOT));
/** What the executable is made of. */
const SOURCES = ["runtime", "sdk", "cli", "chimods", "codegen", "main.ts", "deno.json"];

/** Milliseconds between two looks for the node. */
const LOOK_MS = 1;
const START_MS_MAX = 20_000;

/** A running `serve`. */
export class Program {
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;

  private constructor(child: Deno.ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
  }

  /** Starts it, without waiting for it to be ready. */
  static start(served: CommandLine = denoScript(MAIN, ["serve"])): Program {
    const folder = Deno.makeTempDirSync({ prefix: "p-" });
    // This process looks for the node in the same place; the child inherits it.
    Deno.env.set("CHIMAERA_RUNTIME_DIR", folder);
    const { program, args } = served;
    const child = new Deno.Command(program, {
      args: [...args],
      cwd: folder,
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    return new Program(child, folder);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Waits until the node can be found, and opens a session with it. */
  async connect(): Promise<Session> {
    const paths = new InstancePaths();
    const endMs = performance.now() + START_MS_MAX;
    while (paths.find() === null) {
      if (performance.now() > endMs) throw new Error(`serve was not ready in ${START_MS_MAX} ms`);
      await new Promise((wake) => setTimeout(wake, LOOK_MS));
    }
    return await connect({ transport: "shm" });
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Throws CannotRun where the program is not beside the bench. */
export function needProgram(): void {
  try {
    Deno.statSync(MAIN);
  } catch (cause) {
    throw new CannotRun(`${fileURLToPath(MAIN)} is not there`, { cause });
  }
}

/** What a user would start: the executable where it is built and up to date, else `main.ts`. */
export function builtProgram(): { readonly served: CommandLine; readonly note: string } {
  const source = denoScript(MAIN, ["serve"]);
  const builtMs = changedMs(EXECUTABLE);
  if (builtMs === null) return { served: source, note: "main.ts; ./chimaera is not built" };
  if (SOURCES.some((path) => newestMs(fileURLToPath(new URL(path, ROOT))) > builtMs)) {
    return { served: source, note: "main.ts; ./chimaera is older than its sources" };
  }
  return { served: { program: EXECUTABLE, args: ["serve"] }, note: "./chimaera" };
}

/** Null for what is not there. */
function changedMs(path: string): number | null {
  try {
    return Deno.statSync(path).mtime?.getTime() ?? null;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return null;
    throw thrown;
  }
}

/** Of a file, or of the files below a folder. */
function newestMs(path: string): number {
  if (Deno.statSync(path).isFile) return changedMs(path) ?? 0;
  const entries = [...Deno.readDirSync(path)].map(({ name }) => newestMs(`${path}/${name}`));
  return Math.max(0, ...entries);
}
