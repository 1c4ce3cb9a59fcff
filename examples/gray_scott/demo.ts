/**
 * `deno task demo`: the whole path on real data. Builds the executable, starts `./chimaera serve`,
 * runs the Gray–Scott client as another process, and stops the server.
 *
 * The last line on stdout is one JSON object; its `demo` is "ok" or "failed".
 */

import { TextLineStream } from "./text_lines.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const EXECUTABLE = `${ROOT}chimaera`;
const INSTANCE = "gray-scott";
const PNG = `${ROOT}gray_scott.png`;
const FRAMES = 64;
/** Lines of the server that are kept for an error message. */
const READY_TIMEOUT_MS = 60_000;

async function runToEnd(program: string, args: readonly string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command(program, {
    args: [...args],
    cwd: ROOT,
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`${program} ${args.join(" ")} failed`);
  return new TextDecoder().decode(stdout);
}

/** Starts the server; resolves when it says that it is ready. */
async function startServer(): Promise<Deno.ChildProcess> {
  const server = new Deno.Command(EXECUTABLE, {
    args: ["serve", "--instance", INSTANCE],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
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

async function demo(): Promise<Record<string, unknown>> {
  console.error("building ./chimaera …");
  await runToEnd(Deno.execPath(), ["run", "-A", "tools/build.ts"]);
  const server = await startServer();
  try {
    const client = new URL("client.ts", import.meta.url).pathname;
    const args = ["run", "-A", "--config", `${ROOT}deno.json`, client];
    const output = await runToEnd(Deno.execPath(), [
      ...args,
      "--instance",
      INSTANCE,
      "--frames",
      String(FRAMES),
      "--png",
      PNG,
    ]);
    return JSON.parse(output.trim().split("\n").at(-1)!);
  } finally {
    await runToEnd(EXECUTABLE, ["stop", "--instance", INSTANCE]).catch(() => {
      server.kill("SIGTERM");
      return "";
    });
    await server.status;
  }
}

if (import.meta.main) {
  try {
    const report = await demo();
    console.log(JSON.stringify({ demo: "ok", ...report }));
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    console.error(`error: demo: ${why}`);
    console.log(JSON.stringify({ demo: "failed", why }));
    Deno.exit(1);
  }
}
