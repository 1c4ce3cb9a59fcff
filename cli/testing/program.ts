/**
 * The program as a process, for tests: run to its end, or as a server, in a folder of its own.
 *
 * Thread rules: one per test; dispose it, and nothing is left.
 */

import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * What starts the program: its sources, or the bundle of them that a run of all tests has made. That
 * is what people run, and starts in half the time.
 */
function launch(isSource = false): { readonly flags: readonly string[]; readonly main: string } {
  const dist = Deno.env.get("CHIMAERA_TEST_DIST");
  if (isSource || dist === undefined) {
    return { flags: ["--config", `${ROOT}deno.json`], main: `${ROOT}main.ts` };
  }
  const flags = ["--no-config", "--no-lock", "--import-map", `${dist}/deno.json`];
  return { flags, main: `${dist}/main.js` };
}

/** What a run left behind. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as it is. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** How a run differs from `chimaera WORDS`. */
export interface RunOptions {
  readonly stdin?: Uint8Array<ArrayBuffer>;
  /** Whether it must be the checkout's sources that run. */
  readonly isSource?: boolean;
  /** Without the right to call libraries. */
  readonly denyFfi?: boolean;
  /** Whether memory use is checked; as in the test's own program when absent. */
  readonly debugHeap?: boolean;
  /** By way of another program, which is given the words that start it; see {@linkcode plainUser}. */
  readonly by?: readonly string[];
}

/** Takes from root what lets it pass by the modes of files. From util-linux, as `script` is. */
const WITHOUT_PRIVILEGES = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];

/**
 * Options to run the program as somebody whom permissions stop: root is not, unless its privileges
 * are taken. Null when this checkout can be read by nobody but a privileged root.
 */
export function plainUser(): Pick<RunOptions, "by"> | null {
  const may = (name: "run" | "sys") => Deno.permissions.querySync({ name }).state === "granted";
  if (!may("run") || !may("sys")) return null;
  if (Deno.uid() !== 0) return {};
  const temporary = Deno.env.get("TMPDIR") ?? "/tmp";
  const check = 'test -r "$0" && test -x "$1" && test -x "$2"';
  const [program, ...args] = WITHOUT_PRIVILEGES;
  args.push("sh", "-c", check, launch().main, Deno.execPath(), temporary);
  return new Deno.Command(program!, { args }).outputSync().success
    ? { by: WITHOUT_PRIVILEGES }
    : null;
}

/** A temporary folder in which the program runs; instances live inside it. */
export class ProgramFolder implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync({ prefix: "chimaera-cli-" });
  readonly #servers: Deno.ChildProcess[] = [];

  #settings(
    words: readonly string[],
    options: RunOptions,
    stdin: "piped" | "null",
  ): Deno.CommandOptions & { args: string[] } {
    const ffi = options.denyFfi === true ? ["--deny-ffi"] : [];
    const { flags, main } = launch(options.isSource);
    return {
      args: ["run", "--allow-all", ...ffi, "-q", "--no-check", ...flags, main, ...words],
      cwd: this.path,
      env: {
        CHIMAERA_RUNTIME_DIR: `${this.path}/run`,
        CHIMAERA_CONFIG_DIR: `${this.path}/run/config`,
        NO_COLOR: "1",
        ...options.debugHeap === undefined
          ? {}
          : { CHIMAERA_DEBUG_HEAP: options.debugHeap ? "1" : "0" },
      },
      stdin,
      stdout: "piped",
      stderr: "piped",
    } satisfies Deno.CommandOptions;
  }

  /** Runs the program with standard output into a file or device. */
  async runInto(path: string, words: readonly string[]): Promise<Omit<Run, "stdout" | "bytes">> {
    const { args, ...options } = this.#settings(words, {}, "null");
    const program = ["-c", 'out=$1; shift; exec "$@" >"$out"', "sh", path, Deno.execPath()];
    const command = new Deno.Command("sh", { ...options, args: [...program, ...args] });
    const { code, stderr } = await command.output();
    return { code, stderr: new TextDecoder().decode(stderr) };
  }

  /** Runs the program on a terminal; returns all that it would show. Needs util-linux's `script`. */
  async runOnTerminal(words: readonly string[]): Promise<{ code: number; shown: string }> {
    const { args, ...options } = this.#settings(words, {}, "null");
    const line = [Deno.execPath(), ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
    const script = ["--quiet", "--return", "--command", line.join(" "), "/dev/null"];
    const { code, stdout } = await new Deno.Command("script", { ...options, args: script })
      .output();
    return { code, shown: new TextDecoder().decode(stdout) };
  }

  /** Starts the program; the caller waits for it. */
  spawn(words: readonly string[], options: RunOptions = {}): Deno.ChildProcess {
    const stdin = options.stdin === undefined ? "null" : "piped";
    const { args, ...settings } = this.#settings(words, options, stdin);
    const [program, ...rest] = [...options.by ?? [], Deno.execPath(), ...args];
    return new Deno.Command(program!, { ...settings, args: rest }).spawn();
  }

  /** Runs the program to its end. */
  async run(words: readonly string[], options: RunOptions = {}): Promise<Run> {
    const child = this.spawn(words, options);
    const [output] = await Promise.all([child.output(), feed(child, options.stdin)]);
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    const { code, stdout, stderr } = output;
    return { code, stdout: text(stdout), stderr: text(stderr), bytes: stdout };
  }

  /** Runs the program with `--json`; returns what it reports. */
  // deno-lint-ignore no-explicit-any -- each command has a shape of its own, which its test states
  async json(words: readonly string[], options: RunOptions = {}): Promise<any> {
    const { stdout, stderr } = await this.run([...words, "--json"], options);
    const lines = stdout.trimEnd().split("\n");
    if (lines.length !== 1) throw new Error(`${lines.length} lines on stdout: ${stdout}${stderr}`);
    return JSON.parse(lines[0]!);
  }

  /** Starts a server, and waits until it says that it is ready. */
  async serve(words: readonly string[] = [], options: RunOptions = {}): Promise<Server> {
    const child = this.spawn(["serve", ...words], options);
    this.#servers.push(child);
    return await Server.ready(child);
  }

  write(name: string, bytes: Uint8Array): string {
    const path = `${this.path}/${name}`;
    Deno.writeFileSync(path, bytes);
    return path;
  }

  read(name: string): Uint8Array<ArrayBuffer> {
    return Deno.readFileSync(`${this.path}/${name}`);
  }

  /** Names in the folder, without the instances'. */
  list(): string[] {
    return [...Deno.readDirSync(this.path)].map(({ name }) => name).filter((n) => n !== "run")
      .sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) {
      try {
        server.kill("SIGKILL");
      } catch (thrown) {
        if (!(thrown instanceof TypeError)) throw thrown; // It has ended by itself.
      }
      await server.status;
    }
    await Deno.remove(this.path, { recursive: true });
  }
}

async function feed(child: Deno.ChildProcess, bytes: Uint8Array<ArrayBuffer> | undefined) {
  if (bytes === undefined) return;
  const writer = child.stdin.getWriter();
  try {
    await writer.write(bytes);
    await writer.close();
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.BrokenPipe)) throw thrown; // It did not want all of it.
  }
}

/** A running `serve`. */
export class Server {
  readonly child: Deno.ChildProcess;
  /** Its first line on standard output. */
  readonly readyLine: string;
  readonly #stderr: TextOf;

  private constructor(child: Deno.ChildProcess, readyLine: string, stderr: TextOf) {
    this.child = child;
    this.readyLine = readyLine;
    this.#stderr = stderr;
  }

  static async ready(child: Deno.ChildProcess): Promise<Server> {
    const stderr = new TextOf(child.stderr);
    const reader = child.stdout.getReader();
    let text = "";
    while (!text.includes("\n")) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`serve ended before it was ready: ${await stderr.whole}`);
      text += new TextDecoder().decode(value);
    }
    void drain(reader);
    return new Server(child, text.trimEnd(), stderr);
  }

  get pid(): number {
    return this.child.pid;
  }

  /** Its exit code and all that it said on standard error, once it has ended. */
  async ended(): Promise<{ code: number; stderr: string }> {
    const { code } = await this.child.status;
    return { code, stderr: await this.#stderr.whole };
  }

  /** Waits until it has said something on standard error. */
  said(pattern: RegExp): Promise<void> {
    return this.#stderr.has(pattern);
  }
}

/** The text of a stream, as far as it has come. */
class TextOf {
  readonly whole: Promise<string>;
  #text = "";
  #isOver = false;
  #onMore: () => void = () => {};

  constructor(stream: ReadableStream<Uint8Array>) {
    this.whole = this.#read(stream);
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<string> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.#text += decoder.decode(chunk, { stream: true });
      this.#onMore();
    }
    this.#isOver = true;
    this.#onMore();
    return this.#text;
  }

  /** Resolves when the text has a pattern; rejects when it ends without. */
  async has(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#text)) {
      if (this.#isOver) throw new Error(`it never said ${pattern}: ${this.#text}`);
      await new Promise<void>((resolve) => this.#onMore = resolve);
    }
  }
}

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}

const WORDS = ["task", "lane", "bell", "ring", "pool", "block", "frame", "segment"].map((word) =>
  new TextEncoder().encode(`${word} `)
);

/** Words in an order that does not repeat: every codec makes them about half as long. */
export function sample(sizeBytes: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes);
  let state = seed;
  for (let at = 0; at < sizeBytes;) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const word = WORDS[state >>> 29]!;
    bytes.set(word.subarray(0, sizeBytes - at), at);
    at += word.length;
  }
  return bytes;
}
