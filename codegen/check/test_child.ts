/**
 * The process that runs a test file: the program itself, started again.
 *
 * It has a process group of its own, so that what a test started is ended with it.
 *
 * Thread rules: the main isolate.
 */

import { pathToFileURL } from "node:url";
import { selfCommand } from "../../runtime/platform/mod.ts";
import { readLine, type TestEvent } from "./test_events.ts";

export interface TestChildOptions {
  /** The test file. */
  readonly file: string;
  readonly cwd: string;
  readonly runtimeFolder: string;
  /** Before each event; see test_events.ts. */
  readonly mark: string;
  readonly onEvent: (event: TestEvent) => void;
  readonly onOutput: (line: string) => void;
}

/** How long what a process printed may take to come after its end: another one may hold its pipes. */
const LAST_OUTPUT_MS = 1000;

/** How the process ended. */
export interface ChildEnd {
  readonly exitCode: number;
  /** It was ended because it had its limit behind it. */
  readonly isLate: boolean;
}

export class TestChild {
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<unknown>;
  readonly #noMore = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isLate = false;
  #hasEnded = false;

  constructor({ file, cwd, runtimeFolder, mark, onEvent, onOutput }: TestChildOptions) {
    const [program, ...args] = selfCommand();
    const fileUrl = pathToFileURL(file).href;
    this.#process = new Deno.Command(program, {
      args: [...args, "repo-tests", fileUrl, mark],
      cwd,
      env: { CHIMAERA_RUNTIME_DIR: runtimeFolder, NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
    const take = (line: string) => {
      const { printed, event } = readLine(line, mark);
      if (printed !== null) onOutput(printed);
      if (event !== null) onEvent(event);
    };
    this.#reading = Promise.all([
      eachLine(this.#process.stdout, take, this.#noMore.signal),
      eachLine(this.#process.stderr, onOutput, this.#noMore.signal),
    ]);
    this.#reading.catch(() => {}); // `ended` throws it, when it comes to that.
  }

  /** How long the process may go on from now. Of one that has ended the last events come later. */
  limit(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#hasEnded) return;
    this.#timer = setTimeout(() => {
      this.#isLate = true;
      this.kill();
    }, ms);
  }

  /** Ends the process and all that it started. */
  kill(): void {
    try {
      Deno.kill(-this.#process.pid, "SIGKILL");
    } catch (thrown) {
      if (!(thrown instanceof Deno.errors.NotFound)) throw thrown; // It has ended by itself.
    }
  }

  /**
   * Waits for the end of the process. What a test has started and left running is ended; what has
   * left the process group goes on, and is not waited for.
   */
  async ended(): Promise<ChildEnd> {
    const { code } = await this.#process.status;
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.kill();
    await this.#read();
    return { exitCode: code, isLate: this.#isLate };
  }

  async #read(): Promise<void> {
    const timer = setTimeout(() => this.#noMore.abort(), LAST_OUTPUT_MS);
    try {
      await this.#reading;
    } catch (thrown) {
      if (!this.#noMore.signal.aborted) throw thrown;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Calls back for each line of a stream, with the last one though no line end follows it. */
async function eachLine(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  call: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream(), { signal })) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(call);
  }
  if (rest !== "") call(rest);
}
