/** docs/building_modules.md is performed with the executable, as a reader would, step by step. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { BuiltProgram } from "../executable/built_program.ts";
import { test } from "../permission.ts";
import { hasBlocks, patternOf, type Step, stepsOf, withBlocks, withImports } from "./document.ts";

const DOCUMENT = new URL("../../docs/building_modules.md", import.meta.url);

/** After so long a command in the background is taken for one that never ends. */
const END_MS_MAX = 60_000;

/** What a lane of the module's second version says that has no state. */
const ANEW = /^this lane begins anew$/m;

/** A command that was started and goes on. */
interface Background {
  readonly command: string;
  readonly child: Deno.ChildProcess;
  /** On standard output, and how much of it the document has shown. */
  out: string;
  shown: number;
  /** On standard error. */
  said: string;
  isOver: Promise<unknown>;
}

/** A folder, the executable, and what runs in the background. */
class Reader implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "chimaera-tutorial-" });
  readonly #env: Record<string, string>;
  readonly #background: Background[] = [];

  private constructor(env: Record<string, string>) {
    this.#env = env;
  }

  /** With `chimaera` and Deno among the commands. */
  static async start(): Promise<Reader> {
    const program = await BuiltProgram.get();
    const { environment } = program;
    const deno = Deno.execPath().replace(/\/[^/]*$/, "");
    const own = program.path.replace(/\/[^/]*$/, "");
    const PATH = `${own}:${environment.PATH}:${deno}:/usr/bin:/bin`;
    return new Reader({ ...environment, PATH, DENO_NO_UPDATE_CHECK: "1" });
  }

  async take(step: Step): Promise<void> {
    if (step.kind === "run") return await this.#run(step.command, step.said);
    const path = `${this.folder}/${step.file}`;
    if (step.kind === "imports") {
      Deno.writeTextFileSync(path, withImports(Deno.readTextFileSync(path), step.text));
    } else if (!hasBlocks(step.text)) Deno.writeTextFileSync(path, step.text);
    else Deno.writeTextFileSync(path, withBlocks(Deno.readTextFileSync(path), step.text));
  }

  #spawn(command: string): Deno.ChildProcess {
    return new Deno.Command("sh", {
      args: ["-c", command],
      cwd: this.folder,
      clearEnv: true,
      env: { ...this.#env, NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  async #run(command: string, said: string): Promise<void> {
    if (command.endsWith(" &")) return await this.#begin(command.slice(0, -2), patternOf(said));
    const job = /^wait %(\d+)$/.exec(command);
    if (job !== null) return await this.#awaitEnd(Number(job[1]), patternOf(said));
    const { code, stdout, stderr } = await this.#spawn(command).output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assert.equal(code, 0, `${command}\n${out}${err}`);
    assert.match(out!, patternOf(said), `${command}\n${err}`);
  }

  /** Starts a command that goes on, and waits for what it says first. */
  async #begin(command: string, pattern: RegExp): Promise<void> {
    const child = this.#spawn(`exec ${command}`);
    const isOver: Promise<unknown> = Promise.resolve();
    const entry: Background = { command, child, out: "", shown: 0, said: "", isOver };
    this.#background.push(entry);
    const begun = Promise.withResolvers<void>();
    const readOut = async () => {
      for await (const chunk of child.stdout) {
        entry.out += new TextDecoder().decode(chunk);
        if (entry.shown > 0 || !pattern.test(entry.out)) continue;
        entry.shown = entry.out.length;
        begun.resolve();
      }
    };
    const readErrors = async () => {
      for await (const chunk of child.stderr) entry.said += new TextDecoder().decode(chunk);
    };
    entry.isOver = Promise.all([readOut(), readErrors()]);
    await Promise.race([begun.promise, entry.isOver]);
    assert.ok(entry.shown > 0, `${command} ended: ${entry.out}${entry.said}`);
  }

  /** Waits for the end of a command in the background, as a shell numbers them. */
  async #awaitEnd(job: number, pattern: RegExp): Promise<void> {
    const entry = this.#background[job - 1]!;
    const patience = setTimeout(() => entry.child.kill("SIGKILL"), END_MS_MAX);
    const { code } = await entry.child.status;
    clearTimeout(patience);
    await entry.isOver;
    assert.equal(code, 0, `${entry.command}\n${entry.out}${entry.said}`);
    assert.match(entry.out.slice(entry.shown), pattern, `${entry.command}\n${entry.said}`);
  }

  /** Whether something in the background has said it. */
  hasHeard(pattern: RegExp): boolean {
    return this.#background.some(({ said }) => pattern.test(said));
  }

  /** Waits until something in the background has said it. */
  async hears(pattern: RegExp): Promise<void> {
    for (let tries = 0; tries < 1000; tries++) {
      if (this.hasHeard(pattern)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.fail(`nobody said ${pattern}: ${this.#background.map(({ said }) => said).join("\n")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child, isOver } of this.#background) {
      try {
        child.kill("SIGKILL");
      } catch (thrown) {
        if (!(thrown instanceof TypeError)) throw thrown; // It has ended by itself.
      }
      await child.status;
      await isOver;
    }
    Deno.removeSync(this.folder, { recursive: true });
  }
}

test("building modules: the chapter is performed from its first line to its last", async () => {
  await using reader = await Reader.start();
  const steps = stepsOf(Deno.readTextFileSync(DOCUMENT));
  assert.ok(steps.length > 25, `${steps.length} steps`);
  let serves = false;
  for (const step of steps) {
    try {
      await reader.take(step);
      // What is saved while the node serves has to go live before the next step.
      if (serves && step.kind === "write" && step.file.endsWith("_runtime.ts")) {
        await reader.hears(/^upgraded example_compressor: 1 pool, 1 lane, with their state; /m);
      }
    } catch (thrown) {
      throw new Error(`${fileURLToPath(DOCUMENT)}:${step.line}`, { cause: thrown });
    }
    if (step.kind !== "run") continue;
    if (step.command.startsWith("chimaera serve")) serves = true;
    // The state that the new code has taken over is what keeps it silent, until it is dropped.
    if (step.command.includes("--drop-state")) assert.ok(!reader.hasHeard(ANEW));
  }
  await reader.hears(ANEW);
});

Deno.test("document: what a command prints is compared, but for what is left open", () => {
  assert.match("a 12 b\nend\n", patternOf("a … b\nend\n"));
  assert.doesNotMatch("a 12 c\nend\n", patternOf("a … b\nend\n"));
  assert.match("x\n1\n2\n3\ny\n", patternOf("x\n…\ny\n"));
  assert.match("", patternOf("…\n"));
  assert.match("", patternOf(""));
  assert.doesNotMatch("anything\n", patternOf(""));
});

Deno.test("document: blocks take the place of those of the same name", () => {
  const text = "a\n  // CHI_BEGIN(X)\n  old\n  // CHI_END(X)\nb\n";
  const block = "  // CHI_BEGIN(X)\n  new $1\n  // CHI_END(X)\n";
  assert.equal(withBlocks(text, block), `a\n${block}b\n`);
  assert.throws(() => withBlocks("a\n", block), /no block X/);
});
