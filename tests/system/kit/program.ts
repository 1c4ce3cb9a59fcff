/**
 * A program that the tests start as a process of its own, and talk to by JSON lines: each line is
 * an object with a `kind`, the program's on its standard output, the test's on its standard input.
 *
 * A program that loses its standard input ends itself, so that nothing outlives a test.
 *
 * Thread rules: the test's isolate.
 */

/** A line. */
export interface Line {
  readonly kind: string;
  readonly [key: string]: unknown;
}

/** How long a test waits for anything before it says that it hangs. */
export const PATIENCE_MS = 40_000;

/** Settings of a started program besides its configuration. */
export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Permissions; all of them when absent. */
  readonly permissions?: readonly string[];
  /** How many files it may have open at once; as many as the test when absent. */
  readonly openFilesMax?: number;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export class Program {
  readonly #name: string;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #unread: Line[] = [];
  #arrived: () => void = () => {};
  #ended = false;
  #errors = "";
  readonly #done: Promise<unknown>;

  private constructor(name: string, child: Deno.ChildProcess) {
    this.#name = name;
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#done = Promise.all([this.#readLines(), this.#readErrors(), child.status]);
  }

  /** @param script A program of the kit; it gets `config` as its only argument. */
  static start(script: URL, config: object, options: ProgramOptions = {}): Program {
    const { openFilesMax } = options;
    const limited = openFilesMax === undefined
      ? []
      : ["-c", `ulimit -n ${openFilesMax}; exec "$@"`, "sh", Deno.execPath()];
    const child = new Deno.Command(limited.length > 0 ? "sh" : Deno.execPath(), {
      args: [
        ...limited,
        "run",
        "--quiet",
        "--no-check",
        ...(options.permissions ?? ["--allow-all"]),
        script.href,
        JSON.stringify(config),
      ],
      env: { NO_COLOR: "1", ...options.env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const name = `${script.pathname.split("/").at(-1)} ${JSON.stringify(config)}`;
    return new Program(name, child);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What it wrote on its standard error so far. */
  get errors(): string {
    return this.#errors;
  }

  async #readLines(): Promise<void> {
    let rest = "";
    for await (const chunk of this.#child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#unread.push(this.#parse(line));
      this.#arrived();
    }
    this.#ended = true;
    this.#arrived();
  }

  #parse(line: string): Line {
    try {
      return JSON.parse(line);
    } catch {
      throw new Error(`${this.#name} wrote \`${line}\`, which is not JSON`);
    }
  }

  async #readErrors(): Promise<void> {
    for await (const chunk of this.#child.stderr) {
      this.#errors = (this.#errors + decoder.decode(chunk)).slice(-20_000);
    }
  }

  /** The next unread line of a kind. Fails when the program ends first. */
  async next<T>(kind: string, patienceMs: number = PATIENCE_MS): Promise<T & Line> {
    const endMs = Date.now() + patienceMs;
    for (;;) {
      const at = this.#unread.findIndex((line) => line.kind === kind);
      if (at >= 0) return this.#unread.splice(at, 1)[0] as T & Line;
      if (this.#ended) throw new Error(`${this.#name} ended without \`${kind}\`${this.#tail()}`);
      if (Date.now() > endMs) {
        throw new Error(`${this.#name} said no \`${kind}\` in ${patienceMs} ms${this.#tail()}`);
      }
      await this.#arrival();
    }
  }

  /** Something new, or a moment. */
  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 200);
      this.#arrived = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #tail(): string {
    return this.#errors === "" ? "" : `; its standard error:\n${this.#errors}`;
  }

  /** Lines of a kind that nobody has read yet. */
  take<T>(kind: string): (T & Line)[] {
    const found = this.#unread.filter((line) => line.kind === kind);
    for (const line of found) this.#unread.splice(this.#unread.indexOf(line), 1);
    return found as (T & Line)[];
  }

  async send(line: Line): Promise<void> {
    await this.#input.write(encoder.encode(`${JSON.stringify(line)}\n`));
  }

  /** Sends a request and waits for the line of the same kind. */
  async ask<T>(kind: string, fields: object = {}): Promise<T & Line> {
    await this.send({ kind, ...fields });
    return await this.next<T>(kind);
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for the end. Fails when it did not end well, unless it was `killed`. */
  async ended(killed = false): Promise<void> {
    let hangs = false;
    const alarm = setTimeout(() => {
      hangs = true;
      this.#child.kill("SIGKILL");
    }, PATIENCE_MS);
    const status = await this.#child.status;
    clearTimeout(alarm);
    if (hangs) throw new Error(`${this.#name} did not end${this.#tail()}`);
    await this.#closeInput();
    await this.#done;
    if (!status.success && !killed) {
      throw new Error(`${this.#name} ended with code ${status.code}${this.#tail()}`);
    }
  }

  async #closeInput(): Promise<void> {
    try {
      await this.#input.close();
    } catch {
      // It was closed before, or its reader is gone.
    }
  }

  /** Ends it if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.ended(true);
  }
}
