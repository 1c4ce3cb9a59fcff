/**
 * `chimaera bench`: what tasks cost on this machine.
 *
 * Without names, a short measurement through the core module small_message that every form of the
 * program can make. With names, the lines of the bench in a source checkout, each beside its peer.
 */

import { DomainQuery } from "../sdk/mod.ts";
import { Client as Admin } from "../chimods/admin/admin_client.ts";
import { packaging, PROGRAM_ROOT } from "../runtime/platform/mod.ts";
import { type Figure, measure } from "./bench/measure.ts";
import {
  type CliCommand,
  type CommonOptions,
  ExitCode,
  instanceOption,
  usageError,
} from "./command.ts";
import { reachNode } from "./node_access.ts";
import { printLine } from "./output.ts";
import { textTable } from "./text_table.ts";

const LOCAL = DomainQuery.getLocalId();

interface BenchOptions extends CommonOptions {
  readonly instance: string;
  readonly quick?: boolean;
}

export const bench: CliCommand<BenchOptions> = {
  define: (command) =>
    void instanceOption(command)
      .argument("[lines...]", "lines of the bench in a source checkout, as task.sync")
      .option("--quick", "fewer rounds"),
  example: "bench --quick",

  async run(lines, options) {
    if (lines.length > 0) return await runCheckout(lines, options);
    const access = await reachNode(options.instance);
    const { session, attached } = access;
    const figures = await measure(session, options.quick === true);
    const report = {
      command: "bench",
      node: attached ? "attached" : "embedded",
      workers: (await new Admin(session).pollStats(LOCAL)).workers.length,
      transport: session.transport,
      transportReason: session.reason,
      figures,
    };
    await access.close();
    printLine(options.json ? JSON.stringify(report) : describe(report));
    return ExitCode.ok;
  },
};

function describe(
  { node, workers, transport, figures }: {
    node: string;
    workers: number;
    transport: string;
    figures: readonly Figure[];
  },
): string {
  const rows = figures.map(({ name, what, unit, p50, p99, perSecond, skipped }) => [
    name,
    skipped ??
      (perSecond === undefined
        ? `p50 ${p50} ${unit}, p99 ${p99} ${unit}`
        : `${(perSecond / 1e6).toFixed(2)} M/s`),
    what,
  ]);
  return `node: ${node}, ${workers} workers, tasks by ${transport}\n` +
    textTable(["figure", "value", "what"], rows);
}

/** The bench program of the checkout, with the same words. */
async function runCheckout(lines: readonly string[], options: BenchOptions): Promise<number> {
  if (packaging() !== "source") {
    throw usageError(
      `bench ${lines.join(" ")}`,
      "lines with peers are measured in a source checkout",
      "run `chimaera bench` without names, or `deno task bench` in a checkout",
    );
  }
  const flags = [options.quick ? "--quick" : "", options.json ? "--json" : ""].filter(Boolean);
  const config = new URL("deno.json", PROGRAM_ROOT).pathname;
  const program = new URL("bench/main.ts", PROGRAM_ROOT).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "-q", "--config", config, program, ...lines, ...flags],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  return (await child.status).code;
}
