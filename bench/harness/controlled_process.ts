/**
 * A process that is started once and then does as it is told: one line in, one line out.
 *
 *     → run 20000
 *     ← 74.21 200010000
 *
 * The child ends at the end of its input, so it never outlives the bench. Lines that begin with
 * `#` are for people and are skipped.
 */

import { TextLineStream } from "./text_lines.ts";
import type { CommandLine } from "./cpus.ts";
import type { Block, Side } from "./line.ts";

/** Milliseconds that a child may take for one answer. */
const ANSWER_MS_MAX = 60_000;
const CLOSE_MS_MAX = 3_000;

/** A child process under line control. */
export class ControlledProcess {
  readonly #name: string;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #encoder = new TextEncoder();

  constructor(command: CommandLine, options: { cwd?: string; env?: Record<string, string> } = {}) {
    this.#name = command.program === "taskset" ? command.args[2]! : command.program;
    this.#child = new Deno.Command(command.program, {
      args: [...command.args],
      ...options,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#lines = this.#child.stdout
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream())
      .getReader();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The child's next line. */
  async receive(timeoutMs: number = ANSWER_MS_MAX): Promise<string> {
    for (;;) {
      const line = await this.#nextLine(timeoutMs);
      if (!line.startsWith("#")) return line;
    }
  }

  async #nextLine(timeoutMs: number): Promise<string> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`${this.#name} did not answer within ${timeoutMs} ms`)),
        timeoutMs,
      );
    });
    try {
      const { value, done } = await Promise.race([this.#lines.read(), late]);
      if (!done) return value;
      const { signal, code } = await this.#child.status;
      throw new Error(`${this.#name} ended with ${signal ?? code} instead of answering`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a line and waits for the answer. */
  async ask(line: string, timeoutMs: number = ANSWER_MS_MAX): Promise<string> {
    await this.#input.write(this.#encoder.encode(line + "\n"));
    return await this.receive(timeoutMs);
  }

  /** Ends the child's input and waits for its end; kills it when it does not come. */
  async close(): Promise<void> {
    // A child that is gone already has no input to end.
    await this.#input.close().catch(() => {});
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), CLOSE_MS_MAX);
    await this.#lines.cancel();
    await this.#child.status;
    clearTimeout(timer);
  }
}

/** Reads a child's answer to `run`: elapsed milliseconds and checksum. */
export function parseBlock(answer: string, ops: number): Block {
  const [elapsedMs = NaN, checksum = NaN] = answer.split(" ").map(Number);
  if (!Number.isFinite(elapsedMs) || !Number.isFinite(checksum)) {
    throw new Error(`Cannot read the answer of a peer: "${answer}"`);
  }
  return { microsPerOp: elapsedMs * 1000 / ops, elapsedMs, checksum: checksum >>> 0 };
}

/** A {@linkcode Side} whose blocks run in another process. */
export class ProcessSide implements Side {
  readonly #process: ControlledProcess;

  constructor(process: ControlledProcess) {
    this.#process = process;
  }

  async run(ops: number): Promise<Block> {
    return parseBlock(await this.#process.ask(`run ${ops}`), ops);
  }

  async close(): Promise<void> {
    await this.#process.close();
  }
}
