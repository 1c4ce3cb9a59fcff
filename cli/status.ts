/** `chimaera status`: what a running node does. */

import { DomainQuery, type NodeStats, type PoolInfo } from "../sdk/mod.ts";
import { InstancePaths } from "../sdk/node.ts";
import { Client as Admin } from "../chimods/admin/admin_client.ts";
import { holderText } from "../runtime/observe/mod.ts";
import { realClock } from "../runtime/platform/mod.ts";
import { diskText } from "./backing_text.ts";
import { type CliCommand, type CommonOptions, ExitCode, instanceOption } from "./command.ts";
import { ANSWER_MS_MAX, within } from "./deadline.ts";
import { attachNode } from "./node_access.ts";
import { printLine } from "./output.ts";
import { poolTable } from "./pool_table.ts";
import { formatDuration, formatSize } from "./quantity.ts";
import { textTable } from "./text_table.ts";

const LOCAL = DomainQuery.getLocalId();
const SESSION_BYTES = 32 << 20;

interface StatusOptions extends CommonOptions {
  readonly instance: string;
}

/** What `--json` prints, besides the node's own statistics. */
export interface StatusReport extends NodeStats {
  readonly instance: string;
  readonly uptimeMs: number;
  /** How this command reached the node, and why not faster. */
  readonly transport: string;
  readonly transportReason: string;
  readonly pools: readonly PoolInfo[];
}

export const status: CliCommand<StatusOptions> = {
  define: (command) => void instanceOption(command),
  example: "status --json",

  async run(_args, { instance, json }) {
    const access = await attachNode(instance, SESSION_BYTES);
    const { session } = access;
    const admin = new Admin(session);
    const stats = await within("ask the node", ANSWER_MS_MAX, admin.pollStats(LOCAL));
    const pools = await within("list the pools", ANSWER_MS_MAX, admin.listPools(LOCAL));
    const startedMs = new InstancePaths(instance).find()?.startedMs ?? realClock.wallMs();
    const report: StatusReport = {
      instance,
      uptimeMs: Math.max(0, Math.round(realClock.wallMs() - startedMs)),
      transport: session.transport,
      transportReason: session.reason,
      ...stats,
      // This command's own session says nothing of the node.
      sessions: stats.sessions
        .filter(({ id, transport }) => id !== session.id || transport !== session.transport)
        .map(named),
      pools,
    };
    printLine(json ? JSON.stringify(report) : statusText(report));
    await access.close();
    return ExitCode.ok;
  },
};

/** What the node calls "this process" is another one to the reader. */
function named(session: NodeStats["sessions"][number]): NodeStats["sessions"][number] {
  // Its modules' own, such as those that place lanes.
  return session.transport === "in-process" ? { ...session, client: "the node itself" } : session;
}

/** The report, for people. */
export function statusText(report: StatusReport): string {
  const { instance, pid, version, uptimeMs, backing, memoryBytes, usedBytes } = report;
  const memory = `${formatSize(usedBytes)} of ${formatSize(memoryBytes)} in use, ${backing}` +
    (backing === "file" ? " (unsealed: trusts this uid)" : "");
  const parts = [
    `instance ${instance}: pid ${pid}, version ${version}, up ${formatDuration(uptimeMs)}`,
    `memory: ${memory}; reached by ${report.transport} (${report.transportReason})`,
    `disks: ${diskText(report.diskBackend)}`,
    `workers\n${workerTable(report)}`,
    `sessions\n${sessionTable(report)}`,
    `pools\n${poolTable(report.pools)}`,
  ];
  for (const stall of report.stalls) {
    const forText = formatDuration(stall.forMs);
    parts.push(
      `warning: worker ${stall.worker} is held by ${holderText(stall)} for ${forText} now`,
    );
  }
  for (const { worker, isStuck, why } of report.lost) {
    const thread = isStuck ? "holds a processor for ever" : "has ended";
    parts.push(`warning: worker ${worker} was lost and replaced; its thread ${thread}: ${why}`);
  }
  if (report.malformed > 0) {
    parts.push(`${report.malformed} sessions were closed because of what they wrote`);
  }
  return parts.join("\n");
}

function workerTable({ workers }: StatusReport): string {
  return textTable(
    ["id", "cpu", "tasks", "in flight", "forwarded", "sleeps", "event loop", "malformed"],
    workers.map((worker) => [
      worker.id,
      worker.cpu,
      worker.tasks,
      worker.inFlight,
      worker.forwarded,
      worker.sleeps,
      worker.turns,
      worker.malformed,
    ]),
  );
}

function sessionTable({ sessions }: StatusReport): string {
  if (sessions.length === 0) return "  none";
  return textTable(
    ["id", "client", "transport", "ports", "memory", "state"],
    sessions.map(({ id, client, transport, ports, memoryBytes, isClosing }) => [
      id,
      client,
      transport,
      ports,
      formatSize(memoryBytes),
      isClosing ? "closing" : "open",
    ]),
  );
}
