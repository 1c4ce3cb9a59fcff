/**
 * Processors: which ones this process may use, and how a program is started on some of them.
 *
 * Peer and ours must meet the same conditions. A host process is started under `taskset`, so that
 * all its threads (garbage collection too) and all its children stay within the line's processors.
 * Where a line wants submitter and server apart, each thread binds itself with `pinThread`.
 */

import { fileURLToPath } from "node:url";
import { pinThread } from "../../runtime/platform/libc.ts";
import { type BenchContext, CannotRun, Placement } from "./line.ts";

/** Reads a kernel list of processors: `0-1,4`. */
export function parseCpuList(text: string): number[] {
  return text.trim().split(",").flatMap((part) => {
    const [first = NaN, last = first] = part.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** Processors that this process may run on. */
export function allowedCpus(): number[] {
  const status = Deno.readTextFileSync("/proc/self/status");
  return parseCpuList(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? "0");
}

/**
 * Submitter's and server's processor under a placement.
 *
 * @throws {CannotRun} When the placement wants two processors and there is one.
 */
export function chooseCpus(placement: Placement, allowed: readonly number[]): [number, number] {
  const [first = 0, second] = allowed;
  if (placement === Placement.oneCore) return [first, first];
  if (second === undefined) throw new CannotRun(`needs two processors, has ${allowed.length}`);
  return [first, second];
}

/** A program and its arguments. */
export interface CommandLine {
  readonly program: string;
  readonly args: readonly string[];
}

/** The same command, kept on the given processors. */
export function onCpus(command: CommandLine, cpus: readonly number[]): CommandLine {
  return { program: "taskset", args: ["-c", cpus.join(","), command.program, ...command.args] };
}

/** Runs a script of the bench with the Deno that runs this one. */
export function denoScript(url: URL, args: readonly string[]): CommandLine {
  return { program: Deno.execPath(), args: ["run", "-A", "--quiet", fileURLToPath(url), ...args] };
}

/** Binds the calling thread, where the line's placement says so. */
export function pinTo(context: BenchContext, cpu: number): void {
  if (context.placement !== Placement.twoCores) return;
  if (!pinThread(cpu)) throw new CannotRun(`the system refuses to bind a thread to cpu ${cpu}`);
}

/**
 * Starts something while this thread is bound to the server's processor, which the threads and
 * processes that it makes inherit; then binds this thread to the submitter's.
 */
export async function startOnServerCpu<T>(
  context: BenchContext,
  start: () => Promise<T>,
): Promise<T> {
  pinTo(context, context.serverCpu);
  try {
    return await start();
  } finally {
    pinTo(context, context.submitterCpu);
  }
}
