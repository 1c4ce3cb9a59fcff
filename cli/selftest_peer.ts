/** `chimaera selftest-peer`: the other process of selftest. Prints one JSON line. */

import { Option } from "commander";
import { connect, DomainQuery } from "../sdk/mod.ts";
import { Client } from "../chimods/small_message/small_message_client.ts";
import { type CliCommand, type CommonOptions, ExitCode, instanceOption } from "./command.ts";
import { printLine } from "./output.ts";
import type { PeerReport } from "./selftest/peer.ts";

const LOCAL = DomainQuery.getLocalId();
const BLOCK_BYTES = 65536;
const SESSION_BYTES = 32 << 20;
/** The handler of an Io task sums the bytes. */
const MODE_SUM = 1;

interface PeerOptions extends CommonOptions {
  readonly instance: string;
  readonly transport: "auto" | "shm" | "socket";
}

export const selftestPeer: CliCommand<PeerOptions> = {
  define: (command) =>
    void instanceOption(command).addOption(
      new Option("--transport <kind>", "how to attach")
        .choices(["auto", "shm", "socket"])
        .default("auto"),
    ),
  example: "selftest-peer --instance selftest-0a1b2c3d",

  async run(_args, { instance, transport }) {
    await using session = await connect({ instance, transport, sizeBytes: SESSION_BYTES });
    const client = new Client(session);
    await client.create(LOCAL, LOCAL, "selftest peer", undefined, 2);
    using block = session.alloc(BLOCK_BYTES);
    block.bytes.fill(1);
    const report: PeerReport = {
      pid: Deno.pid,
      transport: session.transport,
      reason: session.reason,
      nested: await client.md(LOCAL, 3),
      sum: await client.io(LOCAL, block, MODE_SUM),
    };
    printLine(JSON.stringify(report));
    return ExitCode.ok;
  },
};
