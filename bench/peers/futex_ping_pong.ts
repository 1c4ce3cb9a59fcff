/** Peer of `task.sync.*`: {@link ./futex_ping_pong.c}, compiled on this machine. */

import { ControlledProcess, ProcessSide } from "../harness/controlled_process.ts";
import type { BenchContext, Side } from "../harness/line.ts";
import { compileC } from "./c_program.ts";

/** Two threads, or two processes, that wake each other by futex over shared memory. */
export async function futexPingPong(
  context: BenchContext,
  parties: "threads" | "processes",
): Promise<Side> {
  const { submitterCpu, serverCpu } = context;
  const program = await compileC("futex_ping_pong");
  const args = [parties, String(submitterCpu), String(serverCpu)];
  return new ProcessSide(new ControlledProcess({ program, args }));
}
