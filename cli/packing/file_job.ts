/**
 * What compress and decompress have in common: an input, an output, a node between them, and an
 * end that leaves nothing half done, whatever happens.
 */

import { oneLine } from "../../runtime/errors.ts";
import type { Session } from "../../sdk/mod.ts";
import type { Client } from "../../chimods/compressor/compressor_client.ts";
import { type CommonOptions, ExitCode } from "../command.ts";
import { type NodeAccess, reachNode } from "../node_access.ts";
import { printLine } from "../output.ts";
import { Progress } from "../progress.ts";
import { formatRate, formatSize, plural } from "../quantity.ts";
import { exitCodeOf, onEndSignal } from "../signals.ts";
import { type Providers, RunPool } from "./compressor_pool.ts";
import { sessionBytes } from "./limits.ts";
import { type LaneWork, PoolCounters } from "./pool_counters.ts";
import { openSink, ReaderGone, type Sink } from "./sink.ts";
import { Source } from "./source.ts";

/** Options of both commands. */
export interface FileOptions extends CommonOptions {
  readonly output?: string;
  readonly force?: boolean;
  readonly instance: string;
}

/** What the work is done with. */
export interface FileWork {
  readonly session: Session;
  readonly client: Client;
  readonly lanes: number;
  readonly providers: Providers;
  readonly source: Source;
  readonly sink: Sink;
  readonly progress: Progress;
}

/** What the work itself knows of it. */
export interface FileOutcome {
  readonly codec: string;
  readonly provider: string;
  /** Uncompressed and compressed size in bytes. */
  readonly rawBytes: number;
  readonly packedBytes: number;
  /** The command's own part of the report. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Which files, and what is done with them. */
export interface FileJob {
  /** `compress` or `decompress`. */
  readonly verb: string;
  readonly input: string;
  readonly output: string;
  readonly options: FileOptions;
  readonly work: (parts: FileWork) => Promise<FileOutcome>;
}

/** Runs the job and reports it; returns the exit code. */
export async function runFileJob(job: FileJob): Promise<number> {
  const { verb, input, output, options } = job;
  using source = await Source.open(verb, input);
  let sink: Sink | null = null;
  let pool: RunPool | null = null;
  let interrupted: Promise<never> | null = null;
  using _signals = onEndSignal((signal) => {
    sink?.discard();
    interrupted ??= leave(pool, exitCodeOf(signal));
  });
  try {
    sink = await openSink(output, { verb, source, force: options.force === true });
    const access = await reachNode(options.instance, sessionBytes);
    pool = await RunPool.open(access.session);
    const report = await runOn(access, pool, job, source, sink);
    await pool[Symbol.asyncDispose]();
    await access.close();
    show(report, options.json === true, output === "-");
    return ExitCode.ok;
  } catch (thrown) {
    // What is pulled from under the work makes it fail, which is no news.
    await interrupted;
    sink?.discard();
    await pool?.[Symbol.asyncDispose]();
    if (thrown instanceof ReaderGone) return ExitCode.failed;
    throw thrown;
  }
}

/** Ends the process, after the pool if there is one yet. */
async function leave(pool: RunPool | null, exitCode: number): Promise<never> {
  await pool?.[Symbol.asyncDispose]();
  return Deno.exit(exitCode);
}

/** What `--json` prints. */
interface FileReport extends Omit<FileOutcome, "rawBytes" | "packedBytes" | "details"> {
  readonly command: string;
  readonly input: string;
  readonly output: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Uncompressed bytes per compressed byte. */
  readonly ratio: number;
  readonly seconds: number;
  readonly pool: string;
  readonly tasks: number;
  readonly lanesUsed: number;
  readonly lanes: readonly LaneWork[];
  readonly node: "attached" | "embedded";
  readonly nodePid: number;
  readonly transport: string;
  readonly transportReason: string;
}

async function runOn(
  { session, attached }: NodeAccess,
  pool: RunPool,
  { verb, work, output }: FileJob,
  source: Source,
  sink: Sink,
): Promise<FileReport> {
  const { client } = pool;
  const providers = await pool.providers(); // A task too, and none of those that are counted.
  const counters = await PoolCounters.begin(session, client.poolId);
  const label = oneLine(`${verb} ${source.name}`);
  const progress = new Progress(label, source.sizeBytes, output === "-");
  const { lanes } = counters;
  const outcome = await work({ session, client, lanes, providers, source, sink, progress })
    .finally(() => progress.clear());
  await sink.finish();
  const { seconds } = progress;
  const counted = await counters.end();
  return {
    command: verb,
    input: source.name,
    output: sink.name,
    codec: outcome.codec,
    provider: outcome.provider,
    bytesIn: source.bytesRead,
    bytesOut: sink.bytesWritten,
    ratio: outcome.packedBytes === 0 ? 0 : outcome.rawBytes / outcome.packedBytes,
    seconds,
    ...outcome.details,
    pool: pool.name,
    tasks: counted.tasks,
    lanesUsed: counted.lanes.length,
    lanes: counted.lanes,
    node: attached ? "attached" : "embedded",
    nodePid: session.nodePid,
    transport: session.transport,
    transportReason: session.reason,
  };
}

/** The result goes to standard output, unless the data itself does. */
function show(report: FileReport, json: boolean, dataOnStdout: boolean): void {
  const text = json ? JSON.stringify(report) : describe(report);
  if (json && !dataOnStdout) printLine(text);
  else console.error(text);
}

function describe(report: FileReport): string {
  const { input, output, bytesIn, bytesOut, ratio, seconds, codec, provider } = report;
  const rawBytes = Math.max(bytesIn, bytesOut);
  const { tasks, lanesUsed, node, transport } = report;
  const isEmpty = ratio === 0; // No bytes have no rate either.
  const gain = isEmpty ? "empty" : `${ratio.toFixed(2)}:1`;
  const rate = isEmpty ? "" : `${formatRate(rawBytes, seconds)}, `;
  return `${oneLine(input)} -> ${oneLine(output)}: ${formatSize(bytesIn)} -> ${
    formatSize(bytesOut)
  }, ` +
    `${gain} by ${codec} (${provider}), ${rate}` +
    `${plural(tasks, "task")} on ${plural(lanesUsed, "lane")} (${node}, ${transport})`;
}
