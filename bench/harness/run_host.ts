/** Runs one line in a host process of its own and brings back its result, whatever happens. */

import { hasProgram } from "./cache.ts";
import { allowedCpus, chooseCpus, denoScript, onCpus } from "./cpus.ts";
import { type BenchLine, CannotRun } from "./line.ts";
import { killTree } from "./process_tree.ts";
import { parseResult, type Result, skippedResult } from "./result.ts";

/** Milliseconds after which a line has hung. */
const LINE_MS_MAX = 180_000;

const HOST = new URL("../host.ts", import.meta.url);

/** The processors of a line, or why it has none. */
function cpusOf(line: BenchLine): number[] {
  if (Deno.build.os !== "linux") throw new CannotRun("processors can be chosen on Linux only");
  if (!hasProgram("taskset")) throw new CannotRun("taskset (util-linux) is not installed");
  return [...new Set(chooseCpus(line.placement, allowedCpus()))];
}

async function lastResult(output: ReadableStream<Uint8Array<ArrayBuffer>>) {
  const text = await new Response(output).text();
  const lines = text.trimEnd().split("\n");
  const result = parseResult(lines.at(-1) ?? "");
  const rest = result === undefined ? lines : lines.slice(0, -1);
  if (rest.some(Boolean)) console.error(rest.join("\n"));
  return result;
}

/** Measures a line; never rejects for what the line does. */
export async function runInHost(
  line: BenchLine,
  quick: boolean,
  timeoutMs: number = LINE_MS_MAX,
): Promise<Result> {
  let cpus;
  try {
    cpus = cpusOf(line);
  } catch (error) {
    if (error instanceof CannotRun) return skippedResult(line.name, error.message, false);
    throw error;
  }
  // All that a line leaves behind when it breaks lies here.
  const folder = await Deno.makeTempDir({ prefix: "b-" });
  try {
    return await runOn(cpus, line.name, quick, folder, timeoutMs);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function runOn(
  cpus: readonly number[],
  name: string,
  quick: boolean,
  folder: string,
  timeoutMs: number,
): Promise<Result> {
  const command = onCpus(denoScript(HOST, [name, ...(quick ? ["--quick"] : [])]), cpus);
  const host = new Deno.Command(command.program, {
    args: [...command.args],
    env: { TMPDIR: folder },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killTree(host.pid);
  }, timeoutMs);
  const [result, status] = await Promise.all([lastResult(host.stdout), host.status]);
  clearTimeout(timer);
  if (late) return skippedResult(name, `did not end within ${timeoutMs / 1000} s`, true);
  if (result !== undefined) return result;
  return skippedResult(name, `its process ended with ${status.signal ?? status.code}`, true);
}
