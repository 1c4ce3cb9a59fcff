/** Peer of `task.sync.*`: {@link ./futex_ping_pong.c}, compiled on this machine. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder, fingerprint, hasProgram } from "../harness/cache.ts";
import { ControlledProcess, ProcessSide } from "../harness/controlled_process.ts";
import { type BenchContext, CannotRun, type Side } from "../harness/line.ts";

const SOURCE = new URL("./futex_ping_pong.c", import.meta.url);
const FLAGS = ["-O2", "-pthread"];

async function compile(): Promise<string> {
  if (!hasProgram("cc")) throw new CannotRun("the peer is in C and there is no cc");
  const key = await fingerprint(Deno.readTextFileSync(SOURCE), ...FLAGS, Deno.build.arch);
  const program = join(cacheFolder("c"), `futex_ping_pong-${key}`);
  try {
    Deno.statSync(program);
    return program;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  // Another bench may compile at the same time: each writes its own file, the last rename stands.
  const draft = `${program}.${Deno.pid}`;
  const { success, stderr } = await new Deno.Command("cc", {
    args: [...FLAGS, "-o", draft, fileURLToPath(SOURCE)],
  }).output();
  if (!success) throw new CannotRun(`cc failed: ${new TextDecoder().decode(stderr).trim()}`);
  Deno.renameSync(draft, program);
  return program;
}

/** Two threads, or two processes, that wake each other by futex over shared memory. */
export async function futexPingPong(
  context: BenchContext,
  parties: "threads" | "processes",
): Promise<Side> {
  const { submitterCpu, serverCpu } = context;
  const program = await compile();
  const args = [parties, String(submitterCpu), String(serverCpu)];
  return new ProcessSide(new ControlledProcess({ program, args }));
}
