/**
 * The executable, built from this checkout for the tests of one file, and a machine that has little
 * more: no Deno in PATH, no network where the system can cut it off, a home of its own.
 */

import { testedBuild } from "../../tools/testing/tested_build.ts";

/** Programs that the stub of the executable needs, and what a test needs itself. */
const TOOLS =
  "sh tail head gzip tar sha256sum mktemp mkdir mv rm chmod find id wc cat sleep unshare";

/** How a run of the executable ended. */
export interface ProgramRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The executable and the folders that it may use; removed when the test's process ends. */
export class BuiltProgram {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static #built: Promise<BuiltProgram> | undefined;

  /** The same for all tests of a file. */
  static get(): Promise<BuiltProgram> {
    return BuiltProgram.#built ??= BuiltProgram.#make();
  }

  static async #make(): Promise<BuiltProgram> {
    const folder = Deno.makeTempDirSync({ prefix: "chimaera-built-" });
    addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
    const program = new BuiltProgram(folder);
    const kept = await testedBuild();
    Deno.symlinkSync(`${kept}/dist`, program.dist);
    Deno.linkSync(`${kept}/chimaera`, program.path);
    Deno.mkdirSync(`${folder}/bin`);
    for (const tool of TOOLS.split(" ")) {
      const command = new Deno.Command("sh", { args: ["-c", `command -v ${tool}`] });
      const place = new TextDecoder().decode(command.outputSync().stdout).trim();
      if (place.startsWith("/")) Deno.symlinkSync(place, `${folder}/bin/${tool}`);
    }
    return program;
  }

  /** The executable. */
  get path(): string {
    return `${this.#folder}/chimaera`;
  }

  /** The bundle in it. */
  get dist(): string {
    return `${this.#folder}/dist`;
  }

  /** A folder for anything, which is there no longer than the program. */
  get scratch(): string {
    const folder = `${this.#folder}/scratch`;
    Deno.mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** Variables of the little machine, and no others. */
  get environment(): Record<string, string> {
    return {
      PATH: `${this.#folder}/bin`,
      HOME: `${this.#folder}/home`,
      CHIMAERA_RUNTIME_DIR: `${this.#folder}/run`,
      NO_COLOR: "1",
    };
  }

  /** Runs the executable to its end. */
  async run(args: readonly string[], cwd = this.scratch): Promise<ProgramRun> {
    return await runApart([this.path, ...args], { cwd, env: this.environment });
  }
}

let cutOff: readonly string[] | undefined;

/** What starts a program without a network; nothing where the system does not allow it. */
function withoutNetwork(): readonly string[] {
  if (cutOff !== undefined) return cutOff;
  for (const flags of [["-n"], ["-r", "-n"]]) {
    const test = new Deno.Command("sh", {
      args: ["-c", `unshare ${flags.join(" ")} true`],
      stderr: "null",
    });
    if (test.outputSync().success) return cutOff = ["unshare", ...flags];
  }
  return cutOff = [];
}

/** Runs a command with these variables only, cut off from the network where that can be done. */
export async function runApart(
  command: readonly string[],
  options: { readonly cwd: string; readonly env: Record<string, string> },
): Promise<ProgramRun> {
  const [program, ...args] = [...withoutNetwork(), ...command];
  const { code, stdout, stderr } = await new Deno.Command(program!, {
    args,
    cwd: options.cwd,
    clearEnv: true,
    env: options.env,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
