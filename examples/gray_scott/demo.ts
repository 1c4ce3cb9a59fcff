/**
 * `deno task demo`: the whole path on real data. Builds the executable, starts `./chimaera serve`,
 * runs the Gray–Scott client as another process, and stops the server.
 *
 *   demo.ts [--frames N] [--cells N] [--png FILE] [--source] [--transport auto|shm|socket]
 *
 * The last line on stdout is one JSON object; its `demo` is "ok" or "failed". Anything but shared
 * memory between the two processes is a failure: that is what is shown.
 *
 * The options are for the demo's own test: a small field, `main.ts` in place of what is built, and a
 * transport with which it must fail.
 */

import { parseArgs } from "node:util";
import { TextLineStream } from "./text_lines.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const INSTANCE = "gray-scott";
/** A server that is not ready by then is ended. */
const READY_TIMEOUT_MS = 60_000;
const DENO_RUN = [Deno.execPath(), "run", "-A", "--config", `${ROOT}deno.json`];
const CLIENT = new URL("client.ts", import.meta.url).pathname;

function readOptions() {
  return parseArgs({
    args: Deno.args,
    options: {
      frames: { type: "string", default: "64" },
      cells: { type: "string", default: "1024" },
      png: { type: "string", default: `${ROOT}gray_scott.png` },
      source: { type: "boolean", default: false },
      transport: { type: "string", default: "auto" },
    },
  }).values;
}

type DemoOptions = ReturnType<typeof readOptions>;

/** A program with its first arguments. */
type Program = readonly string[];

function commandOf(words: Program, options: Deno.CommandOptions): Deno.Command {
  const [program, ...args] = words as [string, ...string[]];
  return new Deno.Command(program, { args, cwd: ROOT, stderr: "inherit", ...options });
}

async function runToEnd(words: Program): Promise<string> {
  const { success, stdout } = await commandOf(words, {}).output();
  if (!success) throw new Error(`${words.join(" ")} failed`);
  return new TextDecoder().decode(stdout);
}

/** Starts the server; resolves when it says that it is ready. */
async function startServer(chimaera: Program): Promise<Deno.ChildProcess> {
  const words = [...chimaera, "serve", "--instance", INSTANCE];
  const server = commandOf(words, { stdin: "null", stdout: "piped" }).spawn();
  const lines = server.stdout.pipeThrough(new TextLineStream()).getReader();
  const timer = setTimeout(() => server.kill("SIGKILL"), READY_TIMEOUT_MS);
  const { done } = await lines.read();
  clearTimeout(timer);
  if (done) throw new Error("the server ended before it was ready");
  void drain(lines);
  return server;
}

async function drain(lines: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await lines.read()).done);
}

/** Stops the server; by a signal, and with the reason as the error, when it cannot be asked. */
async function stopServer(chimaera: Program, server: Deno.ChildProcess): Promise<void> {
  try {
    await runToEnd([...chimaera, "stop", "--instance", INSTANCE]);
  } catch (cause) {
    server.kill("SIGTERM");
    throw new Error(`the server was ended by a signal: ${messageOf(cause)}`, { cause });
  } finally {
    await server.status;
  }
}

async function runClient({ frames, cells, png, transport }: DemoOptions) {
  const field = ["--frames", frames, "--cells", cells, "--png", png];
  const place = ["--instance", INSTANCE, "--transport", transport];
  const output = await runToEnd([...DENO_RUN, CLIENT, ...place, ...field]);
  const report: Record<string, unknown> = JSON.parse(output.trim().split("\n").at(-1)!);
  if (report.transport !== "shm") {
    throw new Error(`the client reached the server by ${report.transport}, not by shared memory`);
  }
  return report;
}

async function demo(options: DemoOptions): Promise<Record<string, unknown>> {
  const chimaera = options.source ? [...DENO_RUN, `${ROOT}main.ts`] : [`${ROOT}chimaera`];
  if (!options.source) {
    console.error("building ./chimaera …");
    await runToEnd([Deno.execPath(), "run", "-A", "tools/build.ts"]);
  }
  const server = await startServer(chimaera);
  let report;
  try {
    report = await runClient(options);
  } catch (thrown) {
    // What came first is the news; that the server did not stop is told besides.
    await stopServer(chimaera, server).catch((also) => console.error(`error: ${messageOf(also)}`));
    throw thrown;
  }
  await stopServer(chimaera, server);
  return report;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

if (import.meta.main) {
  try {
    const report = await demo(readOptions());
    console.log(JSON.stringify({ demo: "ok", ...report }));
  } catch (thrown) {
    const why = messageOf(thrown);
    console.error(`error: demo: ${why}`);
    console.log(JSON.stringify({ demo: "failed", why }));
    Deno.exit(1);
  }
}
