/**
 * `chimaera serve`: one node, until it is stopped.
 *
 * Standard output gets one line, when the node can be connected to. What the node is made of, and
 * what goes wrong in it, is told on standard error.
 */

import { LIMITS } from "../sdk/mod.ts";
import {
  Instance,
  type LostWorker,
  type Node,
  type NodeOptions,
  type Stall,
  startNode,
} from "../sdk/node.ts";
import { holderText } from "../runtime/observe/mod.ts";
import { ffiAvailable, packaging, VERSION } from "../runtime/platform/mod.ts";
import {
  type CliCommand,
  type CommonOptions,
  ExitCode,
  instanceOption,
  usageError,
  wholeNumber,
} from "./command.ts";
import { type ChimaeraError } from "../runtime/errors.ts";
import { backingText } from "./backing_text.ts";
import { printLine } from "./output.ts";
import { formatDuration, formatSize, parseSize } from "./quantity.ts";
import { RepoWatch } from "./serving/repo_watch.ts";
import type { TypeWatch } from "./serving/type_watch.ts";
import { reposToServe } from "./serving/known_repos.ts";
import { exitCodeOf, onEndSignal } from "./signals.ts";

const MEMORY_BYTES_MIN = 64 << 20;
/** What people write for the most that there is; a segment ends one page before. */
const MEMORY_BYTES_MAX = 4 * 1024 ** 3;

/** A day. */
const SECONDS_MAX = 86_400;

interface ServeOptions extends CommonOptions {
  readonly instance: string;
  readonly workers?: number;
  readonly memory?: number;
  readonly stallAbandon?: number;
  readonly repo?: readonly string[];
  readonly watch?: boolean;
}

export const serve: CliCommand<ServeOptions> = {
  define: (command) =>
    instanceOption(command)
      .option(
        "--workers <n>",
        "worker threads (default: one per processor, at least 2 and at most 64)",
        wholeNumber("--workers", 1, LIMITS.workersMax),
      )
      .option(
        "--memory <size>",
        "the node's own memory (default: 1 GiB, or an eighth of the machine's if that is less)",
        parseSize("--memory", MEMORY_BYTES_MIN, MEMORY_BYTES_MAX),
      )
      .option(
        "--stall-abandon <seconds>",
        "give a worker up when one handler has held it so many seconds: its tasks fail, a new thread takes " +
          "its lanes (default: never)",
        wholeNumber("--stall-abandon", 2, SECONDS_MAX),
      )
      .option(
        "--repo <dir>",
        "load the modules of a repo; may be given several times (default: the repo around this " +
          "folder, else ./mods; those of `chimaera repo add` come besides)",
        // Without a default of its own: commander would show it.
        (dir: string, before: readonly string[] = []) => [...before, dir],
      )
      .option("--watch", "have changes in the repos go live as they are saved"),
  example: "serve --workers 4 --repo ./my_mods --watch",

  async run(_args, options) {
    const gone = (folder: string) => warn(`${folder} was added and is no module repo any more`);
    const repos = reposToServe(options.repo ?? [], Deno.cwd(), gone);
    const instance = Instance.claim(options.instance);
    // From here on a signal finds somebody who cleans up.
    const asked = signalled(instance);
    const failures: ChimaeraError[] = [];
    let node: Node;
    try {
      node = await start(instance, options, repos, failures);
    } catch (thrown) {
      instance.release();
      throw thrown;
    }
    let watch: Watches | null = null;
    try {
      console.error(banner(node, instance, repos));
      for (const error of failures) console.error(error.format());
      if (options.watch === true) watch = await watchRepos(node, repos);
      printLine(readyLine(node, instance, options.json === true));
      const why = await Promise.race([asked, node.stopAsked.then(() => "asked by a client")]);
      console.error(`stopping: ${why}`);
    } finally {
      // An upgrade under way ends with the node.
      const watched = watch?.repos.close();
      await watch?.types.close();
      await node.close();
      await watched;
    }
    return ExitCode.ok;
  },
};

interface Watches {
  readonly repos: RepoWatch;
  readonly types: TypeWatch;
}

/** Has what is saved in the repos go live. Throws CHI-1001 when there are none. */
async function watchRepos(node: Node, repos: readonly string[]): Promise<Watches> {
  if (repos.length === 0) {
    throw usageError("serve --watch", "there is no repo to watch", "name one with --repo");
  }
  const say = (text: string) => console.error(text);
  const { TypeWatch } = await import("./serving/type_watch.ts");
  const types = new TypeWatch(say);
  const watch = new RepoWatch({ node, repos, say, onChange: types.check });
  repos.forEach(types.check);
  return { repos: watch, types };
}

async function start(
  instance: Instance,
  options: ServeOptions,
  repos: readonly string[],
  failures: ChimaeraError[],
): Promise<Node> {
  const chosen: { -readonly [K in keyof NodeOptions]: NodeOptions[K] } = {};
  if (options.workers !== undefined) chosen.workers = options.workers;
  if (options.memory !== undefined) {
    chosen.memoryBytes = Math.min(options.memory, LIMITS.segmentBytesMax);
  }
  if (options.stallAbandon !== undefined) chosen.stallAbandonMs = options.stallAbandon * 1000;
  return await startNode({
    ...chosen,
    instance,
    repos,
    onModuleFailed: (error) => void failures.push(error),
    onRenewalFailed: (error) => warn(error.message),
    onStall: (stall) => warn(stallText(stall)),
    onWorkerLost: (lost) => warn(lossText(lost)),
  });
}

/** What is said of a handler that holds its worker. */
export function stallText(stall: Stall): string {
  return `worker ${stall.worker} is held by ${holderText(stall)} ` +
    `for ${formatDuration(stall.forMs)} now; its other tasks wait`;
}

/** What is said of a worker that another has replaced. */
export function lossText({ worker, isStuck, why }: LostWorker): string {
  return `worker ${worker} is lost and replaced${isStuck ? "; its thread runs on" : ""}: ${why}`;
}

function warn(text: string): void {
  console.error(`warning: ${text}`);
}

/** Resolves when a signal asks to end. A second one ends the process at once. */
function signalled(instance: Instance): Promise<string> {
  let asked = false;
  return new Promise((resolve) => {
    onEndSignal((signal) => {
      if (asked) {
        instance.release();
        Deno.exit(exitCodeOf(signal));
      }
      asked = true;
      resolve(`${signal}; once more ends it at once`);
    });
  });
}

function readyLine(node: Node, instance: Instance, json: boolean): string {
  const { name, folder } = instance.paths;
  if (!json) return `ready: instance ${name}, pid ${Deno.pid}`;
  return JSON.stringify({
    ready: true,
    instance: name,
    pid: Deno.pid,
    folder,
    workers: node.workers,
    takenOver: instance.takenOver,
  });
}

function banner(node: Node, instance: Instance, repos: readonly string[]): string {
  const { name, folder } = instance.paths;
  const modules = node.modules.libNames.join(", ");
  const lines = [
    ["instance", `${name}, in ${folder}`],
    ["process", `pid ${Deno.pid}, Deno ${Deno.version.deno}, ${packaging()}`],
    ["memory", `${formatSize(node.segment.sizeBytes)}, ${backingText(node.segment.backing)}`],
    ["workers", `${node.workers}, on ${navigator.hardwareConcurrency} processors`],
    ["repos", ["chimaera, built in", ...repos].join("; ")],
    ["modules", modules],
    ["ffi", ffiAvailable() ? "available" : "denied: clients connect over the socket only"],
  ];
  const takenOver = instance.takenOver
    ? "note: a node of this name had died; its place was taken over\n"
    : "";
  const stop = name === "default" ? "chimaera stop" : `chimaera stop --instance ${name}`;
  return `${takenOver}chimaera ${VERSION}\n` +
    lines.map(([what, text]) => `  ${what!.padEnd(10)}${text}\n`).join("") +
    `stop it with \`${stop}\` or Ctrl-C`;
}
