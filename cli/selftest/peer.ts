/** The program started again as another process, which attaches to the node and sends it tasks. */

import { ffiAvailable, selfCommand } from "../../runtime/platform/mod.ts";
import { expectEqual, failed } from "./failed.ts";
import type { Workbench } from "./workbench.ts";

/** What the other process found; one JSON line on its standard output. */
export interface PeerReport {
  readonly pid: number;
  readonly transport: string;
  readonly reason: string;
  /** Tasks that a nested call ran: 4. */
  readonly nested: number;
  /** Sum of 65536 bytes of 1, by a module. */
  readonly sum: number;
}

/** Starts the other process, with the transport that it is to use. */
export async function callPeer(bench: Workbench, transport: "auto" | "socket"): Promise<string> {
  const [program, ...first] = selfCommand();
  const words = ["selftest-peer", "--instance", bench.instanceName, "--transport", transport];
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...first, ...words],
    stdin: "null",
  }).output();
  if (!success) {
    const text = new TextDecoder().decode(stderr).trim().replaceAll("\n", " / ");
    throw failed("run another process", text || "it failed without a word");
  }
  const report: PeerReport = JSON.parse(new TextDecoder().decode(stdout));
  if (report.pid === Deno.pid) throw failed("run another process", "it is this one");
  expectEqual("transport", report.transport, expectedTransport(transport));
  expectEqual("tasks below tasks", report.nested, 4);
  expectEqual("the sum of a block", report.sum, 65536);
  return `pid ${report.pid} by ${report.transport}: ${report.reason}`;
}

function expectedTransport(transport: "auto" | "socket"): string {
  return transport === "auto" && ffiAvailable() ? "shm" : "socket";
}
