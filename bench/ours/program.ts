/** The program itself, `main.ts serve`, in a runtime directory of its own. */

import { fileURLToPath } from "node:url";
import { connect, type Session } from "chimaera";
import { InstancePaths } from "chimaera/node";
import { denoScript } from "../harness/cpus.ts";
import { CannotRun } from "../harness/line.ts";

const MAIN = new URL("../../main.ts", import.meta.url);

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
  static start(): Program {
    const folder = Deno.makeTempDirSync({ prefix: "p-" });
    // This process looks for the node in the same place; the child inherits it.
    Deno.env.set("CHIMAERA_RUNTIME_DIR", folder);
    const { program, args } = denoScript(MAIN, ["serve"]);
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
