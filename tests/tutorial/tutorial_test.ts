/** docs/building_modules.md is performed with the executable, as a reader would, step by step. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { BuiltProgram } from "../executable/built_program.ts";
import { test } from "../permission.ts";
import { hasBlocks, patternOf, type Step, stepsOf, withBlocks, withImports } from "./document.ts";

const DOCUMENT = new URL("../../docs/building_modules.md", import.meta.url);

/** A folder, the executable, and what runs in the background. */
class Reader implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "chimaera-tutorial-" });
  readonly #env: Record<string, string>;
  readonly #background: {
    readonly child: Deno.ChildProcess;
    said: string;
    isOver: Promise<void>;
  }[] = [];

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
    const { code, stdout, stderr } = await this.#spawn(command).output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assert.equal(code, 0, `${command}\n${out}${err}`);
    assert.match(out!, patternOf(said), `${command}\n${err}`);
  }

  /** Starts a command that goes on, and waits for what it says first. */
  async #begin(command: string, pattern: RegExp): Promise<void> {
    const child = this.#spawn(`exec ${command}`);
    const entry = { child, said: "", isOver: Promise.resolve() };
    this.#background.push(entry);
    entry.isOver = (async () => {
      for await (const chunk of child.stderr) entry.said += new TextDecoder().decode(chunk);
    })();
    let out = "";
    for await (const chunk of child.stdout) {
      out += new TextDecoder().decode(chunk);
      if (pattern.test(out)) return;
    }
    assert.fail(`${command} ended: ${out}`);
  }

  /** Waits until something in the background has said it. */
  async hears(pattern: RegExp): Promise<void> {
    for (let tries = 0; tries < 1000; tries++) {
      if (this.#background.some(({ said }) => pattern.test(said))) return;
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
    if (step.kind === "run" && step.command.startsWith("chimaera serve")) serves = true;
  }
  // Two tasks of the old code were counted, and two of the new one.
  await reader.hears(/^this lane has done 4 tasks$/m);
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
